//! The app's folder in a plan.

use databricks::apps::ApplicationState;

use super::{Action, Change, DATABASE_RESOURCE, FileContent, Plan};
use crate::app_files::{
    APP_YAML, EnvValue, EnvVar, Manifest, REQUIREMENTS_TXT, app_yaml, foreign_variables, read_app_yaml,
    requirements_txt,
};
use crate::observation::FilesSeen;
use crate::spec::binary::is_part_of_the_app;
use crate::spec::wheel::is_wheel_of_the_app;
use crate::spec::{AppSource, Binary, Deployment, Wheel};

/// Plans the folder and every file in it that belongs to the deployment.
pub(super) fn write(plan: &mut Plan, deployment: &Deployment, mut manifest: Manifest, seen: &FilesSeen) {
    let folder = &deployment.workspace_path;
    if !seen.directory {
        let action = Action::MakeDirectory { path: folder.to_string() };
        plan.add(Change::Create, format!("folder {folder}"), "for the app's files", Some(action));
    }
    let requirements = requirements_txt(&deployment.source);
    let reason = match &deployment.source {
        AppSource::Package(None) => "databricks-tellr-app, the newest in the package index".to_owned(),
        AppSource::Package(Some(version)) => format!("databricks-tellr-app {version}"),
        AppSource::Wheel(wheel) => wheel.file_name().to_owned(),
        AppSource::Binary(_) => "nothing to install".to_owned(),
    };
    let change = change_of(seen.requirements_txt.as_deref(), &requirements);
    write_file(
        plan,
        deployment,
        REQUIREMENTS_TXT,
        change,
        &reason,
        FileContent::Bytes(requirements.into_bytes()),
    );
    match &deployment.source {
        AppSource::Package(_) => {}
        AppSource::Wheel(wheel) => write_wheel(plan, deployment, wheel, seen),
        AppSource::Binary(binary) => write_parts(plan, deployment, binary, seen),
    }
    let reason = keep_foreign_variables(plan, deployment, &mut manifest, seen);
    let change = change_of(seen.app_yaml.as_deref(), &app_yaml(&manifest));
    write_file(plan, deployment, APP_YAML, change, &reason, FileContent::AppYaml(Box::new(manifest)));
    clean_up(plan, deployment, seen);
}

fn write_wheel(plan: &mut Plan, deployment: &Deployment, wheel: &Wheel, seen: &FilesSeen) {
    let change = if is_there(seen, wheel.file_name()) { Change::Update } else { Change::Create };
    let reason = format!("{} bytes", wheel.content().len());
    let content = FileContent::Bytes(wheel.content().to_vec());
    write_file(plan, deployment, wheel.file_name(), change, &reason, content);
}

/// The name of a part tells what is in it, so that a part that is there need not be written again. Unless the app does
/// not run: then a damaged part may be the reason.
fn write_parts(plan: &mut Plan, deployment: &Deployment, binary: &Binary, seen: &FilesSeen) {
    let is_down = plan.app.as_ref().is_some_and(|app| {
        let state = app.app_status.as_ref().and_then(|status| status.state.as_ref());
        app.active_deployment.is_some() && state != Some(&ApplicationState::Running)
    });
    let parts = binary.parts();
    for (number, part) in parts.iter().enumerate() {
        let change = match is_there(seen, &part.file_name) {
            false => Change::Create,
            true if is_down => Change::Update,
            true => Change::Keep,
        };
        let reason = format!(
            "part {} of {} of the program with sha256 {}…, {} bytes",
            number + 1,
            parts.len(),
            &binary.sha256()[..12],
            part.content.len()
        );
        let content = FileContent::Bytes(part.content.to_vec());
        write_file(plan, deployment, &part.file_name, change, &reason, content);
    }
}

fn is_there(seen: &FilesSeen, file_name: &str) -> bool {
    seen.names.iter().any(|name| name == file_name)
}

