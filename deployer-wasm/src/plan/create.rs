//! The plan of a create.

use super::{Plan, app, database, files};
use crate::app_files::Manifest;
use crate::observation::Observation;
use crate::spec::CreateSpec;

/// Database, files, app, rights, schema, deployment.
pub(super) fn plan(plan: &mut Plan, spec: &CreateSpec, observation: &Observation) {
    let deployment = &spec.deployment;
    let lakebase = database::make_or_keep(plan, deployment, spec.lakebase_compute, observation);
    let manifest = Manifest::of(deployment, lakebase.clone());
    files::write(plan, deployment, manifest, &observation.files);
    app::create(plan, spec, &lakebase, observation);
    app::grant_permissions(plan, deployment, observation.permissions.as_ref());
    database::prepare_schema(plan, deployment, observation.schema.as_ref());
    app::deploy(plan, &deployment.app_name, &deployment.workspace_path);
}
