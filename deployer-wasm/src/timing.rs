//! How long the engine waits for the platform, and the clock that it measures with.

use std::time::Duration;

use jiff::Timestamp;

/// Deadlines of the waits. The defaults are the platform's own where it has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// A new database becomes ready.
    pub lakebase: Duration,
    /// The app's compute becomes active or stops.
    pub compute: Duration,
    /// A deployment ends; the platform gives up on an app that does not listen within ten minutes.
    pub deployment: Duration,
    /// The app is gone after its deletion.
    pub deletion: Duration,
    /// The app's Postgres role appears in the database after its resource was attached.
    pub role: Duration,
    /// A change that the platform has accepted shows.
    pub visible: Duration,
    /// The longest pause between two looks.
    pub poll: Duration,
}

impl Timing {
    /// The pause before attempt `attempt + 1` of something that should show within seconds: it grows, to `poll` at most.
    pub fn pause(&self, attempt: u32) -> Duration {
        Duration::from_millis(250).saturating_mul(1 << attempt.clamp(1, 6)).min(self.poll)
    }
}

impl Timing {
    /// [`Timing::visible`] in milliseconds.
    pub(crate) fn visible_ms(&self) -> u64 {
        u64::try_from(self.visible.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Default for Timing {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        Self {
            lakebase: minutes(20),
            compute: minutes(20),
            deployment: minutes(20),
            deletion: minutes(20),
            role: minutes(2),
            visible: minutes(1),
            poll: Duration::from_secs(10),
        }
    }
}

/// A clock for elapsed time; `std::time::Instant` does not exist in a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopwatch(Timestamp);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(databricks::now())
    }

    /// Milliseconds since the start; a clock set back gives zero.
    pub fn elapsed_ms(self) -> u64 {
        u64::try_from(databricks::now().duration_since(self.0).as_millis()).unwrap_or(0)
    }
}
