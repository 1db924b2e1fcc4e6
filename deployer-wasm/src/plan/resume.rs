//! What a plan takes over from an earlier run of the same request that did not reach its end.

use databricks::apps::AppDeploymentState;

use super::{Action, Change, FileContent, Plan};
use crate::app_files::APP_YAML;
use crate::journal::{Operation, RunRecord, RunState, Settings, StepRecord};
use crate::observation::Observation;
use crate::spec::Request;

/// The earlier run.
#[derive(Clone, Debug, PartialEq)]
pub struct Resumed {
    /// Its number.
    pub number: u64,
    /// Who ran it.
    pub user: String,
    /// The steps that it, and those that it went on with, had confirmed.
    pub steps: Vec<StepRecord>,
    /// The id of its reset.
    pub reset_id: Option<String>,
    /// The app's deployment before it.
    pub deployment_before: Option<String>,
}

/// The latest run, if it asked for the same and did not succeed. Runs before the latest say nothing any more: others have
/// worked on the same deployment since. A run that has begun to put the former version back leaves nothing to go on with.
pub(super) fn resumed(request: &Request, observation: &Observation) -> Option<Resumed> {
    let head = head(observation)?;
    let same = head.operation == Operation::of(request) && head.settings == Settings::of(request);
    (same && head.state != RunState::Succeeded && head.restored.is_none()).then(|| Resumed {
        number: head.number,
        user: head.user.clone(),
        steps: head.steps.clone(),
        reset_id: head.reset_id.clone(),
        deployment_before: head.deployment_before.clone(),
    })
}

/// What a reader of the plan should know about the latest run.
pub(super) fn notes(observation: &Observation, resumes: Option<&Resumed>) -> Vec<String> {
    let Some(head) = head(observation).filter(|head| head.state != RunState::Succeeded) else {
        return Vec::new();
    };
    let what = if head.is_open() { "has not ended" } else { "failed" };
    let then = match resumes {
        Some(_) => "this goes on with it",
        None if head.restored.is_some() => "the former version was being put back, and this starts anew",
        None => "this is another request and starts from what it left",
    };
    vec![format!("{} {what} ({}); {then}", head.in_words(), head.progress_in_words())]
}

/// The id of the reset that the request orders, if it does.
pub(super) fn reset_id(
    request: &Request,
    observation: &Observation,
    resumes: Option<&Resumed>,
) -> Option<String> {
    let Request::Update(spec) = request else { return None };
    let earlier = resumes.and_then(|resumed| resumed.reset_id.clone());
    spec.reset_database.then(|| earlier.unwrap_or_else(|| observation.run_id.clone()))
}

/// The app's deployment before this request.
pub(super) fn deployment_before(observation: &Observation, resumes: Option<&Resumed>) -> Option<String> {
    if let Some(resumed) = resumes {
        return resumed.deployment_before.clone();
    }
    let app = observation.app.as_ref()?;
    let runs = app.active_deployment.as_ref().or(app.pending_deployment.as_ref())?;
    runs.deployment_id.clone()
}

/// Leaves out what the earlier run has confirmed and nothing in the workspace can show: the content of a large file. And if
/// no file is left to write, a deployment that the earlier run has started is of these very files.
pub(super) fn skip_what_is_done(plan: &mut Plan, observation: &Observation) {
    let Some(resumed) = plan.resumes.clone() else { return };
    for row in &mut plan.rows {
        let large = match &row.action {
            Some(Action::WriteFile { path, content: FileContent::Bytes(_) }) => !path.ends_with(APP_YAML),
            Some(Action::RestoreFile { .. }) => true,
            _ => false,
        };
        let is_there = observation.files.names.iter().any(|name| row.resource == format!("file {name}"));
        if large && is_there && resumed.steps.iter().any(|step| step.title.ends_with(&row.resource)) {
            row.reason = format!("written by run {}", resumed.number);
            (row.change, row.action) = (Change::Keep, None);
        }
    }
    let writes = plan.rows.iter().any(|row| {
        matches!(
            row.action,
            Some(Action::WriteFile { .. } | Action::RestoreFile { .. } | Action::DeleteFile { .. })
        )
    });
    let found = if writes { None } else { started_deployment(plan, &resumed) };
    for row in &mut plan.rows {
        if let Some(Action::Deploy { started, .. }) = &mut row.action {
            if let Some(id) = &found {
                row.reason =
                    format!("run {} has started deployment {id}: wait until it runs", resumed.number);
            }
            started.clone_from(&found);
        }
    }
}

/// The newest deployment, if it was not there before the earlier run, whose user made it, and has not failed.
fn started_deployment(plan: &Plan, resumed: &Resumed) -> Option<String> {
    let app = plan.app.as_ref()?;
    let latest = app.pending_deployment.as_ref().or(app.active_deployment.as_ref())?;
    let id = latest.deployment_id.clone()?;
    let state = latest.status.as_ref().and_then(|status| status.state.as_ref());
    let failed = matches!(state, Some(AppDeploymentState::Failed | AppDeploymentState::Cancelled));
    let of_somebody_else = latest.creator.as_ref().is_some_and(|creator| *creator != resumed.user);
    let new = Some(&id) != plan.deployment_before.as_ref();
    (new && !failed && !of_somebody_else).then_some(id)
}

fn head(observation: &Observation) -> Option<&RunRecord> {
    observation.journal.as_ref()?.head.as_ref()
}
