//! Meets each request in front of its handler, and keeps a client's end from cutting a handler short.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, header};

use super::board::{Release, Strike};
use super::call::Call;
use super::rule::{Action, Answer, When};
use crate::auth::bearer;
use crate::connection::ConnectionControl;
use crate::records::{Records, reading_from};
use crate::rest::request_log;
use crate::workspace::Workspace;

/// What the rules can meet: the platform's paths, not those that only a local workspace has.
const MET: [&str; 3] = ["/api/", "/oidc/", "/.well-known/"];

/// The middleware. The body of `request` has been received already.
pub(crate) async fn intercept(
    State(workspace): State<Arc<Workspace>>,
    ConnectInfo(connection): ConnectInfo<ConnectionControl>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if !MET.iter().any(|prefix| path.starts_with(prefix)) {
        return next.run(request).await;
    }
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let call = Call::new(request.method().as_str(), path, agent.unwrap_or_default());
    let stale = if request.method() == Method::GET { workspace.faults.stale_records(path) } else { None };
    let Some(strike) = workspace.faults.meet(&call) else {
        return run(&workspace, request, next, stale).await;
    };
    tracing::info!(rule = strike.rule, method = call.method, path = call.path, "a fault rule acts");
    let met = Met { workspace: &workspace, call: &call, connection: &connection, strike };
    let headers = request.headers().clone();
    match met.strike.when {
        When::Before => match met.strike_before(&headers).await {
            Some(answer) => {
                request_log::note(&workspace, request, answer.status()).await;
                answer
            }
            None => run(&workspace, request, next, stale).await,
        },
        When::After => {
            let answer = run(&workspace, request, next, stale).await;
            met.strike_after(&headers, answer).await
        }
    }
}

/// A call that a rule acts on.
struct Met<'a> {
    workspace: &'a Workspace,
    call: &'a Call,
    connection: &'a ConnectionControl,
    strike: Strike,
}

impl Met<'_> {
    /// An answer that keeps the call from its handler, if there is to be one.
    async fn strike_before(&self, headers: &HeaderMap) -> Option<Response> {
        if let Action::Answer(answer) = &self.strike.action {
            return Some(answer.to_response());
        }
        self.disturb(headers).await;
        None
    }

    /// The answer that the client gets; `answer` is the handler's.
    async fn strike_after(&self, headers: &HeaderMap, answer: Response) -> Response {
        if let Action::Answer(answer) = &self.strike.action {
            return answer.to_response();
        }
        self.disturb(headers).await;
        answer
    }

    /// Does what is no answer. Does not return when that ends the connection.
    async fn disturb(&self, headers: &HeaderMap) {
        let faults = &self.workspace.faults;
        match &self.strike.action {
            Action::Answer(_) => {}
            Action::Drop => match self.sever(false).await {},
            Action::Reset => match self.sever(true).await {},
            Action::Delay(delay) => tokio::time::sleep(Duration::from_millis(*delay)).await,
            Action::Stale { path, times } => {
                faults.make_stale(path.clone(), *times, self.workspace.store.read(Records::clone));
            }
            Action::ExpireToken => {
                if let Some(token) = bearer(headers) {
                    faults.revoke(token, &self.strike.rule);
                }
            }
            Action::Hold => {
                let release = tokio::select! {
                    release = faults.hold(&self.strike.rule, self.call) => release,
                    () = self.workspace.stopping.cancelled() => Release::Drop,
                };
                if release == Release::Drop {
                    match self.sever(false).await {}
                }
            }
        }
    }

    /// Ends the connection; the server then drops the future that this is called from.
    async fn sever(&self, reset: bool) -> Infallible {
        self.connection.sever(reset);
        std::future::pending().await
    }
}

/// Runs the handler to its end even if the client goes away meanwhile, as the platform does.
async fn run(workspace: &Workspace, request: Request, next: Next, stale: Option<Arc<Records>>) -> Response {
    let answer = next.run(request);
    let task = match stale {
        Some(records) => workspace.tasks.spawn(reading_from(records, answer)),
        None => workspace.tasks.spawn(answer),
    };
    match task.await {
        Ok(answer) => answer,
        Err(error) => match error.try_into_panic() {
            // for the layer that answers for panics
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => crate::rest::ApiError::internal(error.to_string()).into_response(),
        },
    }
}

impl Answer {
    fn to_response(&self) -> Response {
        let mut response = self.status.into_response();
        if !self.body.is_null() {
            *response.body_mut() = self.body.to_string().into();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        response.headers_mut().extend(self.headers.clone());
        response
    }
}
