//! The file in which the official command-line tool keeps the tokens of people: `~/.databricks/token-cache.json`.
//!
//! Format, version 1: `{"version": 1, "tokens": {"<key>": {"access_token", "token_type", "refresh_token", "expiry"}}}`.
//! A key is the name of a profile, or the address of a workspace for who signed in without one (and, for older SDKs, as a
//! copy beside the profile's entry). Newer versions of the tool may keep tokens in the machine's keyring instead; those
//! are not seen here.

mod file;
mod lock;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::error::AuthError;
use crate::secret::Secret;
pub(crate) use lock::CacheLock;

/// Where tokens of people are kept on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenCache {
    path: PathBuf,
}

/// A token of a person as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedToken {
    /// What calls carry.
    pub access_token: Secret,
    /// What gets the next access token; absent when the sign-in was not meant to last.
    pub refresh_token: Option<Secret>,
    /// When the access token stops being accepted; `None` when it never does.
    pub expiry: Option<Timestamp>,
}

impl TokenCache {
    /// The cache of the person whose home folder this is.
    pub fn in_home(home: &Path) -> Self {
        Self { path: home.join(".databricks").join("token-cache.json") }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The first of `keys` that there is a token for.
    pub fn find(&self, keys: &[String]) -> Result<Option<CachedToken>, AuthError> {
        let Some(tokens) = self.tokens()? else { return Ok(None) };
        Ok(keys.iter().find_map(|key| tokens.get(key)).and_then(CachedToken::read))
    }

    /// Keeps `token` under each of `keys`. Waits up to `patience` for another program that is writing.
    pub async fn store(
        &self,
        keys: &[String],
        token: &CachedToken,
        patience: std::time::Duration,
    ) -> Result<(), AuthError> {
        let _lock = self.lock(patience).await?;
        let mut tokens = self.tokens()?.unwrap_or_default();
        for key in keys {
            write_entry(&mut tokens, key, token);
        }
        self.write(&tokens)
    }

    /// Forgets the tokens of `keys`, and copies of them under other keys. Whether there were any.
    pub async fn remove(&self, keys: &[String], patience: std::time::Duration) -> Result<bool, AuthError> {
        if self.tokens()?.is_none() {
            return Ok(false);
        }
        let _lock = self.lock(patience).await?;
        let mut tokens = self.tokens()?.unwrap_or_default();
        let before = tokens.len();
        let gone: Vec<CachedToken> =
            keys.iter().filter_map(|key| tokens.get(key).and_then(CachedToken::read)).collect();
        tokens.retain(|key, entry| {
            let is_copy = CachedToken::read(entry).is_some_and(|entry| gone.contains(&entry));
            !keys.contains(key) && !is_copy
        });
        if tokens.len() == before {
            return Ok(false);
        }
        self.write(&tokens)?;
        Ok(true)
    }

    /// Puts `new` wherever `old` was: a refresh token that was used may be dead, so that no copy of it may stay. The
    /// caller holds the lock.
    pub(crate) fn replace(&self, old: &CachedToken, new: &CachedToken) -> Result<(), AuthError> {
        let mut tokens = self.tokens()?.unwrap_or_default();
        let same = |entry: &Value| CachedToken::read(entry).is_some_and(|entry| entry == *old);
        let keys: Vec<String> =
            tokens.iter().filter(|(_, entry)| same(entry)).map(|(key, _)| key.clone()).collect();
        for key in &keys {
            write_entry(&mut tokens, key, new);
        }
        self.write(&tokens)
    }

    /// Keeps other programs from renewing tokens until it is dropped.
    pub(crate) async fn lock(&self, patience: std::time::Duration) -> Result<CacheLock, AuthError> {
        file::make_folder(&self.path).map_err(|reason| self.broken(reason))?;
        CacheLock::take(&self.path.with_extension("lock"), patience)
            .await
            .map_err(|reason| self.broken(reason))
    }

    fn tokens(&self) -> Result<Option<Map<String, Value>>, AuthError> {
        let text = file::read(&self.path).map_err(|reason| self.broken(reason))?;
        text.map(|text| read_tokens(&text)).transpose().map_err(|reason| self.broken(reason))
    }

    fn write(&self, tokens: &Map<String, Value>) -> Result<(), AuthError> {
        let content = serde_json::json!({"version": VERSION, "tokens": tokens});
        let text = serde_json::to_string_pretty(&content).map_err(|error| self.broken(error.to_string()))?;
        file::write_privately(&self.path, text.as_bytes()).map_err(|reason| self.broken(reason))
    }

    fn broken(&self, reason: String) -> AuthError {
        AuthError::TokenCache { path: self.path.clone(), reason }
    }
}

const VERSION: u64 = 1;

fn read_tokens(text: &str) -> Result<Map<String, Value>, String> {
    let mut content: Map<String, Value> = serde_json::from_str(text)
        .map_err(|error| format!("it is not the JSON that is expected: {error}"))?;
    match content.get("version").and_then(Value::as_u64) {
        Some(VERSION) => {}
        Some(other) => return Err(format!("it has format {other}, and this program knows format {VERSION}")),
        None => return Err("it does not say its format".to_owned()),
    }
    match content.remove("tokens") {
        Some(Value::Object(tokens)) => Ok(tokens),
        None | Some(Value::Null) => Ok(Map::new()),
        Some(_) => Err("its `tokens` is not an object".to_owned()),
    }
}

impl CachedToken {
    /// Reads an entry; one without an access token is none.
    fn read(entry: &Value) -> Option<Self> {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        Some(Self {
            access_token: Secret::new(text("access_token")?),
            refresh_token: text("refresh_token").map(Secret::new),
            // an expiry that cannot be read makes the token one to be renewed, not one for ever
            expiry: match text("expiry") {
                None => None,
                Some(text) if text.starts_with("0001-01-01T00:00:00") => None,
                Some(text) => Some(text.parse().unwrap_or(Timestamp::UNIX_EPOCH)),
            },
        })
    }
}

/// Sets what a token consists of and leaves what else the entry may hold.
fn write_entry(tokens: &mut Map<String, Value>, key: &str, token: &CachedToken) {
    let entry = tokens.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !entry.is_object() {
        *entry = Value::Object(Map::new());
    }
    let Some(fields) = entry.as_object_mut() else { return };
    fields.insert("access_token".to_owned(), token.access_token.expose().into());
    fields.insert("token_type".to_owned(), "Bearer".into());
    let optional = [
        ("refresh_token", token.refresh_token.as_ref().map(|secret| secret.expose().to_owned())),
        ("expiry", token.expiry.map(|expiry| expiry.to_string())),
    ];
    for (name, value) in optional {
        match value {
            Some(value) => _ = fields.insert(name.to_owned(), value.into()),
            None => _ = fields.remove(name),
        }
    }
    // the official tool notes a relative lifetime in some versions; it would contradict the new expiry
    fields.remove("expires_in");
}

#[cfg(test)]
mod tests;
