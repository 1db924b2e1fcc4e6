//! Requests as no HTTP library would send them.

use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::ui::Ui;

const DEADLINE: Duration = Duration::from_secs(20);

/// An answer, as it came.
#[derive(Debug)]
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    /// Head and body.
    pub(crate) text: String,
}

impl Ui {
    /// Sends a request line and headers as they are, closed by the session's cookie and `Connection: close`.
    pub(crate) async fn raw(&self, request_line: &str, headers: &[&str]) -> anyhow::Result<RawAnswer> {
        let cookie = format!("Cookie: {}", self.cookie);
        let lines = [request_line].into_iter().chain(headers.iter().copied());
        let lines: Vec<&str> = lines.chain([cookie.as_str(), "Connection: close", "", ""]).collect();
        self.send(lines.join("\r\n").as_bytes()).await
    }

    async fn send(&self, request: &[u8]) -> anyhow::Result<RawAnswer> {
        let exchange = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
            stream.write_all(request).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            anyhow::Ok(String::from_utf8_lossy(&answer).into_owned())
        };
        let text = tokio::time::timeout(DEADLINE, exchange).await.context("no answer in time")??;
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(RawAnswer { status: status.with_context(|| format!("no status in {text:?}"))?, text })
    }
}
