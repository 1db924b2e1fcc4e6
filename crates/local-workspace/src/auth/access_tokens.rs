//! OAuth access tokens: signed, with an expiry, valid across restarts.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::hmac;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::secret::Secret;

/// The scope of a token that may call everything.
pub(crate) const ALL_APIS: &str = "all-apis";

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// User name or client id.
    pub(crate) sub: String,
    /// Scopes, separated by spaces.
    pub(crate) scope: String,
    iss: String,
    jti: String,
    iat: i64,
    /// Seconds since the epoch, rounded up.
    exp: i64,
    /// Milliseconds since the epoch: lifetimes here may be a few seconds, and rounding would take one of them.
    exp_ms: i64,
    /// Milliseconds since the epoch.
    #[serde(default)]
    iat_ms: i64,
}

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenRefused {
    /// It is not one of ours.
    Invalid,
    /// It was one of ours.
    Expired,
}

/// Mints and checks access tokens (JWTs with HMAC-SHA256).
pub(crate) struct AccessTokens {
    key: hmac::Key,
    issuer: String,
    ttl: Duration,
    /// Tokens up to this moment (milliseconds since the epoch) have been ended.
    ended_ms: AtomicI64,
}

impl AccessTokens {
    /// Tokens signed with `key` that live for `ttl`.
    pub(crate) fn new(key: &Secret, host: &str, ttl: Duration) -> AccessTokens {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
        AccessTokens { key, issuer: format!("{host}/oidc"), ttl, ended_ms: AtomicI64::new(i64::MIN) }
    }

    /// A token for `subject` with `scope`, and the seconds it lives, rounded up.
    pub(crate) fn mint(&self, subject: &str, scope: &str) -> (String, i64) {
        let now = Timestamp::now();
        // a token of the same millisecond as the end of all others is after it
        let iat_ms = now.as_millisecond().max(self.ended_ms.load(Ordering::SeqCst).saturating_add(1));
        let lifetime_ms = i64::try_from(self.ttl.as_millis()).unwrap_or(i64::MAX);
        let exp_ms = now.as_millisecond().saturating_add(lifetime_ms);
        let claims = Claims {
            sub: subject.to_owned(),
            scope: scope.to_owned(),
            iss: self.issuer.clone(),
            jti: Uuid::new_v4().to_string(),
            iat: now.as_second(),
            exp: exp_ms.saturating_add(999) / 1000,
            exp_ms,
            iat_ms,
        };
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let payload = serde_json::json!(claims).to_string();
        let signed = format!("{}.{}", encode(br#"{"alg":"HS256","typ":"JWT"}"#), encode(payload.as_bytes()));
        let signature = hmac::sign(&self.key, signed.as_bytes());
        (format!("{signed}.{}", encode(signature.as_ref())), lifetime_ms.saturating_add(999) / 1000)
    }

    /// What `token` says, if it is one of ours and has not expired.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, TokenRefused> {
        let claims = self.read(token).ok_or(TokenRefused::Invalid)?;
        let ended = claims.iat_ms <= self.ended_ms.load(Ordering::SeqCst);
        if ended || Timestamp::now().as_millisecond() >= claims.exp_ms {
            Err(TokenRefused::Expired)
        } else {
            Ok(claims)
        }
    }

    /// Ends all tokens so far, until the workspace is started again.
    pub(crate) fn expire_all(&self) {
        self.ended_ms.fetch_max(Timestamp::now().as_millisecond(), Ordering::SeqCst);
    }

    fn read(&self, token: &str) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.key, signed.as_bytes(), &signature).ok()?;
        let (_, payload) = signed.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tokens(ttl: Duration) -> AccessTokens {
        AccessTokens::new(&Secret::random("k"), "http://127.0.0.1:1", ttl)
    }

    #[test]
    fn a_token_is_valid_until_it_expires() -> Result<(), TokenRefused> {
        let tokens = tokens(Duration::from_secs(60));
        let (token, lifetime) = tokens.mint("somebody", ALL_APIS);
        assert_eq!(lifetime, 60);
        assert_eq!(tokens.verify(&token)?.sub, "somebody");
        Ok(())
    }

    #[test]
    fn a_token_without_lifetime_has_expired() {
        let tokens = tokens(Duration::ZERO);
        let (token, _) = tokens.mint("somebody", ALL_APIS);
        assert_eq!(tokens.verify(&token).err(), Some(TokenRefused::Expired));
    }

    #[test]
    fn all_tokens_can_be_ended_and_new_ones_are_good() {
        let tokens = tokens(Duration::from_secs(60));
        let (before, _) = tokens.mint("somebody", ALL_APIS);
        tokens.expire_all();
        let (after, _) = tokens.mint("somebody", ALL_APIS);
        assert_eq!(tokens.verify(&before).err(), Some(TokenRefused::Expired));
        assert!(tokens.verify(&after).is_ok());
    }

    #[test]
    fn another_key_does_not_open_it() {
        let (token, _) = tokens(Duration::from_secs(60)).mint("somebody", ALL_APIS);
        assert_eq!(tokens(Duration::from_secs(60)).verify(&token).err(), Some(TokenRefused::Invalid));
    }

    proptest! {
        #[test]
        fn a_changed_token_is_invalid(at in 0usize..400, with in "[A-Za-z0-9._-]") {
            let tokens = tokens(Duration::from_secs(60));
            let (token, _) = tokens.mint("somebody", ALL_APIS);
            let at = at % token.len();
            let changed = format!("{}{with}{}", &token[..at], &token[at + 1..]);
            // the last character of a base64 text may carry unused bits: strict decoding refuses those, too
            prop_assume!(changed != token);
            prop_assert_eq!(tokens.verify(&changed).err(), Some(TokenRefused::Invalid));
        }
    }
}
