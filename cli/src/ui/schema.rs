//! `POST /tellr/schema/{operation}`: the fixed operations on one schema, never free SQL.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use deployer_wasm::schema::postgres::PostgresSchema;
use deployer_wasm::schema::wire::{
    At, DropSchema, ErrorBody, HasRole, Inspect, KeepEncryptionKey, Observation, Operation, Prepare, Reset,
    ResetSchema,
};
use deployer_wasm::schema::{AppRole, DatabaseAddress, SchemaError, SchemaPort};
use deployer_wasm::spec::SchemaName;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::databases::NoAddress;
use super::refusal::Refusal;
use super::relay::read_body;
use super::server::Server;

/// The most bytes of an operation.
const BODY_LIMIT: usize = 64 * 1024;

const PORT: PostgresSchema = PostgresSchema;

/// Does one operation with the workspace's own address of the database.
pub(super) async fn perform(
    State(server): State<Arc<Server>>,
    Path(operation): Path<String>,
    body: Body,
) -> Result<Response, Refusal> {
    let body = read_body(body, BODY_LIMIT).await?;
    match operation.as_str() {
        Inspect::NAME => {
            let Inspect { at, schema, role } = read(&body)?;
            let (schema, role) = (schema_name(&schema)?, role.as_deref().map(app_role).transpose()?);
            let at = address(&server, &at).await?;
            answer(async { PORT.inspect(&at?, &schema, role.as_ref()).await.map(Observation) }.await)
        }
        HasRole::NAME => {
            let HasRole { at, role } = read(&body)?;
            let role = app_role(&role)?;
            let at = address(&server, &at).await?;
            answer(async { PORT.has_role(&at?, &role).await }.await)
        }
        Prepare::NAME => {
            let Prepare { at, schema, role } = read(&body)?;
            let (schema, role) = (schema_name(&schema)?, app_role(&role)?);
            let at = address(&server, &at).await?;
            answer(async { PORT.prepare(&at?, &schema, &role).await }.await)
        }
        ResetSchema::NAME => {
            let ResetSchema { at, schema, role, reset_id } = read(&body)?;
            let (schema, role) = (schema_name(&schema)?, app_role(&role)?);
            let at = address(&server, &at).await?;
            answer(async { PORT.reset(&at?, &schema, &role, &reset_id).await.map(Reset) }.await)
        }
        DropSchema::NAME => {
            let DropSchema { at, schema } = read(&body)?;
            let schema = schema_name(&schema)?;
            let at = address(&server, &at).await?;
            answer(async { PORT.drop_schema(&at?, &schema).await }.await)
        }
        KeepEncryptionKey::NAME => {
            let KeepEncryptionKey { at, schema, role, key } = read(&body)?;
            let (schema, role) = (schema_name(&schema)?, app_role(&role)?);
            let at = address(&server, &at).await?;
            answer(async { PORT.keep_encryption_key(&at?, &schema, &role, &key).await }.await)
        }
        _ => Err(Refusal::new(StatusCode::NOT_FOUND, "NO_SUCH_OPERATION", "there is no such operation")),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(Refusal::malformed)
}

fn schema_name(text: &str) -> Result<SchemaName, Refusal> {
    SchemaName::parse(text).map_err(Refusal::malformed)
}

fn app_role(text: &str) -> Result<AppRole, Refusal> {
    AppRole::parse(text).ok_or_else(|| Refusal::malformed("the role is no client id of a service principal"))
}

async fn address(server: &Server, at: &At) -> Result<Result<DatabaseAddress, SchemaError>, Refusal> {
    match server.databases.address(at).await {
        Ok(address) => Ok(Ok(address)),
        Err(NoAddress::Failed(error)) => Ok(Err(error)),
        Err(NoAddress::Refused(message)) => {
            Err(Refusal::new(StatusCode::FORBIDDEN, "NOT_A_DATABASE_OF_THE_WORKSPACE", message))
        }
    }
}

fn answer<T: Serialize>(result: Result<T, SchemaError>) -> Result<Response, Refusal> {
    Ok(match result {
        Ok(value) => Json(value).into_response(),
        Err(schema_error) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Json(ErrorBody { schema_error })).into_response()
        }
    })
}
