//! Signing a call, sending it, judging the answer.

use std::time::Duration;

use futures::future::{Either, select};
use futures::pin_mut;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::call::Call;
use crate::client::{Client, HostMetadata};
use crate::config::Credentials;
use crate::error::{ApiError, AuthError, DecodeError, Error, ErrorClass};
use crate::retry::Failed;
use crate::secret::Secret;
use crate::transport::{Request, Response, TransportError, TransportErrorKind};
use crate::wire::WireValue;

const WORKSPACE_ID: HeaderName = HeaderName::from_static("x-databricks-workspace-id");
/// Uploads get more time: a second for each of this many bytes.
const UPLOAD_BYTES_PER_SECOND: usize = 64 * 1024;

impl Client {
    /// Sends a call and reads the JSON of its answer.
    pub(crate) async fn json<T: WireValue>(&self, call: Call) -> Result<T, Error> {
        let name = call.name();
        let response = self.send(call).await?;
        decode(&name, &response.body)
    }

    /// Sends a call whose answer says nothing.
    pub(crate) async fn done(&self, call: Call) -> Result<(), Error> {
        self.send(call).await.map(drop)
    }

    /// Sends a call, signed and with retries. A token that was refused is renewed once, in case it has just expired.
    pub(crate) async fn send(&self, call: Call) -> Result<Response, Error> {
        let budget =
            call.budget.map_or(self.options().retry_budget, |most| most.min(self.options().retry_budget));
        let started = self.clock().elapsed();
        let left = || budget.saturating_sub(self.clock().elapsed().saturating_sub(started));
        let token = self.authenticator().token(self, left()).await?;
        let signature = self.signature(&token, left()).await?;
        match self.retrying(&call, &signature, left()).await {
            Err(Error::Api(refused)) if is_refused_token(&refused) && self.authenticator().renew(&token) => {
                tracing::debug!(call = %call.name(), "the access token was refused; trying once with a new one");
                let token = self.authenticator().token(self, left()).await?;
                let signature = self.signature(&token, left()).await?;
                let outcome = self.retrying(&call, &signature, left()).await;
                // attempts before the refusal may have taken effect all the same
                outcome.map_err(|error| error.after_attempts(refused.after_retry))
            }
            outcome => outcome,
        }
    }

    /// The headers that say who calls. A browser gets only what it needs: further headers would widen what the server
    /// must allow to pages of other origins.
    pub(crate) async fn signature(&self, token: &Secret, budget: Duration) -> Result<HeaderMap, Error> {
        let mut headers = self.anonymous(Some(self.config().credentials.auth_type()));
        if self.config().credentials != Credentials::Relay {
            let bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()));
            let mut bearer = bearer.map_err(|_| AuthError::UnsendableToken)?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let configured = self.config().workspace_id.clone();
        let workspace_id = match configured {
            None if cfg!(not(target_arch = "wasm32")) => self.metadata(budget).await?.workspace_id,
            configured => configured,
        };
        if let Some(id) = workspace_id.filter(|id| !id.is_empty())
            && let Ok(id) = HeaderValue::try_from(id)
        {
            headers.insert(WORKSPACE_ID, id);
        }
        Ok(headers)
    }

    /// The headers of every call: natively the program's name. Browsers do not let pages set it.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn anonymous(&self, auth_type: Option<&str>) -> HeaderMap {
        let product = &self.options().product;
        let clean =
            |text: &str| text.replace(|c: char| !(c.is_ascii_alphanumeric() || "_.+-".contains(c)), "-");
        let mut agent = format!(
            "{}/{} databricks-rust/{} os/{}",
            clean(&product.name),
            clean(&product.version),
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS
        );
        if let Some(auth_type) = auth_type {
            agent.push_str(" auth/");
            agent.push_str(auth_type);
        }
        HeaderValue::try_from(agent)
            .map(|agent| HeaderMap::from_iter([(http::header::USER_AGENT, agent)]))
            .unwrap_or_default()
    }

    /// The headers of every call: natively the program's name. Browsers do not let pages set it.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn anonymous(&self, _auth_type: Option<&str>) -> HeaderMap {
        HeaderMap::new()
    }

    /// Asks the host to describe itself. Nobody needs to be signed in for that.
    pub(crate) async fn fetch_metadata(&self, budget: Duration) -> Result<HostMetadata, Error> {
        let call = Call::get("/.well-known/databricks-config").accept_any();
        let response = self.retrying(&call, &self.anonymous(None), budget).await?;
        decode(&call.name(), &response.body)
    }

    /// One attempt: sends and judges.
    pub(crate) async fn attempt(
        &self,
        call: &Call,
        signature: &HeaderMap,
        left: Duration,
    ) -> Result<Response, Failed> {
        let response = self.dispatch(call.request(self, signature), left).await?;
        judge(call, response)
    }

    /// One exchange, cut off when it takes too long.
    pub(crate) async fn dispatch(
        &self,
        request: Request,
        left: Duration,
    ) -> Result<Response, TransportError> {
        let upload = Duration::from_secs((request.body.len() / UPLOAD_BYTES_PER_SECOND) as u64);
        let limit = (self.options().request_timeout + upload).min(left);
        let late = TransportError::new(
            TransportErrorKind::Timeout,
            &request,
            format!("gave up after {} s", limit.as_secs()),
        );
        let (answer, expiry) = (self.transport().send(request), self.clock().expire(limit));
        pin_mut!(answer, expiry);
        match select(answer, expiry).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(late),
        }
    }
}

/// Expired, revoked, or unknown for another reason.
fn is_refused_token(error: &ApiError) -> bool {
    error.class() == ErrorClass::Unauthenticated
}

fn judge(call: &Call, response: Response) -> Result<Response, Failed> {
    let (method, path) = (call.method.as_str(), call.path.as_str());
    if !response.status.is_success() {
        return Err(Failed::of_answer(ApiError::read(method, path, &response), &response));
    }
    let content_type = response.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    if call.wants_json() && content_type.starts_with("text/html") {
        return Err(Failed::of_answer(ApiError::web_page(method, path, &response), &response));
    }
    Ok(response)
}

/// Reads JSON; an empty answer counts as an empty object.
pub(crate) fn decode<T: WireValue>(call: &str, body: &[u8]) -> Result<T, Error> {
    T::read(value_of(call, body)?).map_err(|reason| DecodeError::new(call, reason).into())
}

/// The part of it that is the same for every type.
fn value_of(call: &str, body: &[u8]) -> Result<Value, Error> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| DecodeError::new(call, error.to_string()).into())
}
