//! Why a command ended without success, and with which exit code.

use std::process::ExitCode;

use deployer_wasm::DeployError;
use deployer_wasm::doctor::{Diagnosis, Verdict};
use deployer_wasm::spec::FieldError;
use serde_json::{Value, json};

use crate::doctor;

/// The ways in which a command can fail.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The flags or the deployment file cannot be used.
    #[error("{}", .0.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("\n"))]
    Input(Vec<FieldError>),
    /// Host or credentials are missing or cannot be used.
    #[error("{message}")]
    SignIn {
        /// What is missing.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A person, or the lack of one, did not confirm.
    #[error("{0}")]
    NotConfirmed(String),
    /// The engine failed.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// The platform failed outside of the engine.
    #[error(transparent)]
    Databricks(#[from] databricks::Error),
    /// Something that a deployment needs is missing.
    #[error("{} of {} checks show something missing", .0.count(Verdict::Missing), .0.checks.len())]
    Unfit(Diagnosis),
    /// Something on this machine failed.
    #[error("{0}")]
    Machine(String),
}

impl Failure {
    /// Failure over one field.
    pub(crate) fn field(error: FieldError) -> Self {
        Self::Input(vec![error])
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::SignIn { hint, .. } => hint.clone(),
            Self::Deploy(error) => error.hint(),
            Self::Databricks(error) => error.hint(),
            Self::NotConfirmed(_) => Some("add `--yes` to apply it without being asked".into()),
            Self::Input(_) | Self::Unfit(_) | Self::Machine(_) => None,
        }
    }

    /// The result object of `--json`.
    pub(crate) fn to_json(&self) -> Value {
        if let Self::Unfit(diagnosis) = self {
            return doctor::to_json(diagnosis);
        }
        let mut error = json!({ "message": self.to_string() });
        let field = match self {
            Self::Input(errors) => errors.first().map(|e| e.field.clone()),
            Self::Deploy(error) => error.field().map(str::to_owned),
            _ => None,
        };
        let step = match self {
            Self::Deploy(error) => error.step().map(str::to_owned),
            _ => None,
        };
        for (key, value) in [("hint", self.hint()), ("field", field), ("step", step)] {
            if let Some(value) = value {
                error[key] = value.into();
            }
        }
        if let Self::Deploy(DeployError::RolledBack { restored, deployment_id, unavailable_ms, .. }) = self {
            error["rolled_back"] = json!({
                "restored": restored, "deployment_id": deployment_id, "unavailable_ms": unavailable_ms,
            });
        }
        json!({ "error": error })
    }

    /// 1 failed, 2 bad input, 3 refused or not confirmed, 4 not signed in.
    pub(crate) fn exit_code(&self) -> ExitCode {
        let unauthenticated = |error: &databricks::Error| error.is_unauthenticated();
        ExitCode::from(match self {
            Self::Input(_) | Self::Deploy(DeployError::Invalid(_)) => 2,
            Self::NotConfirmed(_) => 3,
            Self::Deploy(DeployError::Refused(_) | DeployError::Changed(_) | DeployError::Locked { .. }) => 3,
            Self::SignIn { .. } => 4,
            Self::Databricks(error) if unauthenticated(error) => 4,
            Self::Deploy(error) if error.databricks().is_some_and(unauthenticated) => 4,
            Self::Deploy(_) | Self::Databricks(_) | Self::Unfit(_) | Self::Machine(_) => 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use deployer_wasm::plan::Refusal;

    use super::*;

    #[test]
    fn programs_get_message_hint_and_field() {
        let input = Failure::field(FieldError::because("app_name", "`app_name` is wrong"));
        assert_eq!(
            input.to_json(),
            json!({"error": {"message": "`app_name` is wrong", "field": "app_name"}})
        );
        let refusal = Refusal { message: "it exists".into(), hint: Some("use `update`".into()) };
        let refused = Failure::Deploy(DeployError::Refused(vec![refusal]));
        assert_eq!(refused.to_json(), json!({"error": {"message": "it exists", "hint": "use `update`"}}));
    }

    #[test]
    fn each_kind_of_failure_has_its_exit_code() {
        let code = |failure: &Failure| format!("{:?}", failure.exit_code());
        let expected = |number: u8| format!("{:?}", ExitCode::from(number));
        assert_eq!(code(&Failure::Machine("disk".into())), expected(1));
        assert_eq!(code(&Failure::Input(Vec::new())), expected(2));
        assert_eq!(code(&Failure::NotConfirmed("no".into())), expected(3));
        assert_eq!(code(&Failure::Deploy(DeployError::Refused(Vec::new()))), expected(3));
        assert_eq!(code(&Failure::SignIn { message: "who?".into(), hint: None }), expected(4));
    }
}
