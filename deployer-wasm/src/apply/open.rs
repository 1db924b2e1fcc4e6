//! Opening a run: the plan is still the right one, and nobody else is at work.

use std::time::Duration;

use crate::engine::Engine;
use crate::error::DeployError;
use crate::journal::{Begun, FORMAT, Keeper, Operation, RunRecord, RunState, Settings, begin};
use crate::plan::{ApprovedPlan, Plan, differences, plan as make_plan};

/// For how long a look at the workspace counts as fresh. Whoever takes longer to approve gets another look.
const FRESH: Duration = Duration::from_secs(5);

/// How often a plan is made again because others finish their runs in between.
const ATTEMPTS: u32 = 3;

/// A run that may begin.
pub(super) struct Opened {
    /// The plan, of a fresh look.
    pub(super) plan: Plan,
    /// Its place in the journal. There is none where there is nothing to do or no folder to keep it beside.
    pub(super) keeper: Option<Keeper>,
}

impl Engine {
    /// Makes sure that `plan` is what was approved and what the workspace calls for, and takes the lock.
    pub(super) async fn open(&self, approved: &ApprovedPlan, plan: &Plan) -> Result<Opened, DeployError> {
        let mut plan = plan.clone();
        let mut silent = None;
        for _ in 0..ATTEMPTS {
            if !plan.refusals.is_empty() {
                return Err(DeployError::Refused(plan.refusals));
            }
            if u128::from(plan.seen_at.elapsed_ms()) > FRESH.as_millis() {
                plan = self.again(&plan).await?;
            }
            let differences = differences(approved, &plan);
            if !differences.is_empty() {
                return Err(DeployError::Changed(differences));
            }
            let Some(journal) = plan.journal.as_ref().filter(|_| plan.has_work()) else {
                return Ok(Opened { plan, keeper: None });
            };
            match begin(self, journal, self.record(&plan, journal.next_number()), silent).await? {
                Begun::Run(keeper) => return Ok(Opened { plan, keeper: Some(*keeper) }),
                Begun::LookAgain { dead } => {
                    silent = dead;
                    plan = self.again(&plan).await?;
                }
            }
        }
        match plan.journal.and_then(|journal| journal.head) {
            Some(head) => Err(DeployError::Locked { holder: Box::new(head) }),
            None => Err(DeployError::Changed(Vec::new())),
        }
    }

    async fn again(&self, plan: &Plan) -> Result<Plan, DeployError> {
        let observation = self.observe(&plan.request).await?;
        Ok(make_plan(&plan.request, &observation))
    }

    fn record(&self, plan: &Plan, number: u64) -> RunRecord {
        let now = databricks::now();
        RunRecord {
            format: FORMAT,
            number,
            run_id: plan.run_id.clone(),
            operation: Operation::of(&plan.request),
            user: plan.user_name.clone(),
            origin: self.origin.name.clone(),
            process: self.origin.process.clone(),
            program: self.origin.program.clone(),
            started_at: now,
            beat_at: now,
            beat: 0,
            state: RunState::Running,
            app_name: plan.request.app_name().to_string(),
            settings: Settings::of(&plan.request),
            continues: plan.resumes.as_ref().map(|resumed| resumed.number),
            reset_id: plan.reset_id.clone(),
            deployment_before: plan.deployment_before.clone(),
            deployment_id: None,
            restored: None,
            steps: plan.resumes.as_ref().map(|resumed| resumed.steps.clone()).unwrap_or_default(),
            error: None,
        }
    }
}
