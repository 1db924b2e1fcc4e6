//! What is thrown: an `Error` that also says what kind it is, and what to do.

use databricks::HostError;
use js_sys::{Error, Reflect};
use serde_json::{Value, json};
use wasm_bindgen::JsValue;

use super::to_js;
use crate::error::{AppLog, Cause, DeployError};
use crate::spec::FieldError;

/// A failure on its way to JavaScript.
pub(super) struct Failure {
    message: String,
    details: Value,
}

impl Failure {
    pub(super) fn of(error: &DeployError) -> Self {
        let kind = match error {
            DeployError::Invalid(errors) => return Self::invalid(errors),
            DeployError::Refused(_) => "refused",
            DeployError::Observe { .. } => "observe",
            DeployError::Step { .. } => "step",
            DeployError::Unfinished { failure, made } => {
                let mut unfinished = Self::of(failure);
                unfinished.message = error.to_string();
                unfinished.details["made"] = json!(made);
                return unfinished;
            }
            DeployError::Changed(_) => "changed",
            DeployError::Locked { .. } => "locked",
            DeployError::Overtaken { .. } => "overtaken",
            DeployError::RolledBack { .. } => "rolled_back",
            DeployError::NotRolledBack { .. } => "not_rolled_back",
        };
        let api = error.databricks().and_then(databricks::Error::api);
        let details = json!({
            "kind": kind,
            "hint": error.hint(),
            "step": error.step(),
            "status": api.map(|api| api.status),
            "log": log_of(error),
        });
        Self { message: error.to_string(), details }
    }

    pub(super) fn invalid(errors: &[FieldError]) -> Self {
        let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        Self { message: messages.join("\n"), details: json!({ "kind": "invalid", "fields": errors }) }
    }

    pub(super) fn of_host(error: &HostError) -> Self {
        Self { message: error.to_string(), details: json!({ "kind": "invalid", "fields": [] }) }
    }

    /// An `Error` named `DeployFailure` with the details as properties.
    pub(super) fn into_js(self) -> JsValue {
        let error = Error::new(&self.message);
        error.set_name("DeployFailure");
        let Value::Object(details) = self.details else { return error.into() };
        for (name, value) in details.iter().filter(|(_, value)| !value.is_null()) {
            if let Ok(value) = to_js(value) {
                // cannot fail for an object that was just made
                _ = Reflect::set(&error, &JsValue::from_str(name), &value);
            }
        }
        error.into()
    }
}

fn log_of(error: &DeployError) -> Value {
    match error {
        DeployError::Step { cause: Cause::AppDown { log, .. }, .. } => match log {
            AppLog::Lines(lines) => json!({ "lines": lines }),
            AppLog::At { url, reason } => json!({ "url": url, "reason": reason }),
            AppLog::Nowhere => Value::Null,
        },
        DeployError::RolledBack { failure, .. } | DeployError::NotRolledBack { failure, .. } => {
            log_of(failure)
        }
        _ => Value::Null,
    }
}
