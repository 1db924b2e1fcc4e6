//! Why a deployment did not come about, and what to do.

use crate::journal::RunRecord;
use crate::plan::{Difference, Refusal};
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
    /// The workspace is not what it was when the plan was approved; nothing was changed.
    #[error("the workspace has changed since the plan was made:\n{}", listed(.0))]
    Changed(Vec<Difference>),
    /// Another run is going on; nothing was changed.
    #[error("{} is still going on ({})", holder.in_words(), holder.progress_in_words())]
    Locked {
        /// The other run.
        holder: Box<RunRecord>,
    },
    /// Another run has taken over from this one, which stopped.
    #[error("{} has taken over from this run; it stopped where it was", by.in_words())]
    Overtaken {
        /// The other run.
        by: Box<RunRecord>,
    },
    /// A step of a create failed; what it had made stays.
    #[error("{failure}\nMade so far: {}; it stays, and the same command goes on from there", made.join(", "))]
    Unfinished {
        /// What failed.
        failure: Box<DeployError>,
        /// What it had made, in order.
        made: Vec<String>,
    },
    /// A step failed, and the version that ran before was put back.
    #[error("{failure}\n{}", put_back(restored, deployment_id.as_deref(), *unavailable_ms))]
    RolledBack {
        /// What failed.
        failure: Box<DeployError>,
        /// The deployment whose files were put back.
        restored: String,
        /// The deployment that runs them now; `None` if the former one never stopped.
        deployment_id: Option<String>,
        /// How long the platform did not report the app as running, in milliseconds.
        unavailable_ms: u64,
    },
    /// A step failed, and so did putting the former version back.
    #[error("{failure}\nPutting the former version back failed as well: {rollback}")]
    NotRolledBack {
        /// What failed first.
        failure: Box<DeployError>,
        /// Why the former version does not run.
        rollback: Box<DeployError>,
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
    /// The app did not come up.
    #[error("{message}{}", log_of(log))]
    AppDown {
        /// What the platform said.
        message: String,
        /// The last lines of the app's log, or where to find them.
        log: AppLog,
    },
    /// The journal cannot be used.
    #[error("{0}")]
    Journal(String),
}

/// What is known of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppLog {
    /// Its last lines.
    Lines(Vec<String>),
    /// Where a person can read it, and why it is not shown here.
    At {
        /// Address of the log.
        url: String,
        /// Why.
        reason: String,
    },
    /// The app has no address yet.
    Nowhere,
}

/// Whether the platform may have acted although it answered with an error or not at all.
pub(crate) fn is_uncertain(error: &databricks::Error) -> bool {
    error.may_have_taken_effect() || error.api().is_some_and(|api| api.status >= 500)
}

impl DeployError {
    /// What to do about it, in one or two sentences, where something can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Invalid(_) => None,
            Self::Refused(refusals) => refusals.iter().find_map(|r| r.hint.clone()),
            Self::Observe { cause, .. } | Self::Step { cause, .. } => cause.hint(),
            Self::Changed(_) => Some("look at the new plan and approve that one".into()),
            Self::Locked { .. } => Some(
                "wait until it has ended; if you know that it is dead, run the same command again with `--take-over`".into(),
            ),
            Self::Overtaken { .. } => Some("look at `tellr status` when that run has ended".into()),
            Self::Unfinished { failure, .. } => failure.hint(),
            Self::RolledBack { .. } => {
                Some("put right what failed and run the same update again; `tellr status` shows what runs".into())
            }
            Self::NotRolledBack { .. } => {
                Some("run `tellr rollback`, or the update again with what was wrong put right".into())
            }
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
            Self::Unfinished { failure, .. }
            | Self::RolledBack { failure, .. }
            | Self::NotRolledBack { failure, .. } => failure.step(),
            _ => None,
        }
    }

    /// The error of the platform underneath, if it was one.
    pub fn databricks(&self) -> Option<&databricks::Error> {
        match self {
            Self::Observe { cause: Cause::Databricks(error), .. } => Some(error),
            Self::Step { cause: Cause::Databricks(error), .. } => Some(error),
            Self::Unfinished { failure, .. }
            | Self::RolledBack { failure, .. }
            | Self::NotRolledBack { failure, .. } => failure.databricks(),
            _ => None,
        }
    }
}

impl Cause {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Databricks(error) => hint_for(error),
            Self::Schema(error) => error.hint(),
            Self::AppDown { .. } => Some(
                "put right what the log says and run the same command again; `tellr rollback` puts the former version back"
                    .into(),
            ),
            Self::Journal(_) => Some(
                "if nobody is deploying, move that file out of the folder and run the same command again".into(),
            ),
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
    if is_uncertain(error) {
        return Some(
            "the platform has a problem; run the same command again in a few minutes: it goes on from where this stopped"
                .into(),
        );
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

fn listed(differences: &[Difference]) -> String {
    differences.iter().map(|difference| format!("  {difference}")).collect::<Vec<_>>().join("\n")
}

fn log_of(log: &AppLog) -> String {
    match log {
        AppLog::Lines(lines) if lines.is_empty() => "; its log is empty".into(),
        AppLog::Lines(lines) => format!("; the last lines of its log:\n  {}", lines.join("\n  ")),
        AppLog::At { url, reason } => format!("; its log is at {url} ({reason})"),
        AppLog::Nowhere => String::new(),
    }
}

fn put_back(restored: &str, deployment_id: Option<&str>, unavailable_ms: u64) -> String {
    match deployment_id {
        Some(id) => format!(
            "The version of deployment {restored} runs again, as deployment {id}; the app was away for {}",
            seconds(unavailable_ms)
        ),
        None => format!("The files of deployment {restored} are back, and it never stopped running"),
    }
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
}
