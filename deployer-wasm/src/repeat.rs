//! Doing again what may be done again without harm.

use databricks::{Clock, SystemClock};

use crate::timing::Timing;

/// How often something is tried whose failures say nothing.
pub(crate) const ATTEMPTS: u32 = 3;

/// Does something that may be repeated without harm, again after a failure that `is_passing`, with growing pauses and at most
/// [`ATTEMPTS`] times. `tell` hears of each such failure.
pub(crate) async fn repeatedly<T, E, Acting>(
    timing: &Timing,
    act: impl Fn() -> Acting,
    is_passing: impl Fn(&E) -> bool,
    tell: impl Fn(&E),
) -> Result<T, E>
where
    Acting: Future<Output = Result<T, E>>,
{
    let mut attempt = 0;
    loop {
        attempt += 1;
        match act().await {
            Err(error) if is_passing(&error) && attempt < ATTEMPTS => {
                tell(&error);
                SystemClock.sleep(timing.pause(attempt)).await;
            }
            other => return other,
        }
    }
}
