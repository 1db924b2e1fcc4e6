//! Time and chance, replaceable so that tests of retries and waits neither sleep nor guess.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// Where the client takes time and jitter from.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Clock: fmt::Debug + Send + Sync {
    /// The wall clock: tokens expire by it.
    fn timestamp(&self) -> Timestamp;

    /// Time since some fixed moment, never going back: deadlines and budgets are measured with it.
    fn elapsed(&self) -> Duration;

    /// Pauses between two attempts or two polls.
    async fn sleep(&self, duration: Duration);

    /// Completes when a single request has taken too long. Apart from [`Clock::sleep`], so that a test's clock can skip
    /// pauses without cutting off requests.
    async fn expire(&self, duration: Duration);

    /// A number from 0 (inclusive) to 1 (exclusive), added in seconds to pauses so that clients do not march in step.
    fn jitter(&self) -> f64;
}

/// The clock of the machine or of the browser.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Clock for SystemClock {
    fn timestamp(&self) -> Timestamp {
        now()
    }

    fn elapsed(&self) -> Duration {
        elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        pause(duration).await;
    }

    async fn expire(&self, duration: Duration) {
        pause(duration).await;
    }

    fn jitter(&self) -> f64 {
        // `uuid` brings the one source of randomness that both targets have; of a version 4 UUID the last 48 bits are all
        // random, while the bits above them tell its variant
        let bits = uuid::Uuid::new_v4().as_u128() & ((1 << 48) - 1);
        bits as f64 / (1_u64 << 48) as f64
    }
}

/// The wall clock of the machine or of the browser.
#[cfg(not(target_arch = "wasm32"))]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// The wall clock of the machine or of the browser.
#[cfg(target_arch = "wasm32")]
pub fn now() -> Timestamp {
    // a browser's clock stays within what a timestamp can say
    Timestamp::from_millisecond(js_sys::Date::now() as i64).unwrap_or_default()
}

#[cfg(not(target_arch = "wasm32"))]
fn elapsed() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

#[cfg(not(target_arch = "wasm32"))]
async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

#[cfg(target_arch = "wasm32")]
fn elapsed() -> Duration {
    Duration::from_millis(js_sys::Date::now().max(0.0) as u64)
}

#[cfg(target_arch = "wasm32")]
async fn pause(duration: Duration) {
    gloo_timers::future::sleep(duration).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_uses_its_whole_range() {
        let chances: Vec<f64> = (0..200).map(|_| SystemClock.jitter()).collect();
        assert!(chances.iter().all(|chance| (0.0..1.0).contains(chance)));
        for quarter in 0..4 {
            let from = f64::from(quarter) / 4.0;
            assert!(chances.iter().any(|chance| (from..from + 0.25).contains(chance)), "none from {from}");
        }
    }
}
