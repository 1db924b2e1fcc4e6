//! Database and schema in a plan.

use super::{Action, Change, Plan};
use crate::app_files::ManifestDatabase;
use crate::lakebase::{DEFAULT_BRANCH, LakebaseDatabase};
use crate::observation::{LakebaseSeen, Observation};
use crate::schema::SchemaObservation;
use crate::spec::{Deployment, LakebaseCompute, LakebaseName, LakebaseType, SchemaName, SchemaSetup};

/// Plans the database of a create: kept if it exists, else made. Gives what app.yaml will say about it.
pub(super) fn make_or_keep(
    plan: &mut Plan,
    deployment: &Deployment,
    compute: LakebaseCompute,
    observation: &Observation,
) -> ManifestDatabase {
    let name = &deployment.lakebase_name;
    let available = match &observation.lakebase {
        LakebaseSeen::Found(database) => {
            keep(plan, database);
            return seen(database);
        }
        LakebaseSeen::Absent { autoscaling_available } => *autoscaling_available,
        LakebaseSeen::NotAsked => true,
    };
    let lakebase_type = match deployment.lakebase_type {
        Some(LakebaseType::Autoscaling) if !available => {
            plan.refuse(
                "this workspace has no Lakebase Autoscaling",
                "use `lakebase_type` = `provisioned`, or another workspace",
            );
            LakebaseType::Autoscaling
        }
        Some(wanted) => wanted,
        None if available => LakebaseType::Autoscaling,
        None => LakebaseType::Provisioned,
    };
    let reason = match (lakebase_type, deployment.lakebase_type) {
        (LakebaseType::Autoscaling, _) => {
            let (least, most) = compute.autoscaling_limits();
            format!("Autoscaling project, {least} to {most} CU")
        }
        (LakebaseType::Provisioned, Some(_)) => format!("Provisioned instance, {}", compute.as_str()),
        (LakebaseType::Provisioned, None) => {
            format!("Provisioned instance, {}: this workspace has no Lakebase Autoscaling", compute.as_str())
        }
    };
    let action = Action::CreateLakebase { name: name.clone(), lakebase_type, compute };
    plan.add(Change::Create, format!("Lakebase {name}"), reason, Some(action));
    foreseen(name, lakebase_type)
}

/// Plans an existing database: kept, and awaited if it is not ready.
pub(super) fn keep(plan: &mut Plan, database: &LakebaseDatabase) {
    let resource = format!("Lakebase {}", database.name);
    let (kind, state) = (database.lakebase_type().as_str(), &database.state);
    if database.is_ready() {
        plan.add(Change::Keep, resource, format!("{kind}, {state}"), None);
    } else if state == "STOPPED" || state == "DELETING" {
        plan.refuse(
            format!("Lakebase {} is {state}", database.name),
            "start it in the workspace's Compute page, or name another database",
        );
    } else {
        let reason = format!("{kind}, {state}: wait until it is ready");
        plan.add(Change::Wait, resource, reason, Some(Action::AwaitLakebase));
    }
}

/// What app.yaml says about a database that exists.
pub(super) fn seen(database: &LakebaseDatabase) -> ManifestDatabase {
    let lakebase_type = database.lakebase_type();
    let foreseen = foreseen(&database.name, lakebase_type);
    ManifestDatabase { endpoint: database.endpoint().map(str::to_owned).or(foreseen.endpoint), ..foreseen }
}

/// What app.yaml will say about a database that is yet to be made: the platform names branch and endpoint itself.
fn foreseen(name: &LakebaseName, lakebase_type: LakebaseType) -> ManifestDatabase {
    let endpoint = match lakebase_type {
        LakebaseType::Autoscaling => {
            Some(format!("projects/{name}/branches/{DEFAULT_BRANCH}/endpoints/primary"))
        }
        LakebaseType::Provisioned => None,
    };
    ManifestDatabase { lakebase_type, name: name.to_string(), endpoint }
}

