//! Constant requests through an app's proxy, to see from outside when it answers and when it does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use reqwest::Client;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::local_workspace::{LocalWorkspace, Ready};
use crate::rest;

/// After this a signed-in caller gets itself a new token; shorter than any lifetime that a test asks for.
const TOKEN_AGE: Duration = Duration::from_secs(1);
/// Pause of one prober between its requests.
const PAUSE: Duration = Duration::from_millis(5);
/// Failures whose words are kept.
const MOST_WORDS: usize = 20;

/// Requests that go on until they are stopped.
#[derive(Debug)]
pub struct Probes {
    stopped: Arc<AtomicBool>,
    probers: Vec<JoinHandle<anyhow::Result<Tally>>>,
}

/// What the probes saw.
#[derive(Debug, Default)]
pub struct Tally {
    /// Requests that were answered with success.
    pub answered: usize,
    /// Requests that were not.
    pub failed: usize,
    /// The first failures, in words.
    pub failures: Vec<String>,
    /// When each request began, and whether it succeeded.
    seen: Vec<(Instant, bool)>,
}

impl Probes {
    /// Starts `probers` loops that ask `path` of `app`, each on connections of its own.
    pub async fn start(
        workspace: &LocalWorkspace,
        app: &str,
        path: &str,
        probers: usize,
    ) -> anyhow::Result<Self> {
        let url = format!("{}{path}", workspace.app_url(app).await?);
        let token = Arc::new(Mutex::new(None));
        let stopped = Arc::new(AtomicBool::new(false));
        let probers = (0..probers)
            .map(|_| {
                let prober = Prober {
                    client: rest::client()?,
                    url: url.clone(),
                    ready: workspace.ready().clone(),
                    token: Arc::clone(&token),
                };
                Ok(tokio::spawn(prober.ask_until(Arc::clone(&stopped))))
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { stopped, probers })
    }

    /// Ends the probes; gives what they saw.
    pub async fn stop(self) -> anyhow::Result<Tally> {
        self.stopped.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        for prober in self.probers {
            let one = prober.await??;
            all.answered += one.answered;
            all.failed += one.failed;
            all.failures.extend(one.failures);
            all.seen.extend(one.seen);
        }
        all.failures.truncate(MOST_WORDS);
        all.seen.sort_unstable_by_key(|(at, _)| *at);
        Ok(all)
    }
}

impl Tally {
    /// The longest time between two successes in which at least one request failed.
    pub fn longest_outage(&self) -> Duration {
        let mut longest = Duration::ZERO;
        let (mut last_success, mut failing) = (self.seen.first().map(|(at, _)| *at), false);
        for (at, succeeded) in &self.seen {
            if !succeeded {
                failing = true;
                continue;
            }
            if let Some(before) = last_success.filter(|_| failing) {
                longest = longest.max(*at - before);
            }
            (last_success, failing) = (Some(*at), false);
        }
        longest
    }

    /// Whether the last request that was made succeeded.
    pub fn ends_well(&self) -> bool {
        self.seen.last().is_some_and(|(_, succeeded)| *succeeded)
    }
}

struct Prober {
    client: Client,
    url: String,
    ready: Ready,
    token: Arc<Mutex<Option<(String, Instant)>>>,
}

impl Prober {
    async fn ask_until(self, stopped: Arc<AtomicBool>) -> anyhow::Result<Tally> {
        let mut tally = Tally::default();
        while !stopped.load(Ordering::Relaxed) {
            let token = self.fresh_token().await?;
            let at = Instant::now();
            let failure = self.ask(&token).await.err();
            tally.seen.push((at, failure.is_none()));
            match failure {
                None => tally.answered += 1,
                Some(words) => {
                    tally.failed += 1;
                    if tally.failures.len() < MOST_WORDS {
                        tally.failures.push(words);
                    }
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(tally)
    }

    async fn ask(&self, token: &str) -> Result<(), String> {
        let sent = self.client.get(&self.url).bearer_auth(token).send().await;
        let answer = sent.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
        let status = answer.status();
        let body = answer.text().await.unwrap_or_default();
        if status.is_success() { Ok(()) } else { Err(format!("{status}: {body}")) }
    }

    /// The probers share one token, and whoever finds it old gets the next.
    async fn fresh_token(&self) -> anyhow::Result<String> {
        let mut held = self.token.lock().await;
        if let Some((token, since)) = held.as_ref().filter(|(_, since)| since.elapsed() < TOKEN_AGE) {
            let _ = since;
            return Ok(token.clone());
        }
        let request = self.client.post(format!("{}/oidc/v1/token", self.ready.host));
        let request = request.basic_auth(&self.ready.client_id, Some(&self.ready.client_secret));
        let request = request.form(&[("grant_type", "client_credentials"), ("scope", "all-apis")]);
        let body: Value = request.send().await?.error_for_status()?.json().await?;
        let token = body["access_token"].as_str().context("no access_token")?.to_owned();
        *held = Some((token.clone(), Instant::now()));
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outage(seen: &[(u64, bool)]) -> Duration {
        let start = Instant::now();
        let seen = seen.iter().map(|&(ms, ok)| (start + Duration::from_millis(ms), ok)).collect();
        Tally { seen, ..Tally::default() }.longest_outage()
    }

    #[test]
    fn an_outage_lasts_from_the_last_success_to_the_next() {
        assert_eq!(outage(&[(0, true), (10, true), (900, true)]), Duration::ZERO, "a pause is no outage");
        assert_eq!(outage(&[(0, true), (10, false), (20, false), (35, true)]), Duration::from_millis(35));
        let twice = [(0, true), (5, false), (10, true), (20, true), (30, false), (60, true)];
        assert_eq!(outage(&twice), Duration::from_millis(40));
    }
}
