//! What a proxy asks about a caller; the answers are the workspace's.

use async_trait::async_trait;

/// What a request to an app came with; it has no `Debug`, because it is a secret.
pub(crate) enum AppCredential {
    /// the token of `Authorization: Bearer`
    Bearer(String),
    /// the session that the sign-in left in a cookie
    Session(String),
}

/// Who is behind a request, as the app is told.
pub(crate) struct AppCaller {
    /// `X-Forwarded-Email`
    pub(crate) email: String,
    /// `X-Forwarded-Preferred-Username`
    pub(crate) user_name: String,
    /// `X-Forwarded-User`
    pub(crate) user_id: String,
    /// `X-Forwarded-Access-Token`, if the app has user scopes
    pub(crate) forward_token: Option<String>,
}

/// Why a caller may not pass.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum AuthenticationFailure {
    /// no valid credential: sign in first
    Missing,
    /// known, but this app is not for them
    Forbidden,
}

/// Decides who may use one app.
#[async_trait]
pub(crate) trait Authenticate: Send + Sync {
    /// Who `credential` belongs to.
    async fn authenticate(&self, credential: AppCredential) -> Result<AppCaller, AuthenticationFailure>;
    /// Exchanges the one-time code of a sign-in for a session; `None` if it is unknown, used or too old.
    async fn redeem(&self, code: &str) -> Option<String>;
    /// Where a browser signs in before it comes back to `next`, a path of the app.
    fn sign_in_url(&self, next: &str) -> String;
}
