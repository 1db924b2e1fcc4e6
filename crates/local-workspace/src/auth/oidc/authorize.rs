//! The page where a person agrees that a program on their machine acts for them.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::authorization::{AuthorizeQuery, Refused, Unredirectable};
use crate::local_pages::{escape, page};
use crate::rest::ApiQuery;
use crate::workspace::Workspace;

/// Asks for the workspace token.
pub(super) async fn form(ApiQuery(query): ApiQuery<AuthorizeQuery>) -> Response {
    match query.check() {
        Ok(_) => show_form(&query, None),
        Err(refused) => refuse(refused),
    }
}

fn show_form(query: &AuthorizeQuery, problem: Option<&str>) -> Response {
    let problem = problem.map(|text| format!("<p class=\"error\" role=\"alert\">{}</p>", escape(text)));
    let hidden: String = [
        ("response_type", &query.response_type),
        ("client_id", &query.client_id),
        ("redirect_uri", &query.redirect_uri),
        ("scope", &query.scope),
        ("state", &query.state),
        ("code_challenge", &query.code_challenge),
        ("code_challenge_method", &query.code_challenge_method),
    ]
    .iter()
    .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value)))
    .collect();
    let body = format!(
        "<p>The program <code>{client}</code> on this machine wants to act for you, with the rights \
         <code>{scope}</code>. It listens at <code>{redirect}</code>.</p>{problem}\
         <form method=\"post\" action=\"/oidc/v1/authorize\">{hidden}\
         <label for=\"token\">Token of this local workspace (it was printed at its start)</label>\
         <input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"off\" required autofocus>\
         <button>Agree</button></form>",
        client = escape(&query.client_id),
        scope = escape(&query.scope),
        redirect = escape(&query.redirect_uri),
        problem = problem.unwrap_or_default(),
    );
    page("Sign in", &body)
}

#[derive(Deserialize)]
pub(super) struct Submission {
    #[serde(default)]
    token: String,
    #[serde(flatten)]
    query: AuthorizeQuery,
}

/// Checks the token and sends the browser to the program with a code.
///
/// A page of another origin may post here, but it does not know the token.
pub(super) async fn submit(
    State(workspace): State<Arc<Workspace>>,
    Form(submission): Form<Submission>,
) -> Response {
    let user = workspace.store.read(|records| records.identity.user_with(&submission.token));
    // what is wrong with the request comes before what is wrong with the token
    if let Err(refused) = submission.query.check() {
        return refuse(refused);
    }
    let Some(user) = user else {
        let mut answer = show_form(&submission.query, Some("That is not the token of this workspace."));
        *answer.status_mut() = StatusCode::FORBIDDEN;
        return answer;
    };
    match approve(&workspace, &submission.query, &user) {
        Ok(url) => redirect(&url),
        Err(unredirectable) => refuse(Refused::Here(unredirectable)),
    }
}

/// The URL at which the client gets its answer when `user` agrees: a code, or what was wrong with its request.
///
/// # Errors
/// If nothing may be sent to where the client wants it.
pub(crate) fn approve(
    workspace: &Workspace,
    query: &AuthorizeQuery,
    user: &str,
) -> Result<String, Unredirectable> {
    match query.check() {
        Ok(authorization) => {
            let code = workspace.person_grants.issue_code(user, authorization.clone());
            Ok(authorization.redirect(&code))
        }
        Err(Refused::There(url)) => Ok(url),
        Err(Refused::Here(unredirectable)) => Err(unredirectable),
    }
}

fn refuse(refused: Refused) -> Response {
    match refused {
        Refused::There(url) => redirect(&url),
        Refused::Here(unredirectable) => {
            let mut answer =
                page("Sign-in refused", &format!("<p>{}</p>", escape(&unredirectable.to_string())));
            *answer.status_mut() = StatusCode::BAD_REQUEST;
            answer
        }
    }
}

fn redirect(url: &str) -> Response {
    let mut answer = Redirect::to(url).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}
