//! The tokens a role may present as its password: only their hashes are kept, in memory and on disk.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::random::{digest, hex};

/// Most unexpired tokens one role can hold; the one that expires first makes room.
const MOST_PER_ROLE: usize = 1000;

/// One issued token.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct TokenRecord {
    /// SHA-256 of role and token, in hexadecimal
    sha256: String,
    expires: Timestamp,
}

/// All tokens of one Lakebase instance, by role.
#[derive(Debug, Default)]
pub(crate) struct TokenStore {
    by_role: Mutex<BTreeMap<String, Vec<TokenRecord>>>,
}

impl TokenStore {
    /// The tokens as [`TokenStore::export`] gave them.
    pub(crate) fn import(by_role: BTreeMap<String, Vec<TokenRecord>>) -> TokenStore {
        TokenStore { by_role: Mutex::new(by_role) }
    }

    /// What has to be written down.
    pub(crate) fn export(&self) -> BTreeMap<String, Vec<TokenRecord>> {
        self.lock().clone()
    }

    /// Remembers a token and forgets the expired ones; gives the latest expiry of the role's tokens.
    pub(crate) fn add(&self, role: &str, token: &str, expires: Timestamp, now: Timestamp) -> Timestamp {
        let mut by_role = self.lock();
        for records in by_role.values_mut() {
            records.retain(|record| record.expires > now);
        }
        by_role.retain(|name, records| name == role || !records.is_empty());
        let records = by_role.entry(role.to_owned()).or_default();
        records.push(TokenRecord { sha256: hash(role, token), expires });
        records.sort_by_key(|record| record.expires);
        let surplus = records.len().saturating_sub(MOST_PER_ROLE);
        records.drain(..surplus);
        records.last().map_or(expires, |record| record.expires)
    }

    /// Whether `token` was issued to `role` and has not expired.
    pub(crate) fn is_valid(&self, role: &str, token: &str, now: Timestamp) -> bool {
        let presented = hash(role, token);
        let by_role = self.lock();
        let mut valid = false;
        for record in by_role.get(role).map(Vec::as_slice).unwrap_or_default() {
            let same: bool = record.sha256.as_bytes().ct_eq(presented.as_bytes()).into();
            valid |= same && record.expires > now;
        }
        valid
    }

    /// Ends all tokens: no session opens with them any more.
    pub(crate) fn expire_all(&self) {
        self.lock().clear();
    }

    /// Forgets a role.
    pub(crate) fn forget(&self, role: &str) {
        self.lock().remove(role);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<TokenRecord>>> {
        self.by_role.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(role: &str, token: &str) -> String {
    hex(&digest(&[role.as_bytes(), token.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn several_tokens_are_valid_until_each_expires() {
        let store = TokenStore::default();
        assert_eq!(store.add("a", "one", at(10), at(0)), at(10));
        assert_eq!(store.add("a", "two", at(5), at(0)), at(10), "the latest expiry counts");
        assert!(store.is_valid("a", "one", at(4)) && store.is_valid("a", "two", at(4)));
        assert!(store.is_valid("a", "one", at(5)) && !store.is_valid("a", "two", at(5)));
        assert!(!store.is_valid("a", "one", at(10)));
    }

    #[test]
    fn a_token_belongs_to_its_role() {
        let store = TokenStore::default();
        store.add("a", "token", at(10), at(0));
        assert!(!store.is_valid("b", "token", at(1)));
        assert!(!store.is_valid("a", "", at(1)));
        store.forget("a");
        assert!(!store.is_valid("a", "token", at(1)));
    }

    #[test]
    fn the_store_is_bounded_and_holds_no_token() {
        let store = TokenStore::default();
        for i in 0..(MOST_PER_ROLE + 5) {
            store.add("a", &format!("token-{i}"), at(1000) + SignedDuration::from_secs(i as i64), at(0));
        }
        let exported = store.export();
        assert_eq!(exported["a"].len(), MOST_PER_ROLE);
        assert!(!serde_json::to_string(&exported).unwrap().contains("token-"));
        assert!(!format!("{store:?}").contains("token-"));
        assert!(TokenStore::import(exported).is_valid("a", "token-7", at(1)));
    }
}
