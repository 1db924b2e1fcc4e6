//! The app and its settings in a plan.

use databricks::apps::{
    App, AppResource, AppResourceDatabase, AppResourcePostgres, ComputeSize, ComputeState, DatabasePermission,
};

use super::{Action, Change, DATABASE_RESOURCE, Plan, USER_API_SCOPES};
use crate::app_files::ManifestDatabase;
use crate::lakebase::{DATABASE, DEFAULT_BRANCH, LakebaseKind};
use crate::observation::Observation;
use crate::spec::{CreateSpec, Deployment, LakebaseType, UpdateSpec};

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
        Some(app) if is_unfinished_create(app, &spec.deployment, &observation.user_name) => {
            plan.add(Change::Keep, resource, "registered by you before, and never deployed", None);
            start_compute(plan, app);
        }
        Some(_) => plan.refuse(
            format!("An app with the same name already exists: {name}"),
            "use `update` to bring it a new version, or choose a different name",
        ),
    }
}

/// An app that was registered for this very deployment by the same person and has never run anything.
fn is_unfinished_create(app: &App, deployment: &Deployment, user_name: &str) -> bool {
    app.creator.as_deref() == Some(user_name)
        && app.default_source_code_path.as_deref() == Some(deployment.workspace_path.as_str())
        && app.active_deployment.is_none()
        && app.pending_deployment.is_none()
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
    if !app.resources.iter().any(|existing| is_same_target(existing, &resource)) {
        wanted.resources = app.resources.iter().filter(|r| r.name != resource.name).cloned().collect();
        wanted.resources.push(resource);
        mask.push("resources");
        reasons.push(format!("adds the resource {DATABASE_RESOURCE}"));
    }
    let missing: Vec<&str> =
        USER_API_SCOPES.into_iter().filter(|scope| !app.user_api_scopes.iter().any(|s| s == scope)).collect();
    if !missing.is_empty() {
        wanted.user_api_scopes = app.user_api_scopes.clone();
        wanted.user_api_scopes.extend(missing.iter().map(|&scope| scope.to_owned()));
        mask.push("user_api_scopes");
        reasons.push(format!("adds the scopes {}", missing.join(", ")));
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

fn start_compute(plan: &mut Plan, app: &App) {
    let state = app.compute_status.as_ref().and_then(|status| status.state.clone());
    let resource = format!("compute of app {}", app.name);
    match state {
        Some(ComputeState::Active) => {}
        Some(ComputeState::Starting | ComputeState::Updating) => {
            plan.add(
                Change::Run,
                resource,
                "wait until it is active",
                Some(Action::StartCompute { call: false }),
            );
        }
        _ => plan.add(Change::Run, resource, "start it", Some(Action::StartCompute { call: true })),
    }
}

/// Plans rights for others.
pub(super) fn grant_permissions(plan: &mut Plan, deployment: &Deployment) {
    if deployment.permissions.is_empty() {
        return;
    }
    let resource = format!("permissions of app {}", deployment.app_name);
    let reason = format!("{} given, those that exist are kept", deployment.permissions.len());
    plan.add(
        Change::Update,
        resource,
        reason,
        Some(Action::GrantPermissions(deployment.permissions.clone())),
    );
}

/// Plans the deployment itself.
pub(super) fn deploy(plan: &mut Plan, deployment: &Deployment) {
    let path = deployment.workspace_path.to_string();
    let reason = format!("from {path}, then wait until it runs");
    let action = Action::Deploy { source_code_path: path };
    plan.add(Change::Run, format!("deployment of app {}", deployment.app_name), reason, Some(action));
}