/// Plans the schema of a create or an update without a reset.
pub(super) fn prepare_schema(plan: &mut Plan, deployment: &Deployment, seen: Option<&SchemaObservation>) {
    let schema = &deployment.schema_name;
    let resource = format!("schema {schema} in {}", deployment.lakebase_name);
    let existing = seen.filter(|s| s.exists());
    if let Some(found) = existing.filter(|s| s.python_original) {
        plan.warnings.push(format!(
            "schema {schema} holds {} tables of the Python original; they are left untouched",
            found.tables
        ));
    }
    match (deployment.schema_setup, existing) {
        (SchemaSetup::App, _) => {
            plan.add(Change::Run, resource, "the app makes and migrates it at its next start", None)
        }
        (SchemaSetup::Engine, None) => {
            let action = Action::PrepareSchema(schema.clone());
            plan.add(Change::Create, resource, "with the app's grants", Some(action));
        }
        (SchemaSetup::Engine, Some(found)) if found.app_granted == Some(true) => {
            let owner = found.owner.as_deref().unwrap_or_default();
            let reason = format!("{} tables stay; {owner} owns it, and the app has its rights", found.tables);
            plan.add(Change::Keep, resource, reason, None);
        }
        (SchemaSetup::Engine, Some(found)) if found.owner.as_deref() == Some(plan.user_name.as_str()) => {
            let action = Action::PrepareSchema(schema.clone());
            let reason = format!("{} tables stay; the app's grants are renewed", found.tables);
            plan.add(Change::Update, resource, reason, Some(action));
        }
        (SchemaSetup::Engine, Some(found)) => {
            let owner = found.owner.as_deref().unwrap_or_default();
            let is_app =
                plan.app.as_ref().and_then(|app| app.service_principal_client_id.as_deref()) == Some(owner);
            if is_app {
                plan.add(Change::Keep, resource, format!("{} tables; the app owns it", found.tables), None);
            } else {
                let action = Action::PrepareSchema(schema.clone());
                let reason =
                    format!("{} tables stay; {owner} owns it, so the grants may be refused", found.tables);
                plan.add(Change::Update, resource, reason, Some(action));
            }
        }
    }
}

/// Plans dropping a schema and making it again.
pub(super) fn reset_schema(plan: &mut Plan, deployment: &Deployment, seen: Option<&SchemaObservation>) {
    let schema = &deployment.schema_name;
    let resource = format!("schema {schema} in {}", deployment.lakebase_name);
    let lost = lost_tables(seen);
    match deployment.schema_setup {
        SchemaSetup::Engine => {
            let reset_id = plan.reset_id.clone().unwrap_or_else(|| plan.run_id.clone());
            let reason = match &plan.resumes {
                Some(resumed) => {
                    format!("{lost}, then made again, unless run {} has done it", resumed.number)
                }
                None => format!("{lost}, then made again"),
            };
            let action = Action::ResetSchema { schema: schema.clone(), reset_id };
            plan.add(Change::Delete, resource, reason, Some(action));
        }
        SchemaSetup::App => {
            plan.add(Change::Delete, resource, format!("{lost}, once, by the app at its next start"), None);
        }
    }
}

/// Plans dropping a schema for good.
pub(super) fn drop_schema(
    plan: &mut Plan,
    schema: &SchemaName,
    lakebase: &str,
    seen: Option<&SchemaObservation>,
) {
    let resource = format!("schema {schema} in {lakebase}");
    let action = Action::DropSchema(schema.clone());
    match seen {
        Some(seen) if !seen.exists() => plan.add(Change::Keep, resource, "it does not exist", None),
        _ => plan.add(Change::Delete, resource, lost_tables(seen), Some(action)),
    }
}

fn lost_tables(seen: Option<&SchemaObservation>) -> String {
    match seen {
        Some(seen) if seen.exists() => format!("dropped with its {} tables", seen.tables),
        _ => "dropped with everything in it".into(),
    }
}
