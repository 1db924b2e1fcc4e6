//! A workspace that answers as it likes, and keeps what it was sent.

use std::sync::{Arc, Mutex};

use anyhow::Context;
use system_tests::binaries;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::task::JoinHandle;

use crate::ui::Ui;

/// A token that nobody may see.
pub(crate) const TOKEN: &str = "dapi-the-token-of-the-profile";

/// The workspace. Requests for the caller's identity and the host's description are answered as usual, all others with
/// the given answer.
pub(crate) struct Upstream {
    port: u16,
    received: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl Upstream {
    /// `answer` is a whole answer from `HTTP/1.1` on, without `Content-Length`.
    pub(crate) async fn start(answer: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (answer.to_owned(), received.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // one connection that breaks concerns nobody else
                tokio::spawn(handle(stream, answer.clone(), log.clone()));
            }
        });
        Ok(Self { port, received, accepting })
    }

    /// `tellr ui` for this workspace.
    pub(crate) async fn ui(&self, home: &std::path::Path) -> anyhow::Result<Ui> {
        let mut command = Command::new(binaries::tellr()?);
        command.env_clear().env("HOME", home).env("TELLR_LOG", "trace");
        command
            .env("DATABRICKS_HOST", format!("http://127.0.0.1:{}", self.port))
            .env("DATABRICKS_TOKEN", TOKEN);
        command.args(["ui", "--no-browser", "--no-input"]);
        Ui::run(command).await
    }

    /// Stops listening.
    pub(crate) async fn stop(self) {
        self.accepting.abort();
        // that it was aborted is no news
        _ = self.accepting.await;
    }

    /// The requests so far, but for those that every client begins with.
    pub(crate) fn received(&self) -> Vec<String> {
        let all = self.received.lock().unwrap().clone();
        all.into_iter().filter(|request| usual(request).is_none()).collect()
    }
}

fn usual(request: &str) -> Option<&'static str> {
    let path = request.split(' ').nth(1)?;
    match path {
        "/api/2.0/preview/scim/v2/Me" => Some(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"userName\": \"me@example.com\"}",
        ),
        "/.well-known/databricks-config" => {
            Some("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}")
        }
        _ => None,
    }
}

async fn handle(mut stream: TcpStream, answer: String, log: Arc<Mutex<Vec<String>>>) -> anyhow::Result<()> {
    let request = read(&mut stream).await?;
    let answer = usual(&request).map_or(answer, str::to_owned);
    log.lock().unwrap().push(request);
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer without an end of its head")?;
    let whole = format!("{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    stream.write_all(whole.as_bytes()).await?;
    Ok(())
}

async fn read(stream: &mut TcpStream) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    loop {
        anyhow::ensure!(stream.read_buf(&mut bytes).await? > 0, "the client has gone");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return Ok(text);
        }
    }
}
