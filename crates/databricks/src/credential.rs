//! The short-lived password for a Lakebase database.

use jiff::Timestamp;
use serde_json::Value;

use crate::error::{DecodeError, Error};
use crate::secret::Secret;
use crate::wire::{Fields, WireValue};

/// A password for Postgres and the moment it stops being accepted for new connections (about an hour ahead; open
/// connections outlive it).
#[derive(Clone, Debug)]
pub struct DatabaseCredential {
    /// The password; the role is the caller's user name or service principal client id.
    pub token: Secret,
    /// When it expires.
    pub expires: Timestamp,
}

/// The two kinds of Lakebase differ in the name of one field.
pub(crate) struct WireCredential {
    token: Option<Secret>,
    expiration_time: Option<String>,
}

impl WireValue for WireCredential {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of(value)?;
        let (expire, expiration) = (fields.take("expire_time")?, fields.take("expiration_time")?);
        Ok(Self { token: fields.take("token")?, expiration_time: Option::or(expiration, expire) })
    }
}

impl WireCredential {
    pub(crate) fn into_credential(self, call: &str) -> Result<DatabaseCredential, Error> {
        let decode_error = |reason: String| Error::Decode(DecodeError::new(call, reason));
        let missing = |field| decode_error(format!("the answer has no `{field}`"));
        let expires = self.expiration_time.ok_or_else(|| missing("expiration_time"))?;
        Ok(DatabaseCredential {
            token: self.token.ok_or_else(|| missing("token"))?,
            expires: expires.parse().map_err(|_| decode_error(format!("{expires:?} is no moment")))?,
        })
    }
}
