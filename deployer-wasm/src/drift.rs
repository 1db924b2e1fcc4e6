//! How a deployment stands: what was asked for last, and where the workspace differs from it by now.

use databricks::apps::App;
use serde::Serialize;

use crate::app_files::{APP_YAML, REQUIREMENTS_TXT};
use crate::engine::Engine;
use crate::error::{Cause, DeployError};
use crate::journal::{HistoryFolder, JournalSeen, RunRecord, last_success, see_journal};
use crate::observation::Observation;
use crate::plan::{Change, PlanRow, Refusal, plan};
use crate::spec::{AppName, Request, SchemaSetup, UpdateSpec, WorkspacePath};

/// An app, its journal, and its drift.
#[derive(Clone, Debug)]
pub struct DeploymentState {
    /// The app.
    pub app: App,
    /// Its journal; `None` if the app was not deployed from a folder that could have one.
    pub journal: Option<JournalSeen>,
    /// The run whose settings hold, if one is kept.
    pub settled_by: Option<RunRecord>,
    /// Where the workspace differs from those settings.
    pub drift: Vec<Drift>,
}

/// One thing that is not as it was asked for. An update with the same settings repairs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// What.
    pub resource: String,
    /// How it differs, in the words of what an update would do about it.
    pub difference: String,
}

impl Engine {
    /// Looks at the app, at its journal, and at everything that the last settings ask for. Reads only.
    pub async fn state(&self, app_name: &AppName) -> Result<DeploymentState, DeployError> {
        let app =
            self.client.apps().get(app_name.as_str()).await.map_err(|error| DeployError::Observe {
                what: "look for the app",
                cause: Cause::from(error),
            })?;
        let folder = app.default_source_code_path.as_deref().and_then(|path| WorkspacePath::parse(path).ok());
        let Some(folder) = folder else {
            return Ok(DeploymentState { app, journal: None, settled_by: None, drift: Vec::new() });
        };
        let journal = see_journal(&self.client, HistoryFolder::beside(&folder)).await?;
        let settled_by = last_success(&self.client, &journal).await?;
        let drift = match &settled_by {
            Some(record) => self.drift(record, &journal).await?,
            None => Vec::new(),
        };
        Ok(DeploymentState { app, journal: Some(journal), settled_by, drift })
    }

    async fn drift(&self, record: &RunRecord, journal: &JournalSeen) -> Result<Vec<Drift>, DeployError> {
        let spec = record.settings.to_raw().update().map_err(DeployError::Invalid)?;
        // Files tell something only if the settings' own run has written the ones that are there.
        let files = journal.head.as_ref().is_some_and(|head| head.number == record.number);
        let request = Request::Update(spec);
        let observation = self.observe(&request).await?;
        let plan = plan(&request, &observation);
        let Request::Update(spec) = &request else { return Ok(Vec::new()) };
        let refused = plan.refusals.iter().map(of_refusal);
        let rows =
            plan.rows.iter().filter(|row| is_drift(row, spec, files && record.settings.source.is_none()));
        let owner = owner_drift(record, &observation);
        Ok(refused.chain(rows.map(of_row)).chain(owner).collect())
    }
}

/// A schema that belongs neither to whoever made it nor to the app. No update can repair that: only its owner can.
fn owner_drift(record: &RunRecord, observation: &Observation) -> Option<Drift> {
    let owner = observation.schema.as_ref()?.owner.as_deref()?;
    let app = observation.app.as_ref().and_then(|app| app.service_principal_client_id.as_deref());
    if owner == record.user || owner == observation.user_name || Some(owner) == app {
        return None;
    }
    let schema = record.settings.values.get("schema_name")?;
    let difference = format!("{owner} owns it; {} deployed it", record.user);
    Some(Drift { resource: format!("owner of schema {schema}"), difference })
}

fn is_drift(row: &PlanRow, spec: &UpdateSpec, comparable_files: bool) -> bool {
    let changes = matches!(row.change, Change::Create | Change::Update | Change::Delete);
    let copy = row.resource.starts_with("copy of version");
    let text =
        row.resource == format!("file {APP_YAML}") || row.resource == format!("file {REQUIREMENTS_TXT}");
    // An app that prepares its schema itself is told so in app.yaml by ids that no later plan has.
    let tells_ids = spec.deployment.schema_setup == SchemaSetup::App;
    let file = row.resource.starts_with("file ");
    changes && !copy && (!file || (text && comparable_files && !tells_ids))
}

fn of_row(row: &PlanRow) -> Drift {
    Drift { resource: row.resource.clone(), difference: difference(row) }
}

/// What is not as it should be, from what an update would do about it.
fn difference(row: &PlanRow) -> String {
    let kind = row.resource.split(' ').next().unwrap_or_default();
    match (kind, row.change) {
        ("schema", Change::Create) => "it does not exist".into(),
        ("schema", _) => "the app lacks rights on it that the deployment gives".into(),
        ("file", Change::Create) => "it does not exist".into(),
        ("file", _) => "it is not what the deployment has written".into(),
        _ => {
            let words = [
                ("adds the ", "lacks the "),
                ("compute becomes ", "its compute is not "),
                ("new description", "its description is another"),
                ("given to ", "not given to "),
            ];
            let said = words.iter().fold(row.reason.clone(), |text, (plan, drift)| text.replace(plan, drift));
            said.split("; those of others").next().unwrap_or_default().to_owned()
        }
    }
}

fn of_refusal(refusal: &Refusal) -> Drift {
    Drift { resource: "deployment".into(), difference: refusal.message.clone() }
}
