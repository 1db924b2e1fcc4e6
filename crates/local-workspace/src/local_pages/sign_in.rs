//! The sign-in of browsers to an app: the workspace token once, then a one-time code for the app's proxy.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::page::{escape, page};
use crate::auth::{AuthorizeQuery, approve, require_user, same_origin_path};
use crate::rest::{ApiError, ApiJson, ApiQuery};
use crate::workspace::Workspace;

#[derive(Deserialize)]
pub(super) struct Target {
    #[serde(default)]
    app: String,
    next: Option<String>,
}

/// Asks for the workspace token.
pub(super) async fn form(
    State(workspace): State<Arc<Workspace>>,
    ApiQuery(target): ApiQuery<Target>,
) -> Response {
    show_form(&workspace, &target, None)
}

fn show_form(workspace: &Workspace, target: &Target, problem: Option<&str>) -> Response {
    let Some(url) = app_url(workspace, &target.app) else {
        let mut answer = page("No such app", "<p>This workspace has no app of that name.</p>");
        *answer.status_mut() = StatusCode::NOT_FOUND;
        return answer;
    };
    let problem = problem.map(|text| format!("<p class=\"error\" role=\"alert\">{}</p>", escape(text)));
    let body = format!(
        "<p>The app <code>{app}</code> at <code>{url}</code> wants to know who you are.</p>{problem}\
         <form method=\"post\" action=\"/local/sign-in\">\
         <input type=\"hidden\" name=\"app\" value=\"{app}\"><input type=\"hidden\" name=\"next\" value=\"{next}\">\
         <label for=\"token\">Token of this local workspace (the program prints it when it starts)</label>\
         <input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"off\" required autofocus>\
         <button>Sign in</button></form>",
        app = escape(&target.app),
        url = escape(&url),
        next = escape(same_origin_path(target.next.as_deref())),
        problem = problem.unwrap_or_default(),
    );
    page("Sign in", &body)
}

#[derive(Deserialize)]
pub(super) struct Submission {
    #[serde(default)]
    token: String,
    #[serde(flatten)]
    target: Target,
}

/// Checks the token and sends the browser to the app with a code.
///
/// A page of another origin may post here, but it does not know the token.
pub(super) async fn submit(
    State(workspace): State<Arc<Workspace>>,
    Form(submission): Form<Submission>,
) -> Response {
    let user = workspace.store.read(|records| records.identity.user_with(&submission.token));
    let Some(user) = user else {
        let mut answer =
            show_form(&workspace, &submission.target, Some("That is not the token of this workspace."));
        if answer.status().is_success() {
            *answer.status_mut() = StatusCode::FORBIDDEN;
        }
        return answer;
    };
    match callback(&workspace, &submission.target, &user) {
        Some(url) => ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&url)).into_response(),
        None => show_form(&workspace, &submission.target, None),
    }
}

/// What a link is asked for: an app, or a sign-in that a program has begun.
#[derive(Deserialize)]
pub(super) struct LinkBody {
    /// A URL of `/oidc/v1/authorize` of this workspace.
    authorize_url: Option<String>,
    #[serde(flatten)]
    target: Target,
}

/// A link that opens an app signed in, or that tells a program that the user agrees, once: `{"url", "expires_in"}`.
pub(super) async fn link(
    State(workspace): State<Arc<Workspace>>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<LinkBody>,
) -> Result<Json<Value>, ApiError> {
    let caller = require_user(&workspace, &headers)?;
    let url = match &body.authorize_url {
        Some(url) => agree(&workspace, url, &caller.name)?,
        None => callback(&workspace, &body.target, &caller.name).ok_or_else(|| {
            let message = format!("App with name {} does not exist or is deleted.", body.target.app);
            ApiError::not_found(message)
        })?,
    };
    Ok(Json(json!({"url": url, "expires_in": crate::auth::CODE_LIFETIME.as_secs()})))
}

/// Agrees for the user to what a program asks at `authorize_url`; gives where the program is told.
fn agree(workspace: &Workspace, authorize_url: &str, user: &str) -> Result<String, ApiError> {
    let prefix = format!("{}/oidc/v1/authorize?", workspace.host);
    let query = authorize_url
        .strip_prefix(&prefix)
        .ok_or_else(|| ApiError::invalid_parameter(format!("authorize_url must begin with {prefix}")))?;
    let query: AuthorizeQuery = http::Uri::builder()
        .path_and_query(format!("/?{query}"))
        .build()
        .ok()
        .and_then(|uri| Query::try_from_uri(&uri).ok())
        .map(|Query(query)| query)
        .ok_or_else(|| ApiError::invalid_parameter("authorize_url has no readable query"))?;
    approve(workspace, &query, user).map_err(|error| ApiError::invalid_parameter(error.to_string()))
}

fn callback(workspace: &Workspace, target: &Target, user: &str) -> Option<String> {
    let url = app_url(workspace, &target.app)?;
    let code = workspace.sign_ins.issue_code(&target.app, user);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("code", &code)
        .append_pair("next", same_origin_path(target.next.as_deref()))
        .finish();
    Some(format!("{url}/.local/callback?{query}"))
}

fn app_url(workspace: &Workspace, app: &str) -> Option<String> {
    workspace.store.read(|records| records.apps.get(app).map(crate::apps::record::AppRecord::url))
}
