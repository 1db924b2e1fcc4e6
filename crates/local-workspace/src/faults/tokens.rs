//! Tokens that a rule has made worthless.

use sha2::{Digest, Sha256};

use super::board::Faults;

impl Faults {
    /// `token` is worth nothing from now on, until `rule` is taken away.
    pub(super) fn revoke(&self, token: &str, rule: &str) {
        self.lock().revoked.insert(digest(token), rule.to_owned());
    }

    /// Whether a rule has made `token` worthless.
    pub(crate) fn is_revoked(&self, token: &str) -> bool {
        let board = self.lock();
        !board.revoked.is_empty() && board.revoked.contains_key(&digest(token))
    }
}

fn digest(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
