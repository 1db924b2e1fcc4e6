//! What the page learns from the server behind it, if there is one: `tellr ui`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use databricks::Response;
use databricks::apps::App;
use deployer_wasm::Engine;
use deployer_wasm::engine::LogSource;
use deployer_wasm::schema::RelayedSchema;
use gloo_net::http::Request;
use leptos::prelude::{document, window};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use crate::bridge::Bridge;
use crate::embedding::Embedding;
use crate::problem::Problem;
use crate::server::Server;
use crate::source::Offered;

/// How long the server may take to say who it is.
const INTRODUCTION: Duration = Duration::from_secs(30);
/// How long it may take to read an app's log.
const LOG: Duration = Duration::from_secs(60);

/// What `tellr ui` says of itself and its sign-in, and the way to it. It never says the token.
#[derive(Clone)]
pub(crate) struct Context {
    said: Said,
    server: Server,
}

#[derive(Clone, Deserialize)]
struct Said {
    host: String,
    user_name: String,
    #[serde(default)]
    origin: Option<String>,
    /// Who can prepare the schema: `engine` where it reaches Postgres.
    #[serde(default)]
    schema_setup: String,
    #[serde(default)]
    sources: Vec<Served>,
}

/// A file that `tellr ui` offers.
#[derive(Clone, Deserialize)]
struct Served {
    kind: String,
    file_name: String,
    size: u64,
}

/// The apps' logs, as `tellr ui` reads them.
struct RelayedLogs(Server);

#[derive(Deserialize)]
struct Lines {
    lines: Vec<String>,
}

#[derive(Deserialize)]
struct Refused {
    message: String,
}

#[async_trait(?Send)]
impl LogSource for RelayedLogs {
    async fn tail(&self, app: &App, lines: usize) -> Result<Vec<String>, String> {
        let response = self.0.get(&format!("/tellr/logs/{}?lines={lines}", app.name), LOG).await?;
        if response.status.is_success() {
            let read: Lines = serde_json::from_slice(&response.body).map_err(|error| error.to_string())?;
            return Ok(read.lines);
        }
        let refused = serde_json::from_slice::<Refused>(&response.body);
        Err(refused.map_or_else(|_| format!("status {}", response.status), |refused| refused.message))
    }
}

#[derive(Serialize)]
struct Opening<'a> {
    secret: &'a str,
}

impl Context {
    /// The workspace's address.
    pub(crate) fn host(&self) -> &str {
        &self.said.host
    }

    /// Who is signed in.
    pub(crate) fn user_name(&self) -> &str {
        &self.said.user_name
    }

    /// The machine that `tellr ui` runs on.
    pub(crate) fn machine(&self) -> Option<&str> {
        self.said.origin.as_deref()
    }

    /// Takes the calls to the workspace.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    pub(crate) fn reaches_postgres(&self) -> bool {
        self.said.schema_setup == "engine"
    }

    /// Gives an engine what only `tellr ui` can do: the schema step and the apps' logs.
    #[expect(
        clippy::arc_with_non_send_sync,
        reason = "the engine's types for both targets; a browser has one thread"
    )]
    pub(crate) fn equip(&self, engine: Engine) -> Engine {
        let schema = RelayedSchema::new(self.host(), Arc::new(self.server.clone()));
        engine.with_schema_port(Arc::new(schema)).with_logs(Arc::new(RelayedLogs(self.server.clone())))
    }

    /// The files that it offers.
    pub(crate) fn sources(&self) -> Vec<Offered> {
        let offered = |(index, served): (usize, &Served)| Offered {
            is_wheel: served.kind == "wheel",
            file_name: served.file_name.clone(),
            size: Some(served.size),
            path: format!("/tellr/source/{index}"),
            server: self.server.clone(),
        };
        self.said.sources.iter().enumerate().map(offered).collect()
    }
}

/// Where the page was opened from, for people.
pub(crate) fn origin() -> String {
    match window().location().origin() {
        // what a frame without an origin of its own says
        Ok(origin) if origin != "null" => origin,
        _ => "a notebook's output".into(),
    }
}

/// Finds the server behind this page and asks it who it is; nothing if there is none. Where the page's address holds a
/// secret, it opens the session, and leaves the address bar at once.
pub(crate) async fn enter() -> Result<Option<Context>, Problem> {
    let server = match Embedding::read() {
        Some(embedding) if embedding.bridge => Some(Server::Bridge(Bridge::open().await?.into())),
        Some(_) => None,
        None => Server::of_this_page(),
    };
    let Some(server) = server else { return Ok(None) };
    if let (Server::Folder(folder), Some(secret)) = (&server, take_secret()) {
        open_session(folder, &secret).await?;
    }
    match (server.get("/tellr/context", INTRODUCTION).await, &server) {
        (Ok(response), _) => introduced(&response, server),
        // a page that no server of ours has served
        (Err(_), Server::Folder(_)) => Ok(None),
        (Err(reason), Server::Bridge(_)) => {
            Err(Problem::plain("The notebook's kernel does not answer", reason)
                .advise("a kernel that works on another cell answers afterwards; else run this cell again"))
        }
    }
}

fn introduced(response: &Response, server: Server) -> Result<Option<Context>, Problem> {
    let kind = response.headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_json = kind.is_some_and(|kind| kind.starts_with("application/json"));
    match response.status.as_u16() {
        200 if is_json => match serde_json::from_slice(&response.body) {
            Ok(said) => Ok(Some(Context { said, server })),
            Err(error) => Err(Problem::plain(
                "`tellr ui` and this page do not understand each other",
                error.to_string(),
            )),
        },
        401 | 403 if is_json => Err(Problem::plain(
            "This window is not signed in to `tellr ui`",
            "the page was opened without the secret that `tellr ui` has printed as part of its address"
                .into(),
        )
        .advise("open the whole address that `tellr ui` printed")),
        _ => Ok(None),
    }
}

async fn open_session(folder: &str, secret: &str) -> Result<(), Problem> {
    let refused = |words: String| {
        Problem::plain("`tellr ui` did not let this window in", words)
            .advise("start `tellr ui` again and open its address")
    };
    let request = Request::post(&format!("{folder}/session")).json(&Opening { secret });
    let request = request.map_err(|error| refused(error.to_string()))?;
    let response = request.send().await.map_err(|error| refused(error.to_string()))?;
    if response.ok() { Ok(()) } else { Err(refused(format!("it answered {}", response.status()))) }
}

fn take_secret() -> Option<String> {
    let hash = window().location().hash().ok()?;
    let secret = hash.strip_prefix("#secret=")?.to_owned();
    let title = document().title();
    if let Ok(history) = window().history() {
        // cannot fail for the page's own path
        _ = history.replace_state_with_url(
            &JsValue::NULL,
            &title,
            window().location().pathname().ok().as_deref(),
        );
    }
    Some(secret)
}

/// Whether somebody answers at `host`, whatever they say.
pub(crate) async fn answers(host: &str) -> bool {
    let asked = Request::get(host).mode(web_sys::RequestMode::NoCors).send();
    let late = gloo_timers::future::sleep(Duration::from_secs(10));
    futures::pin_mut!(asked, late);
    matches!(futures::future::select(asked, late).await, futures::future::Either::Left((Ok(_), _)))
}
