//! The short-lived password for a Lakebase database.

use serde::Deserialize;

use crate::error::{DecodeError, Error};
use crate::secret::Secret;

/// A password for Postgres and the moment it stops being accepted for new connections (about an hour ahead; open
/// connections outlive it).
#[derive(Clone, Debug)]
pub struct DatabaseCredential {
    /// The password; the role is the caller's user name or service principal client id.
    pub token: Secret,
    /// When it expires.
    pub expires: jiff::Timestamp,
}

/// The two kinds of Lakebase differ in the name of one field.
#[derive(Deserialize)]
pub(crate) struct WireCredential {
    token: Option<Secret>,
    #[serde(alias = "expire_time")]
    expiration_time: Option<jiff::Timestamp>,
}

impl WireCredential {
    pub(crate) fn into_credential(self, call: &str) -> Result<DatabaseCredential, Error> {
        let missing = |field| Error::Decode(DecodeError::new(call, format!("the answer has no `{field}`")));
        Ok(DatabaseCredential {
            token: self.token.ok_or_else(|| missing("token"))?,
            expires: self.expiration_time.ok_or_else(|| missing("expiration_time"))?,
        })
    }
}
