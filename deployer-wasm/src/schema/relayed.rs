//! The schema operations for a page: sent to a relay that can reach Postgres.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use databricks::{Clock, DatabaseResource, Request, Secret, SystemClock, Transport};
use futures::future::{Either, select};
use futures::pin_mut;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde::de::DeserializeOwned;

use super::wire::{self, At, Operation};
use super::{AppRole, DatabaseAddress, ResetDone, SchemaError, SchemaObservation, SchemaPort};
use crate::spec::SchemaName;

/// Longer than the relay lets an operation take: connecting, and some statements.
const DEADLINE: Duration = Duration::from_secs(180);

/// Asks a relay. The tokens of its addresses are the relay's stand-ins ([`DatabaseResource::stand_in`]), as the relay gives
/// them to the engine in place of real ones.
#[derive(Clone)]
pub struct RelayedSchema {
    origin: String,
    transport: Arc<dyn Transport>,
}

impl RelayedSchema {
    /// For the relay at `origin` (`http://127.0.0.1:1234`). `transport` must bring along what the relay wants to be shown.
    pub fn new(origin: impl Into<String>, transport: Arc<dyn Transport>) -> Self {
        Self { origin: origin.into(), transport }
    }

    async fn ask<O: Operation, T: DeserializeOwned>(&self, operation: &O) -> Result<T, SchemaError> {
        let failed = |reason: String| SchemaError::Failed { operation: O::WORDS.into(), reason };
        let lost = |reason: String| SchemaError::Lost { operation: O::WORDS.into(), reason };
        let body = serde_json::to_vec(operation).map_err(|error| failed(error.to_string()))?;
        let request = Request {
            method: Method::POST,
            url: format!("{}{}/{}", self.origin, wire::PATH, O::NAME),
            headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
            body: Bytes::from(body),
        };
        let (answer, expiry) = (self.transport.send(request), SystemClock.expire(DEADLINE));
        pin_mut!(answer, expiry);
        let response = match select(answer, expiry).await {
            Either::Left((answer, _)) => answer.map_err(|error| lost(error.to_string()))?,
            Either::Right(_) => return Err(lost(format!("no answer within {} s", DEADLINE.as_secs()))),
        };
        match response.status {
            StatusCode::OK => {
                serde_json::from_slice(&response.body).map_err(|error| failed(error.to_string()))
            }
            StatusCode::UNPROCESSABLE_ENTITY => {
                let read = serde_json::from_slice::<wire::ErrorBody>(&response.body);
                Err(read.map_or_else(|error| failed(error.to_string()), |body| body.schema_error))
            }
            status => {
                let words: String = String::from_utf8_lossy(&response.body).chars().take(500).collect();
                Err(failed(format!("the relay answered {status}: {words}")))
            }
        }
    }
}

fn at(address: &DatabaseAddress) -> Result<At, SchemaError> {
    let database = DatabaseResource::of_stand_in(&address.token).ok_or_else(|| SchemaError::Failed {
        operation: "reach the database through the relay".into(),
        reason: "the address was not given by the relay".into(),
    })?;
    Ok(At { database, host: address.host.clone() })
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl SchemaPort for RelayedSchema {
    async fn inspect(
        &self,
        address: &DatabaseAddress,
        schema: &SchemaName,
        role: Option<&AppRole>,
    ) -> Result<SchemaObservation, SchemaError> {
        let role = role.map(|role| role.as_str().to_owned());
        let operation = wire::Inspect { at: at(address)?, schema: schema.to_string(), role };
        let seen: wire::Observation = self.ask(&operation).await?;
        Ok(seen.0)
    }

    async fn has_role(&self, address: &DatabaseAddress, role: &AppRole) -> Result<bool, SchemaError> {
        self.ask(&wire::HasRole { at: at(address)?, role: role.as_str().to_owned() }).await
    }

    async fn prepare(
        &self,
        address: &DatabaseAddress,
        schema: &SchemaName,
        role: &AppRole,
    ) -> Result<(), SchemaError> {
        let (schema, role) = (schema.to_string(), role.as_str().to_owned());
        self.ask(&wire::Prepare { at: at(address)?, schema, role }).await
    }

    async fn reset(
        &self,
        address: &DatabaseAddress,
        schema: &SchemaName,
        role: &AppRole,
        reset_id: &str,
    ) -> Result<ResetDone, SchemaError> {
        let (schema, role, reset_id) = (schema.to_string(), role.as_str().to_owned(), reset_id.to_owned());
        let done: wire::Reset =
            self.ask(&wire::ResetSchema { at: at(address)?, schema, role, reset_id }).await?;
        Ok(done.0)
    }

    async fn drop_schema(&self, address: &DatabaseAddress, schema: &SchemaName) -> Result<(), SchemaError> {
        self.ask(&wire::DropSchema { at: at(address)?, schema: schema.to_string() }).await
    }

    async fn keep_encryption_key(
        &self,
        address: &DatabaseAddress,
        schema: &SchemaName,
        role: &AppRole,
        key: &Secret,
    ) -> Result<(), SchemaError> {
        let (schema, role) = (schema.to_string(), role.as_str().to_owned());
        let operation = wire::KeepEncryptionKey { at: at(address)?, schema, role, key: key.clone() };
        self.ask(&operation).await
    }
}
