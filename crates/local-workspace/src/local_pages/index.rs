//! The front page.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::page::{escape, page};
use crate::workspace::Workspace;

/// Says what this is, and which apps there are.
pub(super) async fn show(State(workspace): State<Arc<Workspace>>) -> Response {
    let apps: Vec<(String, String)> = workspace
        .store
        .read(|records| records.apps.values().map(|app| (app.name.clone(), app.url())).collect());
    let mut body = String::from(
        "<p>This server answers the Databricks REST calls that a deployment of Tellr needs, runs deployed apps, and \
         keeps their databases in real PostgreSQL servers. Nothing here leaves this machine.</p><h2>Apps</h2>",
    );
    if apps.is_empty() {
        body.push_str("<p>None yet.</p>");
    } else {
        body.push_str("<ul>");
        for (name, url) in apps {
            // writing to a String cannot fail
            let _ = write!(body, "<li><a href=\"{}\">{}</a></li>", escape(&url), escape(&name));
        }
        body.push_str("</ul>");
    }
    page("Local workspace", &body)
}
