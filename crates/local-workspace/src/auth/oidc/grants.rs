//! What people have agreed to: one-time codes, and the refresh tokens they become.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::authorization::Authorization;
use super::refusal::Refusal;
use crate::secret::Secret;

/// How long a code may lie at the redirect URI.
pub(crate) const CODE_LIFETIME: Duration = Duration::from_secs(600);
const REFRESH_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
/// More than one person and their tests ever need; the oldest go first.
const MOST: usize = 1000;
/// What a verifier looks like (RFC 7636, 4.1).
const VERIFIER_LENGTH: std::ops::RangeInclusive<usize> = 43..=128;

/// What an access token is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) user: String,
    pub(super) scopes: Vec<String>,
}

#[derive(Debug, Clone)]
struct Code {
    user: String,
    authorization: Authorization,
    expires: Instant,
    /// All refresh tokens that come of it.
    family: Uuid,
    used: bool,
}

#[derive(Debug, Clone)]
struct Refresh {
    client_id: String,
    granted: Granted,
    family: Uuid,
    expires: Instant,
    used: bool,
}

#[derive(Debug, Default)]
struct Grants {
    codes: HashMap<String, Code>,
    /// By digest.
    refreshes: HashMap<String, Refresh>,
}

/// The codes and refresh tokens of this run; a restart ends them.
#[derive(Debug, Default)]
pub(crate) struct PersonGrants(Mutex<Grants>);

impl PersonGrants {
    /// A code by which `user` agrees to `authorization`.
    pub(super) fn issue_code(&self, user: &str, authorization: Authorization) -> String {
        let mut grants = self.lock();
        let now = Instant::now();
        make_room(&mut grants.codes, now, |code| code.expires);
        let key = Secret::random("").expose().to_owned();
        let code = Code {
            user: user.to_owned(),
            authorization,
            expires: now + CODE_LIFETIME,
            family: Uuid::new_v4(),
            used: false,
        };
        grants.codes.insert(key.clone(), code);
        key
    }

