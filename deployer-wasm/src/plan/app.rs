//! The app and its settings in a plan.

use databricks::apps::{
    App, AppAccessControlRequest, AppPermissionLevel, AppPermissions, AppResource, AppResourceDatabase,
    AppResourcePostgres, ComputeSize, ComputeState, DatabasePermission,
};

use super::{Action, Change, DATABASE_RESOURCE, Plan, USER_API_SCOPES};
use crate::app_files::ManifestDatabase;
use crate::lakebase::{DATABASE, DEFAULT_BRANCH, LakebaseKind};
use crate::observation::Observation;
use crate::spec::{AppName, CreateSpec, Deployment, LakebaseType, UpdateSpec, WorkspacePath};

/// The resource that connects the app to its database, and makes the app's Postgres role.
pub(super) fn database_resource(database: &ManifestDatabase, observation: &Observation) -> AppResource {
    // Connect, and create schemas: nothing more is asked for.
    let permission = Some(DatabasePermission::CanConnectAndCreate);
    let mut resource = AppResource { name: DATABASE_RESOURCE.into(), ..AppResource::default() };
    match database.lakebase_type {
        LakebaseType::Autoscaling => {
            let branch = match observation.lakebase.found().map(|found| &found.kind) {
                Some(LakebaseKind::Autoscaling { branch, .. }) => branch.clone(),
                _ => format!("projects/{}/branches/{DEFAULT_BRANCH}", database.name),
            };
            resource.postgres = Some(AppResourcePostgres {
                database: format!("{branch}/databases/databricks-postgres"),
                branch,
                permission,
            });
        }
        LakebaseType::Provisioned => {
            resource.database = Some(AppResourceDatabase {
                instance_name: database.name.clone(),
                database_name: DATABASE.into(),
                permission,
            });
        }
    }
    resource
}

/// Plans the registration of a new app, or takes up one that an interrupted create of the same person left behind.
pub(super) fn create(
    plan: &mut Plan,
    spec: &CreateSpec,
    database: &ManifestDatabase,
    observation: &Observation,
) {
    let name = &spec.deployment.app_name;
    let resource = format!("app {name}");
    match &observation.app {
        None => {
            let app = App {
                name: name.to_string(),
                description: Some(spec.description.to_string()),
                compute_size: Some(spec.app_compute.as_str().into()),
                default_source_code_path: Some(spec.deployment.workspace_path.to_string()),
                resources: vec![database_resource(database, observation)],
                user_api_scopes: USER_API_SCOPES.map(str::to_owned).to_vec(),
                ..App::default()
            };
            let reason = format!("{} compute, {} user scopes", spec.app_compute, USER_API_SCOPES.len());
            plan.add(Change::Create, resource, reason, Some(Action::CreateApp(Box::new(app))));
        }
        Some(app) if is_deleting(app) => plan.refuse(
            format!("the app {name} is still being deleted"),
            "wait until it is gone, or choose a different name",
        ),
        Some(app) if is_ours(app, &spec.deployment, plan) => {
            let reason = match &plan.resumes {
                Some(resumed) => format!("registered by run {}", resumed.number),
                None => "registered by you before, and never deployed".into(),
            };
            plan.add(Change::Keep, resource, reason, None);
            start_compute(plan, app);
        }
        Some(_) => plan.refuse(
            format!("An app with the same name already exists: {name}"),
            "use `update` to bring it a new version, or choose a different name",
        ),
    }
}

/// An app that was registered for this very deployment: by a run of the same request that did not reach its end, or by the
/// same person, and then it has never run anything.
fn is_ours(app: &App, deployment: &Deployment, plan: &Plan) -> bool {
    let path = app.default_source_code_path.as_deref();
    let same_folder = path == Some(deployment.workspace_path.as_str());
    let creator = app.creator.as_deref();
    let of_an_interrupted_run =
        plan.resumes.as_ref().is_some_and(|resumed| creator == Some(resumed.user.as_str()));
    let never_deployed = app.active_deployment.is_none() && app.pending_deployment.is_none();
    same_folder && (of_an_interrupted_run || (never_deployed && creator == Some(plan.user_name.as_str())))
}

/// Whether the platform is taking the app away.
pub(super) fn is_deleting(app: &App) -> bool {
    app.compute_status.as_ref().and_then(|status| status.state.as_ref()) == Some(&ComputeState::Deleting)
}

