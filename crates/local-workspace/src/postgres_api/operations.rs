//! Long-running operations: pending at first, then with a response or an error.

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::errors;
use crate::faults::{Becomes, Settles, Thing};
use crate::records::Records;
use crate::rest::ApiError;
use crate::workspace::Workspace;

/// How many operations are kept; the oldest finished ones go first.
const MAX_OPERATIONS: usize = 500;

/// One operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OperationRecord {
    name: String,
    metadata_type: String,
    started: Timestamp,
    outcome: Outcome,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Pending,
    Response(Value),
    Error(Value),
}

impl OperationRecord {
    fn to_json(&self) -> Value {
        let metadata =
            json!({"@type": format!("type.googleapis.com/databricks.postgres.v1.{}", self.metadata_type)});
        let mut json = json!({"name": self.name, "metadata": metadata});
        match &self.outcome {
            Outcome::Pending => json["done"] = json!(false),
            Outcome::Response(response) => {
                json["done"] = json!(true);
                json["response"] = response.clone();
            }
            Outcome::Error(error) => {
                json["done"] = json!(true);
                json["error"] = error.clone();
            }
        }
        json
    }
}

/// What a deletion answers.
pub(super) fn empty() -> Value {
    json!({"@type": "type.googleapis.com/google.protobuf.Empty"})
}

/// Starts `work` as an operation on the resource `parent` of `kind` (`Project`, `Role`), and gives the pending
/// operation as JSON. When a fault rule makes the operation fail, `work` is not begun and `undo` takes back what came
/// before it.
pub(super) fn begin<F>(
    workspace: &Arc<Workspace>,
    parent: &str,
    kind: &str,
    work: F,
    undo: impl FnOnce(&Workspace) -> Result<(), ApiError> + Send + 'static,
) -> Result<Value, ApiError>
where
    F: Future<Output = Result<Value, ApiError>> + Send + 'static,
{
    let operation = OperationRecord {
        name: format!("{parent}/operations/{}", Uuid::new_v4()),
        metadata_type: format!("{kind}OperationMetadata"),
        started: Timestamp::now(),
        outcome: Outcome::Pending,
    };
    workspace.store.write(|records| {
        make_room(records);
        records.operations.insert(operation.name.clone(), operation.clone());
        Ok::<_, ApiError>(())
    })?;
    let pending = operation.to_json();
    let shared = Arc::clone(workspace);
    workspace.spawn(async move {
        let project = operation.name.split('/').nth(1).unwrap_or_default();
        let worked = match shared.faults.settle(Thing::Operation, project).await {
            Settles::Normally => work.await,
            Settles::As(becomes) => undo(&shared).and_then(|()| Err(failed(becomes))),
        };
        let outcome = match worked {
            Ok(response) => Outcome::Response(response),
            Err(error) => Outcome::Error(error.body()),
        };
        shared.state_delay().await;
        if let Err(error) = finish(&shared, &operation.name, outcome) {
            tracing::error!(operation = operation.name, "the operation stays pending: {}", error.message());
        }
    });
    Ok(pending)
}

/// The error of an operation that a fault rule makes fail: the rule's state is the code.
fn failed(becomes: Becomes) -> ApiError {
    let code = if becomes.state == "FAILED" { "INTERNAL_ERROR" } else { &becomes.state };
    ApiError::new(http::StatusCode::INTERNAL_SERVER_ERROR, code, becomes.message)
}

/// Nothing came before the work.
pub(super) fn nothing_to_undo(_: &Workspace) -> Result<(), ApiError> {
    Ok(())
}

fn finish(workspace: &Workspace, name: &str, outcome: Outcome) -> Result<(), ApiError> {
    workspace.store.write(|records| {
        if let Some(operation) = records.operations.get_mut(name) {
            operation.outcome = outcome;
        }
        Ok(())
    })
}

fn make_room(records: &mut Records) {
    while records.operations.len() >= MAX_OPERATIONS {
        let finished =
            records.operations.values().filter(|operation| !matches!(operation.outcome, Outcome::Pending));
        let Some(oldest) =
            finished.min_by_key(|operation| operation.started).map(|oldest| oldest.name.clone())
        else {
            return;
        };
        records.operations.remove(&oldest);
    }
}

/// Ends the operations that a stop of the workspace interrupted.
pub(crate) fn abandon_pending(records: &mut Records) {
    let pending =
        records.operations.values_mut().filter(|operation| matches!(operation.outcome, Outcome::Pending));
    for operation in pending {
        let error = ApiError::new(
            http::StatusCode::CONFLICT,
            "ABORTED",
            "The local workspace was stopped while the operation ran; look at the resource and try again.",
        );
        operation.outcome = Outcome::Error(error.body());
    }
}

/// The operation called `name`, as JSON.
pub(super) fn get(workspace: &Workspace, name: &str) -> Result<Value, ApiError> {
    let found = workspace.store.read(|records| records.operations.get(name).map(OperationRecord::to_json));
    found.ok_or_else(|| errors::missing("operation"))
}
