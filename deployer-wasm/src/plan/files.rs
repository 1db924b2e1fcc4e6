//! The app's folder in a plan.

use super::{Action, Change, FileContent, Plan};
use crate::app_files::{APP_YAML, Manifest, REQUIREMENTS_TXT, app_yaml, requirements_txt};
use crate::observation::FilesSeen;
use crate::spec::wheel::is_wheel_of_the_app;
use crate::spec::{AppSource, Deployment};

/// Plans the folder and every file in it that belongs to the deployment.
pub(super) fn write(plan: &mut Plan, deployment: &Deployment, manifest: Manifest, seen: &FilesSeen) {
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
    if let AppSource::Wheel(wheel) = &deployment.source {
        let exists = seen.names.iter().any(|name| name == wheel.file_name());
        let change = if exists { Change::Update } else { Change::Create };
        let reason = format!("{} bytes", wheel.content().len());
        let content = FileContent::Bytes(wheel.content().to_vec());
        write_file(plan, deployment, wheel.file_name(), change, &reason, content);
    }
    let change = change_of(seen.app_yaml.as_deref(), &app_yaml(&manifest));
    write_file(
        plan,
        deployment,
        APP_YAML,
        change,
        "command and environment",
        FileContent::AppYaml(Box::new(manifest)),
    );
    clean_up(plan, deployment, seen);
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

/// How many files of others a warning names.
const SHOWN: usize = 5;

/// Wheels of former deployments go; files of others stay and are named, since they become part of the app.
fn clean_up(plan: &mut Plan, deployment: &Deployment, seen: &FilesSeen) {
    let current = match &deployment.source {
        AppSource::Wheel(wheel) => Some(wheel.file_name()),
        AppSource::Package(_) => None,
    };
    let mut foreign = Vec::new();
    for name in &seen.names {
        if is_wheel_of_the_app(name) && Some(name.as_str()) != current {
            let action = Action::DeleteFile { path: deployment.workspace_path.file(name) };
            plan.add(
                Change::Delete,
                format!("file {name}"),
                "the wheel of a former deployment",
                Some(action),
            );
        } else if !is_wheel_of_the_app(name) && name != APP_YAML && name != REQUIREMENTS_TXT {
            foreign.push(name.as_str());
        }
    }
    if foreign.is_empty() {
        return;
    }
    let shown = foreign.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    let more = match foreign.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let folder = &deployment.workspace_path;
    plan.warnings.push(format!("what else is in {folder} becomes part of the app: {shown}{more}"));
}