    /// Exchanges a code: it works once, for its client, its redirect URI and who knows the verifier. A code that
    /// comes a second time was overheard: what came of it ends.
    pub(super) fn redeem(
        &self,
        code: &str,
        client_id: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<(Granted, String), Refusal> {
        let mut grants = self.lock();
        let unknown = || Refusal::grant("The authorization code is unknown, used or expired");
        let known = grants.codes.get_mut(code).ok_or_else(unknown)?;
        let first = !std::mem::replace(&mut known.used, true);
        let known = known.clone();
        if !first {
            grants.refreshes.retain(|_, refresh| refresh.family != known.family);
            return Err(unknown());
        }
        if known.expires <= Instant::now() {
            return Err(unknown());
        }
        let asked = &known.authorization;
        if asked.client_id != client_id || asked.redirect_uri != redirect_uri {
            return Err(Refusal::grant("The code was issued to another client or redirect URI"));
        }
        if !VERIFIER_LENGTH.contains(&verifier.len()) || !answers(verifier, &asked.challenge) {
            return Err(Refusal::grant("The code verifier does not fit the code challenge"));
        }
        let granted = Granted { user: known.user, scopes: asked.scopes.clone() };
        let token = add_refresh(&mut grants, client_id, &granted, known.family);
        Ok((granted, token))
    }

    /// Exchanges a refresh token for the next one. One that comes a second time was stolen: all of its family end.
    pub(super) fn refresh(&self, token: &str, client_id: &str) -> Result<(Granted, String), Refusal> {
        let mut grants = self.lock();
        let unknown = || Refusal::grant("The refresh token is unknown, used or expired");
        let known = grants.refreshes.get_mut(&digest(token)).ok_or_else(unknown)?;
        if known.client_id != client_id {
            return Err(Refusal::grant("The refresh token was issued to another client"));
        }
        let first = !std::mem::replace(&mut known.used, true);
        let known = known.clone();
        if !first {
            grants.refreshes.retain(|_, refresh| refresh.family != known.family);
            return Err(unknown());
        }
        if known.expires <= Instant::now() {
            return Err(unknown());
        }
        let token = add_refresh(&mut grants, client_id, &known.granted, known.family);
        Ok((known.granted, token))
    }

    fn lock(&self) -> MutexGuard<'_, Grants> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add_refresh(grants: &mut Grants, client_id: &str, granted: &Granted, family: Uuid) -> String {
    let now = Instant::now();
    make_room(&mut grants.refreshes, now, |refresh| refresh.expires);
    let token = Secret::random("dorf").expose().to_owned();
    let refresh = Refresh {
        client_id: client_id.to_owned(),
        granted: granted.clone(),
        family,
        expires: now + REFRESH_LIFETIME,
        used: false,
    };
    grants.refreshes.insert(digest(&token), refresh);
    token
}

fn make_room<T>(kept: &mut HashMap<String, T>, now: Instant, expires: impl Fn(&T) -> Instant) {
    kept.retain(|_, grant| expires(grant) > now);
    while kept.len() >= MOST {
        let oldest = kept.iter().min_by_key(|(_, grant)| expires(grant)).map(|(key, _)| key.clone());
        let Some(oldest) = oldest else { return };
        kept.remove(&oldest);
    }
}

fn answers(verifier: &str, challenge: &[u8]) -> bool {
    Sha256::digest(verifier.as_bytes()).as_slice().ct_eq(challenge).into()
}

fn digest(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::authorization::AuthorizeQuery;
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    const VERIFIER: &str = "0123456789012345678901234567890123456789abc";
    const REDIRECT: &str = "http://localhost:8020";
    const CLIENT: &str = "databricks-cli";

    fn authorization() -> Authorization {
        let query = AuthorizeQuery {
            response_type: "code".to_owned(),
            client_id: CLIENT.to_owned(),
            redirect_uri: REDIRECT.to_owned(),
            scope: "all-apis offline_access".to_owned(),
            code_challenge: URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER)),
            code_challenge_method: "S256".to_owned(),
            ..AuthorizeQuery::default()
        };
        query.check().unwrap()
    }

    #[test]
    fn a_code_works_once_and_for_its_own() {
        let grants = PersonGrants::default();
        for (client, redirect, verifier) in [
            ("other", REDIRECT, VERIFIER),
            (CLIENT, "http://localhost:8021", VERIFIER),
            (CLIENT, REDIRECT, "0123456789012345678901234567890123456789abX"),
            (CLIENT, REDIRECT, ""),
        ] {
            let code = grants.issue_code("me", authorization());
            assert!(grants.redeem(&code, client, redirect, verifier).is_err(), "{client} {redirect}");
            assert!(grants.redeem(&code, CLIENT, REDIRECT, VERIFIER).is_err(), "a misused code is spent");
        }
        assert!(grants.redeem("", CLIENT, REDIRECT, VERIFIER).is_err());
        let code = grants.issue_code("me", authorization());
        let (granted, first) = grants.redeem(&code, CLIENT, REDIRECT, VERIFIER).unwrap();
        assert_eq!(granted.user, "me");
        let (_, second) = grants.refresh(&first, CLIENT).unwrap();
        assert!(grants.redeem(&code, CLIENT, REDIRECT, VERIFIER).is_err());
        assert!(grants.refresh(&second, CLIENT).is_err(), "a code that comes twice ends what came of it");
    }

    #[test]
    fn refresh_tokens_rotate_and_a_stolen_one_ends_its_family() {
        let grants = PersonGrants::default();
        let code = grants.issue_code("me", authorization());
        let (_, first) = grants.redeem(&code, CLIENT, REDIRECT, VERIFIER).unwrap();
        assert!(grants.refresh(&first, "other").is_err());
        let (granted, second) = grants.refresh(&first, CLIENT).unwrap();
        assert_eq!(granted.scopes, ["all-apis", "offline_access"]);
        assert_ne!(first, second);
        let (_, third) = grants.refresh(&second, CLIENT).unwrap();
        assert!(grants.refresh(&first, CLIENT).is_err());
        assert!(grants.refresh(&third, CLIENT).is_err());
    }

    #[test]
    fn grants_are_bounded() {
        let grants = PersonGrants::default();
        for _ in 0..MOST + 5 {
            let code = grants.issue_code("me", authorization());
            grants.redeem(&code, CLIENT, REDIRECT, VERIFIER).unwrap();
        }
        assert_eq!(grants.lock().codes.len(), MOST);
        assert_eq!(grants.lock().refreshes.len(), MOST);
    }
}
