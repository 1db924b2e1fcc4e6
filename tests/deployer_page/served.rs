//! Two ways to serve the page: as plain files, and by `tellr ui`.

use std::path::{Component, Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use system_tests::{LocalWorkspace, binaries};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Child;

const START_DEADLINE: Duration = Duration::from_secs(30);

/// Somebody's web server, with the page in a folder of its own.
pub(crate) struct StaticSite {
    pub(crate) address: String,
}

impl StaticSite {
    /// Serves until the test ends.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}/tools/tellr/", listener.local_addr()?);
        let router = Router::new().fallback(file).with_state(binaries::deployer_page()?);
        tokio::spawn(axum::serve(listener, router).into_future());
        Ok(Self { address })
    }
}

async fn file(State(folder): State<PathBuf>, request: Request) -> Response {
    let Some(name) = request.uri().path().strip_prefix("/tools/tellr/") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let name = Path::new(if name.is_empty() { "index.html" } else { name });
    if !name.components().all(|part| matches!(part, Component::Normal(_))) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let kind = match name.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    };
    match tokio::fs::read(folder.join(name)).await {
        Ok(content) => ([(header::CONTENT_TYPE, kind)], content).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A running `tellr ui`. It is killed when this is dropped.
pub(crate) struct TellrUi {
    pub(crate) address: String,
    _child: Child,
}

impl TellrUi {
    /// Starts it, signed in as the workspace's user.
    pub(crate) async fn start(workspace: &LocalWorkspace) -> anyhow::Result<Self> {
        // the command shows what lies in the page's folder, or what was built into it
        binaries::deployer_page()?;
        let mut command = workspace.command(binaries::tellr()?.as_os_str())?;
        command.args(["ui", "--no-browser"]).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("`tellr ui` cannot be started")?;
        let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
        let address = async {
            loop {
                match lines.next_line().await? {
                    Some(line) if line.starts_with("http://") => return Ok(line),
                    Some(_) => {}
                    None => bail!("`tellr ui` ended without an address"),
                }
            }
        };
        let address =
            tokio::time::timeout(START_DEADLINE, address).await.context("`tellr ui` prints no address")??;
        Ok(Self { address, _child: child })
    }
}
