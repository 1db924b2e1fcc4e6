//! Beginning a run: making the next run file, which the workspace lets only one caller do, after making sure that the run
//! before it has ended or is dead.

use bytes::Bytes;
use databricks::{Clock, SystemClock};

use super::observe::read_run;
use super::{HistoryFolder, JournalSeen, Keeper, RunRecord};
use crate::engine::Engine;
use crate::error::{Cause, DeployError, is_uncertain};
use crate::event::Event;
use crate::repeat::repeatedly;
use crate::timing::Stopwatch;

/// Stable name of what happens here, in events and errors.
const STEP: &str = "journal";

/// How often a run file is tried to be made when answers are lost.
const ATTEMPTS: u32 = 4;

/// What came of the attempt to begin.
pub(crate) enum Begun {
    /// The run holds the lock.
    Run(Box<Keeper>),
    /// The journal has moved on since it was seen, or it took long to be sure that the run before is dead: the plan must be
    /// made again.
    LookAgain {
        /// The run that is dead, which need not be watched again.
        dead: Option<Silence>,
    },
}

/// A run at the moment from which on it gave no sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Silence {
    number: u64,
    beat: u64,
    steps: usize,
}

impl Silence {
    fn of(record: &RunRecord) -> Self {
        Self { number: record.number, beat: record.beat, steps: record.steps.len() }
    }
}

/// Begins the run that `record` describes, as the one after those that `seen` shows. `dead` is a run that was watched
/// for long enough before.
pub(crate) async fn begin(
    engine: &Engine,
    seen: &JournalSeen,
    record: RunRecord,
    dead: Option<Silence>,
) -> Result<Begun, DeployError> {
    let open = seen.head.as_ref().filter(|head| head.is_open());
    if let Some(head) =
        open.filter(|head| dead != Some(Silence::of(head)) && !may_be_taken_over(engine, head))
    {
        return Ok(Begun::LookAgain { dead: watch(engine, &seen.folder, head).await? });
    }
    let failed = |cause| DeployError::Step { step: STEP, title: "Open the journal".into(), cause };
    if !seen.exists {
        let files = engine.client.workspace_files();
        let made =
            repeatedly(&engine.timing, || files.mkdirs(seen.folder.path()), is_uncertain, |_| {}).await;
        made.map_err(|error| failed(error.into()))?;
    }
    let made = make(engine, &seen.folder, &record).await.map_err(failed)?;
    Ok(match made {
        true => Begun::Run(Box::new(Keeper::new(engine, seen.folder.clone(), record))),
        false => Begun::LookAgain { dead: None },
    })
}

/// Makes the run file. `false` means that somebody else has made it.
async fn make(engine: &Engine, folder: &HistoryFolder, record: &RunRecord) -> Result<bool, Cause> {
    let path = folder.run(record.number);
    let files = engine.client.workspace_files();
    let text = Bytes::from(super::keeper::text_of(record)?);
    let mut attempt = 0;
    loop {
        attempt += 1;
        let error = match files.import(&path, text.clone(), false).await {
            Ok(()) => return Ok(true),
            Err(error) => error,
        };
        if !error.is_already_exists() && !is_uncertain(&error) {
            return Err(error.into());
        }
        // Either somebody else was faster, or this is our own file and the answer was lost.
        match read_run(&engine.client, folder, record.number).await {
            Ok(found) => return Ok(found.run_id == record.run_id),
            Err(Cause::Databricks(unread)) if unread.is_not_found() && attempt < ATTEMPTS => {
                SystemClock.sleep(engine.timing.pause(attempt)).await;
            }
            Err(_) if attempt == ATTEMPTS => return Err(error.into()),
            Err(cause) => return Err(cause),
        }
    }
}

/// Whether an open run may be taken over from without watching it: it certainly runs no more, or that was asked for.
fn may_be_taken_over(engine: &Engine, head: &RunRecord) -> bool {
    let policy = &engine.lock;
    let same_machine = head.origin == engine.origin.name;
    if same_machine && head.process.as_deref().is_some_and(|process| (policy.is_gone)(process)) {
        tell(engine, &format!("{} was interrupted: its process is gone", head.in_words()));
        return true;
    }
    if policy.take_over {
        tell(engine, &format!("taking over from {}, as asked", head.in_words()));
    }
    policy.take_over
}

/// Watches an open run until it ends (`None`) or has been silent for as long as a living run never is. A sign of life is an
/// error.
async fn watch(
    engine: &Engine,
    folder: &HistoryFolder,
    head: &RunRecord,
) -> Result<Option<Silence>, DeployError> {
    let lease = engine.lock.lease;
    let clock = Stopwatch::start();
    let title = format!("Wait for {}", head.in_words());
    engine.tell(Event::StepStarted { step: STEP, title });
    loop {
        let left = lease.saturating_sub(std::time::Duration::from_millis(clock.elapsed_ms()));
        if left.is_zero() {
            let message = format!(
                "it has given no sign of life for {} s: taking over ({})",
                lease.as_secs(),
                head.progress_in_words()
            );
            engine.tell(Event::StepDone { step: STEP, message, elapsed_ms: clock.elapsed_ms() });
            return Ok(Some(Silence::of(head)));
        }
        SystemClock.sleep((lease / 8).min(left)).await;
        if engine.cancel.is_cancelled() {
            let waiting_for = format!("{} to end", head.in_words());
            let cause = databricks::Error::Cancelled { waiting_for }.into();
            return Err(DeployError::Step { step: STEP, title: "Open the journal".into(), cause });
        }
        let now = read_run(&engine.client, folder, head.number).await;
        let now = now.map_err(|cause| DeployError::Observe { what: "read the journal", cause })?;
        if !now.is_open() {
            let message = "it has ended".into();
            engine.tell(Event::StepDone { step: STEP, message, elapsed_ms: clock.elapsed_ms() });
            return Ok(None);
        }
        if Silence::of(&now) != Silence::of(head) {
            return Err(DeployError::Locked { holder: Box::new(now) });
        }
    }
}

fn tell(engine: &Engine, message: &str) {
    engine.tell(Event::Notice { message: message.to_owned() });
}
