//! Keeping the run file of a run that goes on: each confirmed step, signs of life, the end; and noticing when somebody
//! has taken over.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use databricks::{Clock, SystemClock};
use futures::lock::Mutex;

use super::observe::read_run;
use super::{HistoryFolder, RunRecord, RunState, StepRecord};
use crate::engine::Engine;
use crate::error::{Cause, DeployError};
use crate::event::Event;
use crate::timing::Stopwatch;

/// The run file of the run that goes on.
pub(crate) struct Keeper {
    engine: Engine,
    folder: HistoryFolder,
    number: u64,
    record: Mutex<RunRecord>,
    clock: Stopwatch,
    /// When, on `clock`, it was last known that nobody has taken over.
    held_at_ms: AtomicU64,
}

impl Keeper {
    pub(super) fn new(engine: &Engine, folder: HistoryFolder, record: RunRecord) -> Self {
        Self {
            engine: engine.clone(),
            folder,
            number: record.number,
            record: Mutex::new(record),
            clock: Stopwatch::start(),
            held_at_ms: AtomicU64::new(0),
        }
    }

    /// Writes down a confirmed step. That it cannot be written is told and does not stop the run: what counts is what the
    /// workspace shows.
    pub(crate) async fn confirm(&self, step: StepRecord) {
        let mut record = self.record.lock().await;
        record.steps.push(step);
        self.write_or_tell(&mut record).await;
    }

    /// Writes down that what the run has done is being undone, so that nobody goes on with it.
    pub(crate) async fn begin_to_restore(&self, deployment_id: &str) {
        let mut record = self.record.lock().await;
        record.restored = Some(deployment_id.to_owned());
        self.write_or_tell(&mut record).await;
    }

    /// Writes down that the run has ended, and how.
    pub(crate) async fn close(&self, end: End) {
        let mut record = self.record.lock().await;
        match end {
            End::Succeeded { last_step, deployment_id, restored } => {
                record.state = RunState::Succeeded;
                record.steps.extend(last_step);
                record.deployment_id = deployment_id;
                record.restored = restored;
            }
            End::Failed { last_step, error, deployment_id, restored } => {
                record.state = RunState::Failed;
                record.steps.extend(last_step);
                record.error = Some(error);
                record.deployment_id = deployment_id;
                record.restored = restored.or(record.restored.take());
            }
        }
        self.write_or_tell(&mut record).await;
    }

    /// Fails if another run has taken over. Asks only if it has not been known for a while: nobody takes over from a run
    /// that gave a sign of life within the lease.
    pub(crate) async fn check_held(&self) -> Result<(), DeployError> {
        let since = self.clock.elapsed_ms().saturating_sub(self.held_at_ms.load(Ordering::Relaxed));
        if u128::from(since) < self.engine.lock.lease.as_millis() / 2 {
            return Ok(());
        }
        self.look_for_successor().await
    }

    /// Gives signs of life for as long as it is polled; ends only with the error that somebody has taken over.
    pub(crate) async fn beat_until_lost(&self) -> DeployError {
        loop {
            SystemClock.sleep(self.engine.lock.lease / 4).await;
            match self.look_for_successor().await {
                Ok(()) => {}
                Err(lost @ DeployError::Overtaken { .. }) => return lost,
                // Whether the lock is still held is asked again before the next step.
                Err(_) => continue,
            }
            let mut record = self.record.lock().await;
            record.beat += 1;
            self.write_or_tell(&mut record).await;
        }
    }

    async fn look_for_successor(&self) -> Result<(), DeployError> {
        let asked_at = self.clock.elapsed_ms();
        let next = self.number.saturating_add(1);
        match read_run(&self.engine.client, &self.folder, next).await {
            Ok(by) => Err(DeployError::Overtaken { by: Box::new(by) }),
            Err(Cause::Databricks(error)) if error.is_not_found() => {
                self.held_at_ms.store(asked_at, Ordering::Relaxed);
                Ok(())
            }
            Err(cause) => Err(DeployError::Observe { what: "see whether another run has taken over", cause }),
        }
    }

    async fn write_or_tell(&self, record: &mut RunRecord) {
        record.beat_at = databricks::now();
        if let Err(cause) = self.write(record).await {
            let path = self.folder.run(self.number);
            self.engine
                .tell(Event::Notice { message: format!("the journal {path} cannot be written: {cause}") });
        }
    }

    async fn write(&self, record: &RunRecord) -> Result<(), Cause> {
        let path = self.folder.run(self.number);
        let text = Bytes::from(text_of(record)?);
        Ok(self.engine.client.workspace_files().import(&path, text, true).await?)
    }
}

/// How a run ended.
pub(crate) enum End {
    /// Every step was confirmed.
    Succeeded {
        /// The step that had not been written down yet.
        last_step: Option<StepRecord>,
        /// The deployment that now runs.
        deployment_id: Option<String>,
        /// The former deployment whose files were put back.
        restored: Option<String>,
    },
    /// A step failed.
    Failed {
        /// The step before it, if it had not been written down yet.
        last_step: Option<StepRecord>,
        /// Why.
        error: String,
        /// The deployment that now runs, if the former version was put back.
        deployment_id: Option<String>,
        /// The former deployment whose files were put back.
        restored: Option<String>,
    },
}

pub(super) fn text_of(record: &RunRecord) -> Result<Vec<u8>, Cause> {
    let text = serde_json::to_vec_pretty(record);
    text.map_err(|error| Cause::Journal(format!("the journal cannot be written as JSON: {error}")))
}
