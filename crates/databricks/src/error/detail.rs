//! The typed `details` of an error.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One entry of an error's `details`; what is not known or not well formed is kept as it came.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ErrorDetail {
    /// The reason in machine-readable form.
    ErrorInfo {
        /// Such as `RESOURCE_CONFLICT`.
        reason: String,
        /// Such as `databricks.com`.
        domain: String,
        /// More, by name.
        metadata: BTreeMap<String, String>,
    },
    /// Names the request to the platform's support.
    RequestInfo {
        /// The id to quote.
        request_id: String,
        /// Opaque.
        serving_data: String,
    },
    /// When to try again.
    RetryInfo {
        /// A proto duration such as `3s`.
        retry_delay: String,
    },
    /// For the platform's developers.
    DebugInfo {
        /// Lines of a stack.
        stack_entries: Vec<String>,
        /// Free text.
        detail: String,
    },
    /// Which quotas are used up.
    QuotaFailure(Vec<Violation>),
    /// Which conditions were not met.
    PreconditionFailure(Vec<Violation>),
    /// Which fields are wrong.
    BadRequest(Vec<FieldViolation>),
    /// Which thing it is about.
    ResourceInfo {
        /// Its type.
        resource_type: String,
        /// Its name.
        resource_name: String,
        /// Its owner.
        owner: String,
        /// What is wrong with it.
        description: String,
    },
    /// Where to read more.
    Help(Vec<HelpLink>),
    /// Anything else.
    Other(Value),
}

/// One broken quota or condition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Violation {
    /// The kind of condition.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it was checked on.
    pub subject: String,
    /// In words.
    pub description: String,
}

/// One wrong field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FieldViolation {
    /// Its path in the request.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

/// A link to documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct HelpLink {
    /// What is behind it.
    pub description: String,
    /// Its address.
    pub url: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    reason: String,
    domain: String,
    #[serde(deserialize_with = "crate::wire::read")]
    metadata: BTreeMap<String, String>,
    request_id: String,
    serving_data: String,
    retry_delay: String,
    stack_entries: Vec<String>,
    detail: String,
    violations: Vec<Violation>,
    field_violations: Vec<FieldViolation>,
    resource_type: String,
    resource_name: String,
    owner: String,
    description: String,
    links: Vec<HelpLink>,
}

impl ErrorDetail {
    /// Reads one entry; never fails.
    pub(crate) fn read(entry: &Value) -> Self {
        let kind = entry.get("@type").and_then(Value::as_str).unwrap_or_default();
        let kind = kind.strip_prefix("type.googleapis.com/google.rpc.").unwrap_or_default();
        let Ok(fields) = Fields::deserialize(entry) else { return Self::Other(entry.clone()) };
        match kind {
            "ErrorInfo" => {
                Self::ErrorInfo { reason: fields.reason, domain: fields.domain, metadata: fields.metadata }
            }
            "RequestInfo" => {
                Self::RequestInfo { request_id: fields.request_id, serving_data: fields.serving_data }
            }
            "RetryInfo" => Self::RetryInfo { retry_delay: fields.retry_delay },
            "DebugInfo" => Self::DebugInfo { stack_entries: fields.stack_entries, detail: fields.detail },
            "QuotaFailure" => Self::QuotaFailure(fields.violations),
            "PreconditionFailure" => Self::PreconditionFailure(fields.violations),
            "BadRequest" => Self::BadRequest(fields.field_violations),
            "ResourceInfo" => Self::ResourceInfo {
                resource_type: fields.resource_type,
                resource_name: fields.resource_name,
                owner: fields.owner,
                description: fields.description,
            },
            "Help" => Self::Help(fields.links),
            _ => Self::Other(entry.clone()),
        }
    }
}
