//! What was seen, on its way to JavaScript and to a plan.

use databricks::apps::App;
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{DeployPlan, to_js};
use crate::lakebase::LakebaseDatabase;
use crate::observation::{LakebaseSeen, Observation as Seen};
use crate::plan::plan;
use crate::spec::Request;

/// A workspace as it was when somebody looked, for one operation with its settings.
#[wasm_bindgen]
pub struct Observation {
    request: Request,
    seen: Seen,
}

impl Observation {
    pub(super) fn new(request: Request, seen: Seen) -> Self {
        Self { request, seen }
    }
}

#[wasm_bindgen]
impl Observation {
    /// What is to be done, from what was seen; makes no call. What stands in the way is part of the plan.
    pub fn plan(&self) -> DeployPlan {
        DeployPlan(plan(&self.request, &self.seen))
    }

    /// What was seen, without credentials.
    #[wasm_bindgen(js_name = toJSON, unchecked_return_type = "ObservationView")]
    pub fn to_json(&self) -> Result<JsValue, JsValue> {
        let Seen { user_name, app, lakebase, files, schema, journal, .. } = &self.seen;
        to_js(&json!({
            "user_name": user_name,
            "app": app.as_ref().map(app_view),
            "lakebase": lakebase_view(lakebase),
            "schema": schema.as_ref().map(|schema| json!({
                "owner": schema.owner,
                "tables": schema.tables,
                "app_granted": schema.app_granted,
            })),
            "files": { "folder_exists": files.directory, "names": files.names },
            "last_run": journal.as_ref().and_then(|journal| journal.head.as_ref()),
        }))
    }
}

fn app_view(app: &App) -> Value {
    let state = app.app_status.as_ref().and_then(|status| status.state.as_ref());
    json!({ "name": app.name, "url": app.url, "state": state })
}

fn lakebase_view(seen: &LakebaseSeen) -> Value {
    let found = |database: &LakebaseDatabase| {
        let LakebaseDatabase { name, state, .. } = database;
        json!({ "name": name.as_str(), "type": database.lakebase_type().as_str(), "state": state })
    };
    seen.found().map_or(Value::Null, found)
}
