//! What the page learns from where it was opened: from `tellr ui`, if that serves it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use databricks::FetchTransport;
use databricks::apps::App;
use deployer_wasm::Engine;
use deployer_wasm::engine::LogSource;
use deployer_wasm::schema::RelayedSchema;
use gloo_net::http::Request;
use leptos::prelude::{document, window};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use crate::problem::Problem;
use crate::source::Offered;

/// What `tellr ui` says of itself and its sign-in. It never says the token.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Context {
    /// The workspace's address.
    pub(crate) host: String,
    /// Who is signed in.
    pub(crate) user_name: String,
    /// The machine it runs on.
    #[serde(default)]
    pub(crate) origin: Option<String>,
    /// Who can prepare the schema: `engine` where it reaches Postgres.
    #[serde(default)]
    schema_setup: String,
    /// Files that it offers as sources of the app.
    #[serde(default)]
    sources: Vec<Served>,
}

/// A file that `tellr ui` offers.
#[derive(Clone, Debug, Deserialize)]
struct Served {
    kind: String,
    file_name: String,
    size: u64,
}

/// The apps' logs, as `tellr ui` reads them.
struct RelayedLogs;

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
        let address = format!("/tellr/logs/{}?lines={lines}", app.name);
        let response = Request::get(&address).send().await.map_err(|error| error.to_string())?;
        if response.ok() {
            let read: Lines = response.json().await.map_err(|error| error.to_string())?;
            return Ok(read.lines);
        }
        let status = response.status();
        Err(response
            .json::<Refused>()
            .await
            .map_or_else(|_| format!("status {status}"), |refused| refused.message))
    }
}

#[derive(Serialize)]
struct Opening<'a> {
    secret: &'a str,
}

impl Context {
    pub(crate) fn reaches_postgres(&self) -> bool {
        self.schema_setup == "engine"
    }

    /// Gives an engine what only `tellr ui` can do: the schema step and the apps' logs.
    #[expect(
        clippy::arc_with_non_send_sync,
        reason = "the engine's types for both targets; a browser has one thread"
    )]
    pub(crate) fn equip(&self, engine: Engine) -> Engine {
        let schema = RelayedSchema::new(origin(), Arc::new(FetchTransport::new()));
        engine.with_schema_port(Arc::new(schema)).with_logs(Arc::new(RelayedLogs))
    }

    /// The files that it offers.
    pub(crate) fn sources(&self) -> Vec<Offered> {
        let offered = |(index, served): (usize, &Served)| Offered {
            is_wheel: served.kind == "wheel",
            file_name: served.file_name.clone(),
            size: Some(served.size),
            address: format!("/tellr/source/{index}"),
        };
        self.sources.iter().enumerate().map(offered).collect()
    }
}

/// Where the page was opened from.
pub(crate) fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// Turns the secret of the address into a session with `tellr ui` and asks it who it is; nothing if the page is served by
/// somebody else. The secret leaves the address bar at once.
pub(crate) async fn enter() -> Result<Option<Context>, Problem> {
    if let Some(secret) = take_secret() {
        open_session(&secret).await?;
    }
    let Ok(response) = Request::get("/tellr/context").send().await else { return Ok(None) };
    let is_json =
        response.headers().get("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    match response.status() {
        200 if is_json => match response.json().await {
            Ok(context) => Ok(Some(context)),
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

async fn open_session(secret: &str) -> Result<(), Problem> {
    let refused = |words: String| {
        Problem::plain("`tellr ui` did not let this window in", words)
            .advise("start `tellr ui` again and open its address")
    };
    let request =
        Request::post("/session").json(&Opening { secret }).map_err(|error| refused(error.to_string()))?;
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
