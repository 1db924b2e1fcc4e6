//! `GET /tellr/logs/{app}?lines=N`: the end of an app's log.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use databricks::apps::App;
use deployer_wasm::engine::LogSource as _;
use deployer_wasm::spec::AppName;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::server::Server;
use crate::logs::AppLogs;

const DEFAULT_LINES: usize = 100;
const MOST_LINES: usize = 2000;

/// `{"lines": […]}`, the latest last.
pub(super) async fn tail(
    State(server): State<Arc<Server>>,
    Path(app): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let name = AppName::parse(&app).map_err(Refusal::malformed)?;
    let lines = match query.as_deref().unwrap_or_default() {
        "" => DEFAULT_LINES,
        query => {
            let lines = query.strip_prefix("lines=").and_then(|lines| lines.parse().ok());
            lines
                .filter(|lines| *lines <= MOST_LINES)
                .ok_or_else(|| Refusal::malformed(format!("`lines` must be a number up to {MOST_LINES}")))?
        }
    };
    let app = App { name: name.to_string(), ..App::default() };
    match AppLogs(server.client.clone()).tail(&app, lines).await {
        Ok(lines) => Ok(Json(json!({ "lines": lines }))),
        Err(reason) => Err(Refusal::new(StatusCode::FAILED_DEPENDENCY, "NO_LOG", reason)),
    }
}
