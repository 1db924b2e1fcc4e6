//! Browser sign-ins to apps: one-time codes and the sessions they become.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::secret::Secret;

/// How long a code may lie between the sign-in page and the app's proxy.
pub(crate) const CODE_LIFETIME: Duration = Duration::from_secs(600);
const SESSION_LIFETIME: Duration = Duration::from_secs(12 * 3600);
/// More than one person and their test browsers ever need; the oldest go first.
const MAX_GRANTS: usize = 1000;

#[derive(Debug, Clone)]
struct Grant {
    app: String,
    user: String,
    expires: Instant,
}

#[derive(Debug, Default)]
struct Grants {
    codes: HashMap<String, Grant>,
    sessions: HashMap<String, Grant>,
}

/// The codes and sessions of this run; a restart ends them.
#[derive(Debug, Default)]
pub(crate) struct SignIns(Mutex<Grants>);

impl SignIns {
    /// A code with which `user` may open `app` once.
    pub(crate) fn issue_code(&self, app: &str, user: &str) -> String {
        let mut grants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let grant =
            Grant { app: app.to_owned(), user: user.to_owned(), expires: Instant::now() + CODE_LIFETIME };
        insert(&mut grants.codes, grant)
    }

    /// Turns a code for `app` into a session; a code works once, and only for its app.
    pub(crate) fn redeem(&self, app: &str, code: &str) -> Option<String> {
        let mut grants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let grant = grants.codes.remove(code)?;
        if grant.app != app || grant.expires <= Instant::now() {
            return None;
        }
        let session = Grant { expires: Instant::now() + SESSION_LIFETIME, ..grant };
        Some(insert(&mut grants.sessions, session))
    }

    /// The user behind a session of `app`.
    pub(crate) fn user_of(&self, app: &str, session: &str) -> Option<String> {
        let grants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let grant = grants.sessions.get(session)?;
        (grant.app == app && grant.expires > Instant::now()).then(|| grant.user.clone())
    }
}

fn insert(grants: &mut HashMap<String, Grant>, grant: Grant) -> String {
    let now = Instant::now();
    grants.retain(|_, grant| grant.expires > now);
    while grants.len() >= MAX_GRANTS {
        let Some(oldest) = grants.iter().min_by_key(|(_, grant)| grant.expires).map(|(key, _)| key.clone())
        else {
            break;
        };
        grants.remove(&oldest);
    }
    let key = Secret::random("").expose().to_owned();
    grants.insert(key.clone(), grant);
    key
}

/// `next` if it is a path on the same origin, else `/`: a sign-in must not send anyone elsewhere.
pub(crate) fn same_origin_path(next: Option<&str>) -> &str {
    next.filter(|path| {
        path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n', '\t'])
    })
    .unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_works_once_and_for_its_app_only() -> Result<(), &'static str> {
        let sign_ins = SignIns::default();
        let code = sign_ins.issue_code("a", "me");
        let session = sign_ins.redeem("a", &code).ok_or("not redeemed")?;
        assert_eq!(sign_ins.redeem("a", &code), None);
        assert_eq!(sign_ins.user_of("a", &session).as_deref(), Some("me"));
        assert_eq!(sign_ins.user_of("b", &session), None);
        let other = sign_ins.issue_code("a", "me");
        assert_eq!(sign_ins.redeem("b", &other), None);
        assert_eq!(sign_ins.redeem("a", &other), None, "a misused code is spent");
        Ok(())
    }

    #[test]
    fn grants_are_bounded() {
        let sign_ins = SignIns::default();
        for _ in 0..MAX_GRANTS + 10 {
            sign_ins.issue_code("a", "me");
        }
        let grants = sign_ins.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(grants.codes.len(), MAX_GRANTS);
    }

    #[test]
    fn only_paths_are_followed() {
        for (next, expected) in [
            (Some("/deck?x=1"), "/deck?x=1"),
            (Some("//evil.example"), "/"),
            (Some("https://evil.example"), "/"),
            (Some("/\\evil.example"), "/"),
            (None, "/"),
        ] {
            assert_eq!(same_origin_path(next), expected);
        }
    }
}
