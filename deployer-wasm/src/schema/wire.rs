//! The schema operations as JSON, between a page and a relay that can reach Postgres.
//!
//! The page sends `POST <origin>/tellr/schema/<operation>`. It names the database as the platform does; neither the host
//! that is connected to nor a password is for the page to say. The answer to a success is the operation's result, to a
//! failure status 422 with an [`ErrorBody`]; any other status is a refusal of the relay.

use databricks::{DatabaseResource, Secret};
use serde::{Deserialize, Serialize, Serializer};

use super::{ResetDone, SchemaError, SchemaObservation};

/// Where a relay offers the operations, below its origin.
pub const PATH: &str = "/tellr/schema";

/// Which database, and where the page believes it to be: a relay that knows another host for it refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct At {
    /// The database.
    pub database: DatabaseResource,
    /// Its host, as the platform reported it to the page.
    pub host: String,
}

/// An operation with what it needs.
pub trait Operation: Serialize {
    /// Last segment of its path.
    const NAME: &'static str;
    /// What it does, as in "failed to …".
    const WORDS: &'static str;
}

macro_rules! operations {
    ($($(#[$meta:meta])* $operation:ident = $name:literal, $words:literal {
        $($(#[$attribute:meta])* $field:ident: $kind:ty),* $(,)?
    })*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Debug, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $operation {
                /// The database.
                pub at: At,
                $($(#[$attribute])* pub $field: $kind,)*
            }

            impl Operation for $operation {
                const NAME: &'static str = $name;
                const WORDS: &'static str = $words;
            }
        )*
    };
}

operations! {
    /// [`super::SchemaPort::inspect`]; gives an [`Observation`].
    Inspect = "inspect", "look at the schema" {
        /// The schema.
        schema: String,
        /// The app's role, if there is one.
        role: Option<String>,
    }
    /// [`super::SchemaPort::has_role`]; gives a `bool`.
    HasRole = "has_role", "look for the app's role" {
        /// The app's role.
        role: String,
    }
    /// [`super::SchemaPort::prepare`]; gives `null`.
    Prepare = "prepare", "prepare the schema" {
        /// The schema.
        schema: String,
        /// The app's role.
        role: String,
    }
    /// [`super::SchemaPort::reset`]; gives a [`Reset`].
    ResetSchema = "reset", "reset the schema" {
        /// The schema.
        schema: String,
        /// The app's role.
        role: String,
        /// Which reset it is.
        reset_id: String,
    }
    /// [`super::SchemaPort::drop_schema`]; gives `null`.
    DropSchema = "drop", "drop the schema" {
        /// The schema.
        schema: String,
    }
    /// [`super::SchemaPort::keep_encryption_key`]; gives `null`.
    KeepEncryptionKey = "keep_encryption_key", "keep the encryption key" {
        /// The schema.
        schema: String,
        /// The app's role.
        role: String,
        /// The key.
        #[serde(serialize_with = "expose")]
        key: Secret,
    }
}

/// The key has to reach the relay, which runs on the same machine as the page.
fn expose<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// A [`SchemaObservation`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Observation(#[serde(with = "ObservationFields")] pub SchemaObservation);

#[derive(Serialize, Deserialize)]
#[serde(remote = "SchemaObservation")]
struct ObservationFields {
    owner: Option<String>,
    tables: u64,
    python_original: bool,
    app_granted: Option<bool>,
}

/// A [`ResetDone`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Reset(#[serde(with = "ResetDoneWord")] pub ResetDone);

#[derive(Serialize, Deserialize)]
#[serde(remote = "ResetDone", rename_all = "snake_case")]
enum ResetDoneWord {
    Now,
    Before,
}

/// Why an operation failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The error as the relay's own port gave it.
    #[serde(with = "ErrorFields")]
    pub schema_error: SchemaError,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SchemaError", rename_all = "snake_case")]
enum ErrorFields {
    Lost { operation: String, reason: String },
    Connect { host: String, user_name: String, reason: String },
    Denied { operation: String, reason: String },
    Failed { operation: String, reason: String },
    DifferentKey { schema: String },
    NoRole { role: String, seconds: u64 },
    Unavailable,
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_reads_as_it_was_written() {
        let at = At { database: DatabaseResource::Instance("tellr-db".into()), host: "h".into() };
        let key = Secret::new("k");
        let operation = KeepEncryptionKey { at, schema: "tellr".into(), role: "r".into(), key };
        let text = serde_json::to_string(&operation).unwrap();
        let body: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = json!({
            "at": {"database": {"instance": "tellr-db"}, "host": "h"}, "schema": "tellr", "role": "r", "key": "k",
        });
        assert_eq!(body, expected);
        let read: KeepEncryptionKey = serde_json::from_str(&text).unwrap();
        assert_eq!((read.at, read.key.expose()), (operation.at, "k"));
    }

    #[test]
    fn errors_and_results_read_as_they_were_written() {
        let errors = [
            SchemaError::Connect { host: "h".into(), user_name: "u".into(), reason: "r".into() },
            SchemaError::DifferentKey { schema: "s".into() },
            SchemaError::Unavailable,
        ];
        for error in errors {
            let body = serde_json::to_string(&ErrorBody { schema_error: error.clone() }).unwrap();
            assert_eq!(serde_json::from_str::<ErrorBody>(&body).unwrap().schema_error, error, "{body}");
        }
        let seen = SchemaObservation { owner: Some("o".into()), tables: 3, ..Default::default() };
        let body = serde_json::to_string(&Observation(seen.clone())).unwrap();
        assert_eq!(serde_json::from_str::<Observation>(&body).unwrap().0, seen, "{body}");
        assert_eq!(serde_json::to_string(&Reset(ResetDone::Before)).unwrap(), "\"before\"");
    }

    #[test]
    fn a_body_with_more_in_it_is_not_read() {
        let body =
            r#"{"at": {"database": {"instance": "x"}, "host": "h"}, "schema": "s", "sql": "DROP TABLE x"}"#;
        assert!(serde_json::from_str::<DropSchema>(body).is_err());
    }
}
