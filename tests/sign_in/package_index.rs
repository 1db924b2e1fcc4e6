//! A package index that has what a test says.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Serves the simple API for `databricks-tellr-app` and `databricks-tellr`, each with these versions; gives its address.
pub(crate) async fn serve(versions: &'static [&'static str]) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/simple", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&request[..length]).into_owned();
            let package = head.split('/').nth(2).unwrap_or_default().to_owned();
            let file = package.replace('-', "_");
            let links: String = versions
                .iter()
                .map(|version| format!("<a href=\"x\">{file}-{version}-py3-none-any.whl</a>"))
                .collect();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{links}",
                links.len()
            );
            // the client's own errors tell enough
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    Ok(address)
}
