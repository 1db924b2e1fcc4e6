//! The plan of a delete.

use super::{Action, Change, Plan, app, database};
use crate::observation::Observation;
use crate::spec::DeleteSpec;

/// The schema first, if it is to be dropped, then the app. What does not exist any more is no failure: an interrupted
/// delete can be run again.
pub(super) fn plan(plan: &mut Plan, spec: &DeleteSpec, observation: &Observation) {
    if let Some(reset) = &spec.reset {
        match observation.lakebase.found() {
            Some(found) => {
                database::keep(plan, found);
                database::drop_schema(
                    plan,
                    &reset.schema_name,
                    reset.lakebase_name.as_str(),
                    observation.schema.as_ref(),
                );
            }
            None => plan.refuse(
                format!("Lakebase not found: {}", reset.lakebase_name),
                "name the database whose schema is to be dropped, or delete the app without `reset_database`",
            ),
        }
    }
    let resource = format!("app {}", spec.app_name);
    match &observation.app {
        Some(found) if app::is_deleting(found) => {
            plan.add(
                Change::Wait,
                resource,
                "it is being deleted: wait until it is gone",
                Some(Action::DeleteApp),
            );
        }
        Some(_) => {
            let reason = "with its address, its service principal and its deployments";
            plan.add(Change::Delete, resource, reason, Some(Action::DeleteApp));
            let (kept, reason) = match &spec.reset {
                Some(_) => ("workspace files", "a delete leaves them where they are"),
                None => ("database and workspace files", "a delete takes only the app"),
            };
            plan.add(Change::Keep, kept, reason, None);
        }
        None => {
            plan.add(Change::Keep, resource, "it does not exist", None);
            plan.warnings
                .push(format!("there is no app {} in this workspace: nothing to delete", spec.app_name));
        }
    }
}
