//! The plan of an update.

use super::{Action, Change, Plan, app, database, files, versions};
use crate::app_files::{APP_YAML, Manifest, ManifestDatabase};
use crate::observation::Observation;
use crate::spec::{SchemaSetup, UpdateSpec};

/// App, rights, schema and key, then the files, and what cannot be undone last: the reset, and the deployment. The key moves
/// before the file that holds it is overwritten. The database must exist: an update that made an empty one would look like
/// a loss of every deck.
pub(super) fn plan(plan: &mut Plan, spec: &UpdateSpec, observation: &Observation) {
    let deployment = &spec.deployment;
    let name = &deployment.app_name;
    let Some(app) = observation.app.as_ref().filter(|app| !app::is_deleting(app)) else {
        let (state, hint) = match observation.app {
            Some(_) => ("is being deleted", "wait until it is gone, and then use `create`"),
            None => ("does not exist", "use `create` to put Tellr into it"),
        };
        plan.refuse(format!("the app {name} {state} in this workspace"), hint);
        return;
    };
    let Some(lakebase) = observation.lakebase.found() else {
        plan.refuse(
            format!("Lakebase not found: {}", deployment.lakebase_name),
            "name the database that the app uses; only `create` makes a new one",
        );
        return;
    };
    if observation.files.app_yaml.is_none() && app.active_deployment.is_some() {
        let runs_from = app.default_source_code_path.as_deref().unwrap_or("another folder");
        plan.refuse(
            format!("there is no {APP_YAML} in {}, and the app {name} runs", deployment.workspace_path),
            format!(
                "name the folder of the running app ({runs_from}): its {APP_YAML} may hold an encryption key"
            ),
        );
        return;
    }
    database::keep(plan, lakebase);
    let manifest_database = database::seen(lakebase);
    let manifest = manifest(spec, manifest_database.clone(), plan.reset_id.clone(), observation);
    app::update(plan, spec, app, &manifest_database, observation);
    app::grant_permissions(plan, deployment, observation.permissions.as_ref());
    if !spec.reset_database {
        database::prepare_schema(plan, deployment, observation.schema.as_ref());
        keep_encryption_key(plan, spec, observation);
    }
    versions::save(plan, observation);
    files::write(plan, deployment, manifest, &observation.files);
    if spec.reset_database {
        database::reset_schema(plan, deployment, observation.schema.as_ref());
    }
    app::deploy(plan, &deployment.app_name, &deployment.workspace_path);
}

/// The new app.yaml. Where the app prepares its schema itself, it is also told to reset it, and given the old key.
fn manifest(
    spec: &UpdateSpec,
    lakebase: ManifestDatabase,
    reset_id: Option<String>,
    observation: &Observation,
) -> Manifest {
    let mut manifest = Manifest::of(&spec.deployment, lakebase);
    if spec.deployment.schema_setup == SchemaSetup::App {
        if spec.reset_database {
            manifest.reset_id = reset_id;
        } else {
            manifest.encryption_key = observation.files.encryption_key.clone();
        }
    }
    manifest
}

/// A key that stands in the old app.yaml moves into the schema before the new app.yaml is deployed.
fn keep_encryption_key(plan: &mut Plan, spec: &UpdateSpec, observation: &Observation) {
    let deployment = &spec.deployment;
    let Some(key) = &observation.files.encryption_key else { return };
    let resource = format!("encryption key of schema {}", deployment.schema_name);
    match deployment.schema_setup {
        SchemaSetup::Engine => {
            let action =
                Action::KeepEncryptionKey { schema: deployment.schema_name.clone(), key: key.clone() };
            plan.add(
                Change::Update,
                resource,
                format!("moves from {APP_YAML} into the schema"),
                Some(action),
            );
        }
        SchemaSetup::App => {
            plan.add(Change::Run, resource, "the app moves it into its schema at its next start", None);
        }
    }
}