/// Plans the changes that an existing app needs: what is missing is added, and nothing of others is taken away.
pub(super) fn update(
    plan: &mut Plan,
    spec: &UpdateSpec,
    app: &App,
    database: &ManifestDatabase,
    observation: &Observation,
) {
    let mut mask = Vec::new();
    let mut wanted = App { name: app.name.clone(), ..App::default() };
    let mut reasons = Vec::new();
    let resource = database_resource(database, observation);
    let prune = spec.deployment.prune;
    let has_resource = app.resources.iter().any(|existing| is_same_target(existing, &resource));
    let foreign: Vec<&str> =
        app.resources.iter().filter(|r| !is_same_target(r, &resource)).map(|r| r.name.as_str()).collect();
    if prune && !foreign.is_empty() {
        reasons.push(format!("takes away the resources {}", foreign.join(", ")));
        wanted.resources = vec![resource];
        mask.push("resources");
    } else if !has_resource {
        wanted.resources = app.resources.iter().filter(|r| r.name != resource.name).cloned().collect();
        wanted.resources.push(resource);
        mask.push("resources");
        reasons.push(format!("adds the resource {DATABASE_RESOURCE}"));
    }
    let missing: Vec<&str> =
        USER_API_SCOPES.into_iter().filter(|scope| !app.user_api_scopes.iter().any(|s| s == scope)).collect();
    let foreign: Vec<&str> =
        app.user_api_scopes.iter().map(String::as_str).filter(|s| !USER_API_SCOPES.contains(s)).collect();
    let takes_scopes = prune && !foreign.is_empty();
    if !missing.is_empty() || takes_scopes {
        let kept = app.user_api_scopes.iter().filter(|s| !prune || !foreign.contains(&s.as_str()));
        wanted.user_api_scopes = kept.cloned().collect();
        wanted.user_api_scopes.extend(missing.iter().map(|&scope| scope.to_owned()));
        mask.push("user_api_scopes");
    }
    if !missing.is_empty() {
        reasons.push(format!("adds the scopes {}", missing.join(", ")));
    }
    if takes_scopes {
        reasons.push(format!("takes away the scopes {}", foreign.join(", ")));
    }
    if let Some(size) = spec
        .app_compute
        .as_ref()
        .filter(|size| app.compute_size.as_ref().map(ComputeSize::as_str) != Some(size.as_str()))
    {
        wanted.compute_size = Some(size.as_str().into());
        mask.push("compute_size");
        reasons.push(format!("compute becomes {size}"));
    }
    if let Some(text) =
        spec.description.as_ref().filter(|text| app.description.as_deref() != Some(text.as_str()))
    {
        wanted.description = Some(text.to_string());
        mask.push("description");
        reasons.push("new description".into());
    }
    let row = format!("app {}", app.name);
    if mask.is_empty() {
        plan.add(Change::Keep, row, "scopes, resources and compute are as they should be", None);
    } else {
        plan.add(
            Change::Update,
            row,
            reasons.join("; "),
            Some(Action::UpdateApp { mask, app: Box::new(wanted) }),
        );
    }
    start_compute(plan, app);
}

/// Two resources that give the app the same database with the same right, under whatever key.
fn is_same_target(existing: &AppResource, wanted: &AppResource) -> bool {
    existing.database == wanted.database && existing.postgres == wanted.postgres
}

pub(super) fn start_compute(plan: &mut Plan, app: &App) {
    let state = app.compute_status.as_ref().and_then(|status| status.state.clone());
    let resource = format!("compute of app {}", app.name);
    match state {
        Some(ComputeState::Active) => {}
        Some(ComputeState::Starting | ComputeState::Updating) => {
            plan.add(
                Change::Wait,
                resource,
                "wait until it is active",
                Some(Action::StartCompute { call: false }),
            );
        }
        _ => plan.add(Change::Run, resource, "start it", Some(Action::StartCompute { call: true })),
    }
}

/// Plans rights for others: those that are missing are given, and nobody's are taken away, unless that was asked for.
pub(super) fn grant_permissions(plan: &mut Plan, deployment: &Deployment, seen: Option<&AppPermissions>) {
    let has = |wanted: &&AppAccessControlRequest| seen.is_some_and(|seen| grants(seen, wanted));
    let missing: Vec<AppAccessControlRequest> =
        deployment.permissions.iter().filter(|wanted| !has(wanted)).cloned().collect();
    if deployment.permissions.is_empty() {
        return;
    }
    let resource = format!("permissions of app {}", deployment.app_name);
    if missing.is_empty() {
        plan.add(Change::Keep, resource, format!("{} are given", deployment.permissions.len()), None);
        return;
    }
    let names: Vec<&str> = missing.iter().map(principal).collect();
    let reason = format!("given to {}; those of others are kept", names.join(", "));
    plan.add(Change::Update, resource, reason, Some(Action::GrantPermissions(missing)));
}

/// Whether the list gives what is wanted, or more.
pub(crate) fn grants(seen: &AppPermissions, wanted: &AppAccessControlRequest) -> bool {
    let enough = |level: Option<&AppPermissionLevel>| {
        level == wanted.permission_level.as_ref() || level == Some(&AppPermissionLevel::CanManage)
    };
    seen.access_control_list.iter().any(|entry| {
        let same = entry.user_name == wanted.user_name
            && entry.group_name == wanted.group_name
            && entry.service_principal_name == wanted.service_principal_name;
        same && entry.all_permissions.iter().any(|permission| enough(permission.permission_level.as_ref()))
    })
}

/// Whom a right is given to.
pub(crate) fn principal(request: &AppAccessControlRequest) -> &str {
    let names = [&request.user_name, &request.group_name, &request.service_principal_name];
    names.into_iter().flatten().next().map_or("nobody", String::as_str)
}

/// Plans the deployment itself.
pub(super) fn deploy(plan: &mut Plan, app_name: &AppName, folder: &WorkspacePath) {
    let path = folder.to_string();
    let reason = format!("from {path}, then wait until it runs");
    let action = Action::Deploy { source_code_path: path, started: None };
    plan.add(Change::Run, format!("deployment of app {app_name}"), reason, Some(action));
}
