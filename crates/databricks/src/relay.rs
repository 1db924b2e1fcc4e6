//! Passing on the calls of a page that holds no token: only those that the deploy engine makes, only to the client's own
//! host, signed here, and without what is secret in their answers.

#[cfg(not(target_arch = "wasm32"))]
mod answer;
#[cfg(not(target_arch = "wasm32"))]
mod credential;
mod resource;
#[cfg(not(target_arch = "wasm32"))]
mod route;
#[cfg(not(target_arch = "wasm32"))]
mod routes;

pub use resource::DatabaseResource;
#[cfg(not(target_arch = "wasm32"))]
pub use route::{RelayRoute, RelayedCall};

#[cfg(not(target_arch = "wasm32"))]
use crate::{
    call::Call,
    client::Client,
    credential::DatabaseCredential,
    error::{ApiError, Error, ErrorClass},
    transport::Response,
};

/// What came of a relayed call.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug)]
pub struct Relayed {
    /// The answer for the page: the platform's, or one in its form that says why there is none. It holds no token and
    /// only headers that say something about its body.
    pub answer: Response,
    /// The database credential that was taken out of the answer.
    pub credential: Option<(DatabaseResource, DatabaseCredential)>,
}

#[cfg(not(target_arch = "wasm32"))]
impl Client {
    /// Sends a call once, signed; whoever asked decides whether to try again. A token that was refused is renewed once. No
    /// redirect is followed. A failure is an answer too: 503 where another attempt may succeed, 401 where nobody is signed
    /// in any more.
    pub async fn relay(&self, call: &RelayedCall) -> Relayed {
        let outcome = if call.is_anonymous() {
            let signature = self.anonymous(None);
            let request = call.call().request(self, &signature);
            self.dispatch(request, self.options().retry_budget).await.map_err(Error::from)
        } else {
            self.signed_once(call.call()).await
        };
        let plain = |answer| Relayed { answer, credential: None };
        match outcome {
            Err(error) => plain(answer::of_error(&error)),
            Ok(response) if response.status.is_redirection() => {
                let (method, path) = (call.call().method.as_str(), call.call().path.as_str());
                plain(answer::of_redirect(&ApiError::read(method, path, &response)))
            }
            Ok(response) => match call.credential_of() {
                Some(resource) if response.status.is_success() => {
                    match credential::take(&call.call().name(), resource, &response) {
                        Ok((answer, credential)) => {
                            Relayed { answer, credential: Some((resource.clone(), credential)) }
                        }
                        Err(error) => plain(answer::of_error(&error)),
                    }
                }
                _ => plain(answer::of_platform(response)),
            },
        }
    }

    async fn signed_once(&self, call: &Call) -> Result<Response, Error> {
        let budget = self.options().retry_budget;
        let token = self.authenticator().token(self, budget).await?;
        let signature = self.signature(&token, budget).await?;
        let response = self.dispatch(call.request(self, &signature), budget).await?;
        if !is_refused_token(call, &response) || !self.authenticator().renew(&token) {
            return Ok(response);
        }
        let token = self.authenticator().token(self, budget).await?;
        let signature = self.signature(&token, budget).await?;
        Ok(self.dispatch(call.request(self, &signature), budget).await?)
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn is_refused_token(call: &Call, response: &Response) -> bool {
    let read = || ApiError::read(call.method.as_str(), &call.path, response);
    response.status.is_client_error() && read().class() == ErrorClass::Unauthenticated
}