/// Puts the variables that others added into the manifest, unless they are to go, and gives the row's reason.
fn keep_foreign_variables(
    plan: &mut Plan,
    deployment: &Deployment,
    manifest: &mut Manifest,
    seen: &FilesSeen,
) -> String {
    let what = "command and environment".to_owned();
    let existing = match seen.app_yaml.as_deref().map(read_app_yaml) {
        None => return what,
        Some(Ok(existing)) => existing,
        Some(Err(reason)) => {
            plan.refuse(
                format!("the deployed {APP_YAML} cannot be read, so what others added to it would be lost: {reason}"),
                format!("correct or remove {}", deployment.workspace_path.file(APP_YAML)),
            );
            return what;
        }
    };
    let foreign = foreign_variables(&existing);
    if deployment.prune {
        let dropped = foreign.iter().filter(|variable| !deployment.env.contains_key(&variable.name));
        return with_names(what, "takes away what others added", dropped);
    }
    let (kept, lost): (Vec<_>, Vec<_>) = foreign.into_iter().partition(|variable| has_source(plan, variable));
    manifest.kept = kept;
    if !lost.is_empty() {
        let names = names(lost.iter());
        plan.warnings
            .push(format!("{APP_YAML} loses {names}: the new app has no resource that they come from"));
    }
    with_names(what, "keeps what others added", manifest.effective_kept())
}

/// Whether the app has the resource that a variable takes its value from. An app that exists is not second-guessed; a
/// new one has only its database, and the platform refuses a deployment that names any other.
fn has_source(plan: &Plan, variable: &EnvVar) -> bool {
    match &variable.value {
        EnvValue::Literal(_) => true,
        EnvValue::FromResource(key) => plan.app.is_some() || key == DATABASE_RESOURCE,
    }
}

fn with_names<'a>(what: String, does: &str, variables: impl Iterator<Item = &'a EnvVar>) -> String {
    let names = names(variables);
    if names.is_empty() { what } else { format!("{what}; {does}: {names}") }
}

/// Names for people: the first of them, and how many more there are.
fn names<'a>(variables: impl Iterator<Item = &'a EnvVar>) -> String {
    let names: Vec<&str> = variables.map(|variable| variable.name.as_str()).collect();
    shortened(&names)
}

fn shortened(names: &[&str]) -> String {
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn change_of(seen: Option<&str>, wanted: &str) -> Change {
    match seen {
        None => Change::Create,
        Some(text) if text == wanted => Change::Keep,
        Some(_) => Change::Update,
    }
}

fn write_file(
    plan: &mut Plan,
    deployment: &Deployment,
    name: &str,
    change: Change,
    reason: &str,
    content: FileContent,
) {
    let path = deployment.workspace_path.file(name);
    let action = (change != Change::Keep).then_some(Action::WriteFile { path, content });
    plan.add(change, format!("file {name}"), reason, action);
}

/// How many names a message lists.
const SHOWN: usize = 5;

/// Wheels and parts of former deployments go; files of others stay and are named, since they become part of the app.
fn clean_up(plan: &mut Plan, deployment: &Deployment, seen: &FilesSeen) {
    let current: Vec<&str> = match &deployment.source {
        AppSource::Package(_) => Vec::new(),
        AppSource::Wheel(wheel) => vec![wheel.file_name()],
        AppSource::Binary(binary) => binary.parts().iter().map(|part| part.file_name.as_str()).collect(),
    };
    let mut foreign = Vec::new();
    for name in seen.names.iter().map(String::as_str).filter(|name| !current.contains(name)) {
        let former = if is_wheel_of_the_app(name) {
            Some("the wheel of a former deployment")
        } else if is_part_of_the_app(name) {
            Some("a part of a former deployment's program")
        } else {
            None
        };
        match former {
            Some(reason) => {
                let action = Action::DeleteFile { path: deployment.workspace_path.file(name) };
                plan.add(Change::Delete, format!("file {name}"), reason, Some(action));
            }
            None if name != APP_YAML && name != REQUIREMENTS_TXT => foreign.push(name),
            None => {}
        }
    }
    if foreign.is_empty() {
        return;
    }
    let shown = shortened(&foreign);
    let folder = &deployment.workspace_path;
    plan.warnings.push(format!("what else is in {folder} becomes part of the app: {shown}"));
}
