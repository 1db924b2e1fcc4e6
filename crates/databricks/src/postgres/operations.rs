//! What takes time, and waiting for it.

use serde_json::Value;

use super::{Postgres, resource_path};
use crate::call::Call;
use crate::error::{DecodeError, Error, FailedState};
use crate::wait::{Seen, Wait, poll};
use crate::wire::wire_struct;

wire_struct! {
    /// Something that takes time. Done, it holds either `response` or `error`.
    Operation {
        /// `…/operations/id`.
        name: String,
        /// Whether it has ended.
        done: Option<bool>,
        /// About the operation.
        metadata: Option<Value>,
        /// The result: the thing that was made, or an empty object.
        response: Option<Value>,
        /// Why it failed.
        error: Option<OperationError>,
    }
}

wire_struct! {
    /// Why an operation failed.
    OperationError {
        /// As in other errors.
        error_code: Option<String>,
        /// In words.
        message: Option<String>,
        /// As in other errors.
        details: Vec<Value>,
    }
}

impl Postgres<'_> {
    /// How far an operation is, by its name.
    pub async fn operation(self, name: &str) -> Result<Operation, Error> {
        self.client.json(Call::get(resource_path("operation", name)?)).await
    }

    /// Waits until an operation has ended and gives its result. One that failed is a failure with the platform's code and
    /// message.
    pub async fn wait_operation(self, operation: Operation, wait: &Wait<'_>) -> Result<Value, Error> {
        let what = format!("operation {}", operation.name);
        let ended = if operation.done == Some(true) {
            operation
        } else {
            let path = resource_path("operation", &operation.name)?;
            let look = |left| self.client.json(Call::get(path.clone()).within(left));
            let judge = |seen: &Operation| match seen.done {
                Some(true) => Seen::Reached,
                _ => Seen::Pending { state: "in progress".to_owned(), message: None },
            };
            poll(self.client, what.clone(), wait, look, judge).await?
        };
        if let Some(error) = ended.error {
            let state = error.error_code.unwrap_or_else(|| "UNKNOWN".to_owned());
            let message = error.message.unwrap_or_default();
            return Err(FailedState { what, state, message }.into());
        }
        let nothing = || DecodeError::new(what, "it is done but has neither a response nor an error");
        ended.response.ok_or_else(|| nothing().into())
    }
}
