//! Former versions in a plan: keeping the one that runs, choosing the one to put back.

use databricks::apps::App;

use super::{Action, Change, Plan};
use crate::app_files::{APP_YAML, is_file_of_the_app};
use crate::journal::{JournalSeen, VersionSeen, saved_app_yaml};
use crate::observation::Observation;
use crate::spec::RollbackSpec;

/// How many former versions are kept.
const KEPT: usize = 5;

/// Plans to keep the version that runs, unless it is kept already. It comes before the first write to the app's folder.
pub(super) fn save(plan: &mut Plan, observation: &Observation) {
    let (Some(journal), Some(folder)) = (&observation.journal, &observation.folder) else { return };
    let (Some(deployment_id), Some(text)) = (&plan.deployment_before, &observation.files.app_yaml) else {
        return;
    };
    let runs = plan.app.as_ref().and_then(active) == Some(deployment_id.as_str());
    let running = plan.app.as_ref().and_then(|app| running_version(journal, app));
    if !runs || running.is_some_and(|running| journal.keeps(running)) {
        return;
    }
    let deployment_id = deployment_id.clone();
    if !crate::journal::is_plain_id(&deployment_id) {
        plan.warnings.push(format!("the version that runs cannot be kept: its id is {deployment_id:?}"));
        return;
    }
    let files: Vec<String> =
        observation.files.names.iter().filter(|name| is_file_of_the_app(name)).cloned().collect();
    let too_many = (journal.versions.len() + 1).saturating_sub(KEPT);
    let forget =
        journal.versions.iter().take(too_many).map(|version| version.deployment_id.clone()).collect();
    let reason = match files.len() {
        0 => format!("its {APP_YAML} and list of packages, to be put back by a rollback"),
        n => format!("its {APP_YAML} and {n} files, to be put back by a rollback"),
    };
    let action = Action::SaveVersion {
        deployment_id: deployment_id.clone(),
        folder: folder.clone(),
        app_yaml: saved_app_yaml(text),
        requirements_txt: observation.files.requirements_txt.clone(),
        files,
        forget,
    };
    plan.add(Change::Create, format!("copy of version {deployment_id}"), reason, Some(action));
}

/// The version that a rollback puts back: the one that was asked for, if it is kept; else the one before the version that
/// runs now, which may itself be one that was put back.
pub(crate) fn version_to_restore(
    spec: &RollbackSpec,
    journal: &JournalSeen,
    app: Option<&App>,
) -> Option<String> {
    if let Some(wanted) = &spec.to {
        return journal.keeps(wanted).then(|| wanted.clone());
    }
    let running = app.and_then(|app| running_version(journal, app));
    let older: &[VersionSeen] =
        match journal.versions.iter().position(|v| Some(v.deployment_id.as_str()) == running) {
            Some(index) => &journal.versions[..index],
            None => &journal.versions,
        };
    older.last().map(|version| version.deployment_id.clone())
}

/// The version that runs: the former one, if the latest run has put one back, else that of the deployment that runs.
fn running_version<'a>(journal: &'a JournalSeen, app: &'a App) -> Option<&'a str> {
    let active = active(app);
    let put_back = journal.head.as_ref().filter(|head| head.deployment_id.as_deref() == active);
    put_back.and_then(|head| head.restored.as_deref()).or(active)
}

/// The deployment that runs.
pub(super) fn active(app: &App) -> Option<&str> {
    app.active_deployment.as_ref()?.deployment_id.as_deref()
}
