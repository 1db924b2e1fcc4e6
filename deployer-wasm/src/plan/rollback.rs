//! The plan of a rollback.

use super::{Action, Change, FileContent, Plan, app, versions};
use crate::app_files::{APP_YAML, REQUIREMENTS_TXT, is_file_of_the_app};
use crate::journal::{JournalSeen, SavedVersion};
use crate::observation::Observation;
use crate::spec::{RollbackSpec, WorkspacePath};

/// The files of the former version, then a deployment. Database, rights and settings of the app stay as they are.
pub(super) fn plan(plan: &mut Plan, spec: &RollbackSpec, observation: &Observation) {
    let name = &spec.app_name;
    let Some(found) = observation.app.as_ref().filter(|app| !app::is_deleting(app)) else {
        plan.refuse(
            format!("the app {name} does not exist in this workspace"),
            "name an app that `tellr` has deployed",
        );
        return;
    };
    let (Some(journal), Some(folder)) = (&observation.journal, &observation.folder) else {
        plan.refuse(
            format!("the app {name} was not deployed from a workspace folder"),
            "deploy the version that you want with `update`",
        );
        return;
    };
    let Some(version) = &observation.saved_version else {
        refuse_for_want_of_a_version(plan, spec, journal);
        return;
    };
    plan.warnings.push("a rollback brings back code and settings; the database stays as it is".into());
    versions::save(plan, observation);
    write_texts(plan, folder, version, observation);
    copy_files(plan, folder, version, journal, observation);
    app::start_compute(plan, found);
    app::deploy(plan, name, folder);
}

fn refuse_for_want_of_a_version(plan: &mut Plan, spec: &RollbackSpec, journal: &JournalSeen) {
    let kept: Vec<&str> = journal.versions.iter().map(|version| version.deployment_id.as_str()).collect();
    let kept = if kept.is_empty() { "none".to_owned() } else { kept.join(", ") };
    let message = match &spec.to {
        Some(wanted) => format!("the version of deployment {wanted} is not kept (kept: {kept})"),
        None => format!("no version older than the running one is kept (kept: {kept})"),
    };
    plan.refuse(message, "name a deployment that is kept with `--to`, or deploy the version with `update`");
}

fn write_texts(plan: &mut Plan, folder: &WorkspacePath, version: &SavedVersion, observation: &Observation) {
    let seen = &observation.files;
    let texts = [
        (REQUIREMENTS_TXT, version.requirements_txt.as_ref(), seen.requirements_txt.as_ref()),
        (APP_YAML, Some(&version.app_yaml), seen.app_yaml.as_ref()),
    ];
    for (name, kept, now) in texts {
        let (resource, path) = (format!("file {name}"), folder.file(name));
        match (kept, now) {
            (Some(kept), Some(now)) if kept == now => {
                plan.add(Change::Keep, resource, "as it was", None);
            }
            (Some(kept), _) => {
                let content = FileContent::Bytes(kept.clone().into_bytes());
                let reason = format!("as it was in deployment {}", version.deployment_id);
                plan.add(Change::Update, resource, reason, Some(Action::WriteFile { path, content }));
            }
            (None, Some(_)) => {
                let reason = format!("deployment {} had none", version.deployment_id);
                plan.add(Change::Delete, resource, reason, Some(Action::DeleteFile { path }));
            }
            (None, None) => {}
        }
    }
}

fn copy_files(
    plan: &mut Plan,
    folder: &WorkspacePath,
    version: &SavedVersion,
    journal: &JournalSeen,
    observation: &Observation,
) {
    for name in &version.files {
        let from = journal.folder.version_file(&version.deployment_id, name);
        let action = Action::RestoreFile { from, to: folder.file(name) };
        let reason = format!("as it was in deployment {}", version.deployment_id);
        plan.add(Change::Update, format!("file {name}"), reason, Some(action));
    }
    for name in observation.files.names.iter().filter(|name| is_file_of_the_app(name)) {
        if !version.files.contains(name) {
            let action = Action::DeleteFile { path: folder.file(name) };
            plan.add(Change::Delete, format!("file {name}"), "of the version that goes", Some(action));
        }
    }
}
