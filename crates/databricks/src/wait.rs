//! Waiting for the platform to reach a state.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use futures::future::{Either, select};
use futures::pin_mut;

use crate::cancel::Cancel;
use crate::client::Client;
use crate::error::{Error, FailedState, TimeoutError};

/// What hears the platform's own words while a wait goes on ("App compute is starting."), once for each change.
#[cfg(not(target_arch = "wasm32"))]
pub type Progress<'a> = dyn Fn(&str) + Sync + 'a;
/// What hears the platform's own words while a wait goes on ("App compute is starting."), once for each change.
#[cfg(target_arch = "wasm32")]
pub type Progress<'a> = dyn Fn(&str) + 'a;

/// How long to wait, how to stop early, and whom to tell.
#[derive(Clone, Copy)]
pub struct Wait<'a> {
    /// The wait fails with [`Error::Timeout`] after this long.
    pub deadline: Duration,
    /// The wait fails with [`Error::Cancelled`] once this is set.
    pub cancel: &'a Cancel,
    /// Called with the platform's words, each time they change.
    pub on_progress: &'a Progress<'a>,
}

impl fmt::Debug for Wait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("deadline", &self.deadline)
            .field("cancel", &self.cancel)
            .finish_non_exhaustive()
    }
}

/// What one look at the platform says about a wait.
pub(crate) enum Seen {
    /// The state that was waited for.
    Reached,
    /// Not yet; in the platform's words.
    Pending { state: String, message: Option<String> },
    /// It will never come.
    Failed { state: String, message: Option<String> },
}

/// Looks (`look`), judges (`judge`), pauses, and looks again, first at once and then at the growing intervals of the
/// official SDKs, until the state is reached or can never be, the deadline passes or the caller cancels.
pub(crate) async fn poll<T, Look, Fut>(
    client: &Client,
    what: String,
    wait: &Wait<'_>,
    mut look: Look,
    judge: impl Fn(&T) -> Seen,
) -> Result<T, Error>
where
    Look: FnMut(Duration) -> Fut,
    Fut: Future<Output = Result<T, Error>>,
{
    let clock = client.clock();
    let started = clock.elapsed();
    let mut last_seen: Option<String> = None;
    let mut attempt = 0_u32;
    let mut failures = 0_u32;
    loop {
        attempt = attempt.saturating_add(1);
        let left = wait.deadline.saturating_sub(clock.elapsed().saturating_sub(started));
        if left.is_zero() {
            break;
        }
        let seen = match or_cancelled(look(left), wait.cancel, &what).await? {
            Ok(seen) => seen,
            Err(Error::Timeout(_)) if clock.elapsed().saturating_sub(started) >= wait.deadline => break,
            Err(error) if is_passing(&error, clock.elapsed().saturating_sub(started), failures) => {
                failures += 1;
                last_seen = Some(error.to_string());
                or_cancelled(clock.sleep(client.poll_interval(attempt).min(left)), wait.cancel, &what)
                    .await?;
                continue;
            }
            Err(error) => return Err(error),
        };
        failures = 0;
        match judge(&seen) {
            Seen::Reached => return Ok(seen),
            Seen::Failed { state, message } => {
                return Err(Error::FailedState(FailedState {
                    what,
                    state,
                    message: message.unwrap_or_default(),
                }));
            }
            Seen::Pending { state, message } => {
                let words = message.filter(|text| !text.is_empty()).unwrap_or(state);
                if last_seen.as_ref() != Some(&words) {
                    (wait.on_progress)(&words);
                }
                last_seen = Some(words);
            }
        }
        let left = wait.deadline.saturating_sub(clock.elapsed().saturating_sub(started));
        let pause = client.poll_interval(attempt).min(left);
        or_cancelled(clock.sleep(pause), wait.cancel, &what).await?;
    }
    Err(Error::Timeout(TimeoutError { what, last_seen, after: wait.deadline, last_error: None }))
}

/// What has just been made may be unknown to a look for this long.
const APPEARS_WITHIN: Duration = Duration::from_secs(30);

/// So many looks in a row may fail on the platform's side before the wait does.
const FAILED_LOOKS: u32 = 5;

/// Whether a failed look says nothing about what is waited for.
fn is_passing(error: &Error, waited: Duration, failures: u32) -> bool {
    let broken = error.api().is_some_and(|api| api.status >= 500) || error.may_have_taken_effect();
    (error.is_not_found() && waited < APPEARS_WITHIN) || (broken && failures < FAILED_LOOKS)
}

/// Runs `future` unless the caller cancels first.
async fn or_cancelled<F: Future>(future: F, cancel: &Cancel, what: &str) -> Result<F::Output, Error> {
    if cancel.is_cancelled() {
        return Err(Error::Cancelled { waiting_for: what.to_owned() });
    }
    let cancelled = cancel.cancelled();
    pin_mut!(future, cancelled);
    match select(future, cancelled).await {
        Either::Left((output, _)) => Ok(output),
        Either::Right(_) => Err(Error::Cancelled { waiting_for: what.to_owned() }),
    }
}
