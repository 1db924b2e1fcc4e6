//! The key in the schema that encrypts stored credentials.

use rustls::crypto::ring;
use sqlx::PgConnection;

use super::StoreError;
use super::init::{Order, failed};
use crate::config::{EncryptionKey, KEY_LENGTH, SchemaName};

/// Where the schema's key came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyOrigin {
    /// It was there.
    Kept,
    /// From GOOGLE_OAUTH_ENCRYPTION_KEY.
    Imported,
    /// Made now.
    Generated,
}

/// Makes sure that the schema holds a key. A stored key is never replaced; one that contradicts the configured key is an
/// error, because everything encrypted so far could not be read any more.
pub(super) async fn ensure(
    connection: &mut PgConnection,
    schema: &SchemaName,
    order: &Order,
) -> Result<KeyOrigin, StoreError> {
    let configured = order.encryption_key.as_ref();
    if let Some(stored) = stored(connection, order).await? {
        return match configured {
            Some(key) if !key.is_same_as(&stored) => {
                Err(StoreError::DifferentKey { schema: schema.to_string() })
            }
            _ => Ok(KeyOrigin::Kept),
        };
    }
    let (key, origin) = match configured {
        Some(key) => (key.clone(), KeyOrigin::Imported),
        None => (generate()?, KeyOrigin::Generated),
    };
    // the column has no time zone; the Python original writes UTC
    sqlx::query(
        "INSERT INTO encryption_keys (id, key_value, created_at) VALUES (1, $1, now() AT TIME ZONE 'utc')",
    )
    .bind(key.expose())
    .execute(connection)
    .await
    .map_err(failed("storing the encryption key", order))?;
    Ok(origin)
}

async fn stored(connection: &mut PgConnection, order: &Order) -> Result<Option<String>, StoreError> {
    sqlx::query_scalar("SELECT key_value FROM encryption_keys WHERE id = 1")
        .fetch_optional(connection)
        .await
        .map_err(failed("reading the encryption key", order))
}

fn generate() -> Result<EncryptionKey, StoreError> {
    let mut bytes = [0; KEY_LENGTH];
    ring::default_provider().secure_random.fill(&mut bytes).map_err(|_| StoreError::NoRandomness)?;
    Ok(EncryptionKey::from_bytes(&bytes))
}
