//! Waiting for something that the engine looks at itself.

use std::time::Duration;

use databricks::{Clock, Error, Progress, SystemClock, TimeoutError, Wait};

use super::Step;
use crate::error::{Cause, is_uncertain};
use crate::timing::Stopwatch;

/// How many looks in a row may fail for want of an answer.
const FAILED_LOOKS: u32 = 5;

/// One look: either what was waited for, or what there is instead.
pub(super) enum Look<T> {
    /// It has come.
    Done(T),
    /// Not yet; the state in words.
    NotYet(String),
}

impl Step<'_> {
    /// The wait that the client's own waiters get: a deadline, and this run's cancellation.
    pub(super) fn wait<'w>(&'w self, deadline: Duration, on_progress: &'w Progress<'w>) -> Wait<'w> {
        Wait { deadline, cancel: &self.engine.cancel, on_progress }
    }

    /// Looks until what is waited for has come, the deadline has passed or the run is cancelled.
    pub(super) async fn until<T, F>(
        &self,
        deadline: Duration,
        what: &str,
        mut look: impl FnMut() -> F,
    ) -> Result<T, Cause>
    where
        F: Future<Output = Result<Look<T>, Cause>>,
    {
        let clock = Stopwatch::start();
        let mut pause = Duration::from_millis(250);
        let mut failures = 0;
        loop {
            let state = match look().await {
                Ok(Look::Done(found)) => return Ok(found),
                Ok(Look::NotYet(state)) => {
                    failures = 0;
                    state
                }
                // A wait of minutes does not end because one look at it failed.
                Err(Cause::Databricks(error)) if is_uncertain(&error) && failures < FAILED_LOOKS => {
                    failures += 1;
                    error.to_string()
                }
                Err(cause) => return Err(cause),
            };
            self.progress(&state);
            if self.engine.cancel.is_cancelled() {
                return Err(Error::Cancelled { waiting_for: what.to_owned() }.into());
            }
            if u128::from(clock.elapsed_ms()) >= deadline.as_millis() {
                let late = TimeoutError {
                    what: what.to_owned(),
                    last_seen: Some(state),
                    after: deadline,
                    last_error: None,
                };
                return Err(Error::Timeout(late).into());
            }
            SystemClock.sleep(pause.min(self.engine.timing.poll)).await;
            pause = (pause * 2).min(self.engine.timing.poll);
        }
    }
}
