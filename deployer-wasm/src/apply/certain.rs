//! Doing something once, although answers can be lost.

use databricks::{Clock, Error, SystemClock};

use super::Step;
use crate::error::{Cause, is_uncertain};
use crate::repeat::{ATTEMPTS, repeatedly};

/// How often is looked for the effect of an attempt: a look may show what was true a moment before.
const LOOKS: u32 = 3;

/// How often something is tried while the platform says that it is only busy.
const ATTEMPTS_WHILE_BUSY: u32 = 30;

fn most_attempts(error: &Error) -> u32 {
    if error.api().is_some_and(|api| api.status == 503) { ATTEMPTS_WHILE_BUSY } else { ATTEMPTS }
}

impl Step<'_> {
    /// Acts until it is certain that the effect is there. When an attempt fails without saying whether it took effect, or
    /// because the effect is there already, `look` decides; `look` gives `None` while it does not see the effect.
    pub(super) async fn certainly<T, Acting, Looking>(
        &self,
        act: impl Fn() -> Acting,
        look: impl Fn() -> Looking,
    ) -> Result<T, Cause>
    where
        Acting: Future<Output = Result<T, Error>>,
        Looking: Future<Output = Result<Option<T>, Error>>,
    {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match act().await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if !is_uncertain(&error) && !error.is_already_exists() {
                return Err(error.into());
            }
            if let Some(found) = self.look_for_effect(&look).await? {
                self.progress("the answer was lost, but it has taken effect");
                return Ok(found);
            }
            // What exists and is not ours will not become ours.
            if error.is_already_exists()
                || attempt >= most_attempts(&error)
                || self.engine.cancel.is_cancelled()
            {
                return Err(error.into());
            }
            self.progress(&format!("trying again: {error}"));
        }
    }

    async fn look_for_effect<T, Looking>(&self, look: impl Fn() -> Looking) -> Result<Option<T>, Cause>
    where
        Looking: Future<Output = Result<Option<T>, Error>>,
    {
        for round in 1..=LOOKS {
            match look().await {
                Ok(Some(found)) => return Ok(Some(found)),
                Err(error) if !is_uncertain(&error) => return Err(error.into()),
                Ok(None) | Err(_) => {}
            }
            SystemClock.sleep(self.engine.timing.pause(round)).await;
        }
        Ok(None)
    }

    /// Does something that may be repeated without harm.
    pub(super) async fn repeatedly<T, Acting>(&self, act: impl Fn() -> Acting) -> Result<T, Cause>
    where
        Acting: Future<Output = Result<T, Error>>,
    {
        let tell = |error: &Error| self.progress(&format!("trying again: {error}"));
        Ok(repeatedly(&self.engine.timing, act, is_uncertain, tell).await?)
    }
}
