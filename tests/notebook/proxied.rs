//! The page behind a proxy that shows it below a path, as the driver proxy of a cluster does.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use system_tests::{LocalWorkspace, Settings, binaries, rest};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;

use crate::person::Person;

const PATH: &str = "/driver-proxy/o/1/c-2/";
const START_DEADLINE: Duration = Duration::from_secs(30);
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Whether the proxy takes its part of the path off.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    TakesItOff,
    LeavesItOn,
}

/// Passes on what comes below [`PATH`] and a port to that port, with the host that the browser named.
async fn pass_on(State(manner): State<Manner>, request: Request) -> Response {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let Some((port, rest)) = path.strip_prefix(PATH).and_then(|path| path.split_once('/')) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let inner = if manner == Manner::TakesItOff { format!("/{rest}") } else { path.clone() };
    let url = format!("http://127.0.0.1:{port}{inner}");
    let (head, body) = request.into_parts();
    let body = to_bytes(body, BODY_LIMIT).await.unwrap();
    let mut headers = head.headers;
    headers.remove(header::CONTENT_LENGTH);
    let call = rest::client().unwrap().request(head.method, url).headers(headers).body(body);
    let answer = call.send().await.unwrap();
    let mut passed = Response::new(Body::empty());
    *passed.status_mut() = answer.status();
    *passed.headers_mut() = answer.headers().clone();
    passed.headers_mut().remove(header::TRANSFER_ENCODING);
    *passed.body_mut() = Body::from(answer.bytes().await.unwrap());
    passed
}

async fn behind_a_proxy(manner: Manner) -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() })?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}{PATH}{{port}}/", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, Router::new().fallback(pass_on).with_state(manner)).into_future());
    binaries::deployer_page()?;
    let mut command = workspace.command(binaries::tellr()?.as_os_str())?;
    command.args(["ui", "--no-browser", "--json", "--behind", &address]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("no server")?;
    let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
    let said = tokio::time::timeout(START_DEADLINE, lines.next_line()).await.context("it says nothing")??;
    let said: Value = serde_json::from_str(&said.context("it has ended")?)?;
    let address = said["behind"].as_str().context("no address behind the proxy")?;

    let person = Person::at(address, 1280, 900).await?;
    person.heading("What shall be done?").await?;
    person.shows("Tellr is not deployed in this workspace yet").await?;
    person.press("New deployment").await?;
    person.heading("New deployment").await?;
    person.press("Show the plan").await?;
    person.heading("The plan").await?;
    let secret = address.split_once("#secret=").context("no secret")?.1;
    for (place, content) in person.everything_kept().await? {
        ensure!(!content.contains(secret), "the secret is in {place}");
    }
    person.leave().await
}

#[tokio::test]
async fn the_page_works_below_a_path_that_the_proxy_takes_off() {
    behind_a_proxy(Manner::TakesItOff).await.unwrap();
}

#[tokio::test]
async fn the_page_works_below_a_path_that_the_proxy_leaves_on() {
    behind_a_proxy(Manner::LeavesItOn).await.unwrap();
}
