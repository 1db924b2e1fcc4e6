//! The texts of this API's errors.

use serde_json::json;
use uuid::Uuid;

use crate::rest::ApiError;

/// 404 with the id of a trace, as the service writes it; `kind` is `project`, `branch`, `endpoint` or `role`.
pub(super) fn missing(kind: &str) -> ApiError {
    ApiError::not_found(format!("{kind} id not found [TraceId: {}]", Uuid::new_v4().simple()))
}

/// 400 for a field that must be there.
pub(super) fn required(field: &str) -> ApiError {
    let message = format!("Field '{field}' is required, expected non-default value (not \"\")!");
    ApiError::invalid_parameter(message)
}

/// 400: a root branch or a read-write endpoint goes with what it belongs to.
pub(super) fn managed_by_parent(what: &str) -> ApiError {
    ApiError::bad_request(format!("{what} cannot be deleted on its own")).with_details(vec![
        json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "RESOURCE_CONFLICT",
            "domain": "databricks.com",
            "metadata": {"declarative_context": "MANAGED_BY_PARENT"},
        }),
        json!({
            "@type": "type.googleapis.com/google.rpc.RequestInfo",
            "request_id": Uuid::new_v4().to_string(),
            "serving_data": "",
        }),
    ])
}
