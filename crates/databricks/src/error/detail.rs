//! The typed `details` of an error.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::wire::{Fields, wire_struct};

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

wire_struct! {
    /// One broken quota or condition.
    Violation {
        /// The kind of condition.
        kind as "type": String,
        /// What it was checked on.
        subject: String,
        /// In words.
        description: String,
    }
}

wire_struct! {
    /// One wrong field.
    FieldViolation {
        /// Its path in the request.
        field: String,
        /// What is wrong with it.
        description: String,
    }
}

wire_struct! {
    /// A link to documentation.
    HelpLink {
        /// What is behind it.
        description: String,
        /// Its address.
        url: String,
    }
}

impl ErrorDetail {
    /// Reads one entry; never fails.
    pub(crate) fn read(entry: &Value) -> Self {
        Self::try_read(entry).unwrap_or_else(|_| Self::Other(entry.clone()))
    }

    fn try_read(entry: &Value) -> Result<Self, String> {
        let kind = entry.get("@type").and_then(Value::as_str).unwrap_or_default();
        let kind = kind.strip_prefix("type.googleapis.com/google.rpc.").unwrap_or_default();
        let mut fields = Fields::of(entry.clone())?;
        Ok(match kind {
            "ErrorInfo" => Self::ErrorInfo {
                reason: fields.take("reason")?,
                domain: fields.take("domain")?,
                metadata: fields.take("metadata")?,
            },
            "RequestInfo" => Self::RequestInfo {
                request_id: fields.take("request_id")?,
                serving_data: fields.take("serving_data")?,
            },
            "RetryInfo" => Self::RetryInfo { retry_delay: fields.take("retry_delay")? },
            "DebugInfo" => Self::DebugInfo {
                stack_entries: fields.take("stack_entries")?,
                detail: fields.take("detail")?,
            },
            "QuotaFailure" => Self::QuotaFailure(fields.take("violations")?),
            "PreconditionFailure" => Self::PreconditionFailure(fields.take("violations")?),
            "BadRequest" => Self::BadRequest(fields.take("field_violations")?),
            "ResourceInfo" => Self::ResourceInfo {
                resource_type: fields.take("resource_type")?,
                resource_name: fields.take("resource_name")?,
                owner: fields.take("owner")?,
                description: fields.take("description")?,
            },
            "Help" => Self::Help(fields.take("links")?),
            _ => Self::Other(entry.clone()),
        })
    }
}
