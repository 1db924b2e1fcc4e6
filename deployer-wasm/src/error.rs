//! Why a deployment did not come about, and what to do.

use crate::plan::Refusal;
use crate::schema::SchemaError;
use crate::spec::FieldError;

/// A failure of the engine. Each kind says what failed, why, and through [`DeployError::hint`] what to do.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The request breaks rules; no call was made.
    #[error("{}", joined(.0))]
    Invalid(Vec<FieldError>),
    /// The workspace is not as the request needs it; nothing was changed.
    #[error("{}", .0.iter().map(|r| r.message.as_str()).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Refusal>),
    /// Looking at the workspace failed; nothing was changed.
    #[error("{what}: {cause}")]
    Observe {
        /// What was looked at.
        what: &'static str,
        /// Why it could not be seen.
        cause: Cause,
    },
    /// A step failed; the steps before it have taken effect.
    #[error("{title}: {cause}")]
    Step {
        /// Stable name of the step.
        step: &'static str,
        /// What the step was to do.
        title: String,
        /// Why it failed.
        cause: Cause,
    },
}

/// What went wrong underneath.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The platform refused, failed or was not reached.
    #[error(transparent)]
    Databricks(#[from] databricks::Error),
    /// Postgres refused, failed or was not reached.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The platform accepted a change, but a second look does not show it.
    #[error("{0}")]
    NotAsExpected(String),
}

impl DeployError {
    /// What to do about it, in one or two sentences, where something can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Invalid(_) => None,
            Self::Refused(refusals) => refusals.iter().find_map(|r| r.hint.clone()),
            Self::Observe { cause, .. } | Self::Step { cause, .. } => cause.hint(),
        }
    }

    /// The field to correct, if the request was at fault.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid(errors) => errors.first().map(|error| error.field.as_str()),
            _ => None,
        }
    }

    /// The step that failed.
    pub fn step(&self) -> Option<&'static str> {
        match self {
            Self::Step { step, .. } => Some(step),
            _ => None,
        }
    }

    /// The error of the platform underneath, if it was one.
    pub fn databricks(&self) -> Option<&databricks::Error> {
        match self {
            Self::Observe { cause: Cause::Databricks(error), .. } => Some(error),
            Self::Step { cause: Cause::Databricks(error), .. } => Some(error),
            _ => None,
        }
    }
}

impl Cause {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Databricks(error) => hint_for(error),
            Self::Schema(error) => error.hint(),
            Self::NotAsExpected(_) => {
                Some("run the same command again: what was done is kept and the rest is done".into())
            }
        }
    }
}

fn hint_for(error: &databricks::Error) -> Option<String> {
    let message = error.api().map(|api| api.message.to_lowercase()).unwrap_or_default();
    if message.contains("user token passthrough") {
        return Some("a workspace admin must turn on user authorization for Databricks Apps first".into());
    }
    if error.is_permission_denied() {
        return Some(
            "check your permissions in this workspace: you need the right to create apps and Lakebase databases, and to \
             write to the app's folder"
                .into(),
        );
    }
    error.hint()
}

fn joined(errors: &[FieldError]) -> String {
    errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("\n")
}
