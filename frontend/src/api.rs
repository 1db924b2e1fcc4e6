//! Asks the runtime.

use gloo_net::http::{Request, Response};
use serde::de::DeserializeOwned;
use tellr_api::{CurrentUser, ErrorBody, Health, Readiness};
use web_sys::AbortSignal;

/// The server gives up on its database after two seconds; nothing else takes long.
const DEADLINE_MS: u32 = 15_000;

/// What is running.
pub(crate) async fn health() -> Result<Health, String> {
    read(get("/api/health").await?).await
}

/// Who is signed in.
pub(crate) async fn current_user() -> Result<CurrentUser, String> {
    read(get("/api/user/current").await?).await
}

/// Whether the database works. "It doesn't" (503) is an answer like any other.
pub(crate) async fn readiness() -> Result<Readiness, String> {
    let response = get("/api/health/ready").await?;
    if response.status() == 503 {
        return response.json().await.map_err(|_| unexpected(&response));
    }
    read(response).await
}

async fn get(path: &str) -> Result<Response, String> {
    let deadline = AbortSignal::timeout_with_u32(DEADLINE_MS);
    let answer =
        Request::get(path).header("accept", "application/json").abort_signal(Some(&deadline)).send().await;
    answer.map_err(|_| {
        if deadline.aborted() {
            format!("The server did not answer within {} seconds.", DEADLINE_MS / 1000)
        } else {
            // a session that ended looks the same from here: the sign-in page is on another address
            "The server can't be reached. Reload the page; you may have to sign in again.".to_owned()
        }
    })
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, String> {
    if response.ok() {
        return response.json().await.map_err(|_| unexpected(&response));
    }
    match response.json::<ErrorBody>().await {
        Ok(error) => Err(error.detail),
        Err(_) => Err(unexpected(&response)),
    }
}

fn unexpected(response: &Response) -> String {
    format!("The server gave an answer that this page can't read (HTTP {}).", response.status())
}
