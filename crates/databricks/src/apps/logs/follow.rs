//! A log that goes on: across lost connections, expired tokens and new deployments.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{LogLine, LogSelection, LogStream};
use crate::apps::ComputeState;
use crate::client::Client;
use crate::error::Error;

/// Connecting in vain so often, with nothing in between, is an error.
const MOST_ATTEMPTS: u32 = 10;
/// When an app has been silent for so long, it is looked whether it still runs.
const SILENCE: Duration = Duration::from_secs(10);
/// How many lines are remembered, so that what the platform sends again is not shown again; it keeps fewer.
const REMEMBERED: usize = 20_000;

/// A log that is followed. New connections begin with lines that were seen before; those are left out.
pub struct LogFollower {
    client: Client,
    name: String,
    selection: LogSelection,
    stream: Option<LogStream>,
    seen: Seen,
    /// Whether the stream still repeats what was seen on the one before it.
    replays: bool,
    failures: u32,
}

impl LogFollower {
    pub(super) fn new(client: Client, name: String, selection: LogSelection) -> Self {
        let seen = Seen { order: VecDeque::new(), hashes: HashSet::new(), hasher: RandomState::new() };
        Self { client, name, selection, stream: None, seen, replays: false, failures: 0 }
    }

    /// Connects and gives the last `lines` lines that the platform has kept, within `deadline`.
    pub async fn begin(&mut self, lines: usize, deadline: Duration) -> Result<Vec<LogLine>, Error> {
        let until = Instant::now() + deadline;
        let mut stream = self.client.apps().logs(&self.name, &self.selection.search).await?;
        let seen = &mut self.seen;
        let kept = stream.kept(&self.selection, lines, until, |line| seen.add(line)).await?;
        self.stream = Some(stream);
        Ok(kept)
    }

    /// The next new line; `None` when the app has been stopped or deleted. Fails when the log cannot be reached again.
    pub async fn next(&mut self) -> Result<Option<LogLine>, Error> {
        loop {
            let Some(stream) = &mut self.stream else {
                if !self.reconnect().await? {
                    return Ok(None);
                }
                continue;
            };
            let Ok(next) = timeout(SILENCE, stream.next()).await else {
                // the platform may keep the stream of an app that is gone
                if !self.is_there().await.or_else(|error| self.judge(error))? {
                    return Ok(None);
                }
                continue;
            };
            match next {
                Ok(Some(line)) => {
                    self.failures = 0;
                    if self.is_new(&line) && self.selection.takes(&line) {
                        return Ok(Some(line));
                    }
                }
                // over for whatever reason: connecting again tells whether it is for good
                Ok(None) => self.stream = None,
                Err(error) => {
                    tracing::debug!(%error, app = %self.name, "the log stream ended");
                    self.stream = None;
                }
            }
        }
    }

    fn is_new(&mut self, line: &LogLine) -> bool {
        if self.replays && self.seen.contains(line) {
            return false;
        }
        self.replays = false;
        self.seen.add(line);
        true
    }

    /// Whether the log can be read again; `false` when the app has gone.
    async fn reconnect(&mut self) -> Result<bool, Error> {
        let pause = Duration::from_secs(u64::from(self.failures.min(5))) + self.client.jitter();
        self.client.clock().sleep(pause).await;
        self.failures = self.failures.saturating_add(1);
        match self.is_there().await {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(error) => return self.judge(error),
        }
        match self.client.apps().logs(&self.name, &self.selection.search).await {
            Ok(stream) => {
                self.stream = Some(stream);
                self.replays = true;
                Ok(true)
            }
            Err(error) => self.judge(error),
        }
    }

    async fn is_there(&self) -> Result<bool, Error> {
        match self.client.apps().get(&self.name).await {
            Ok(app) => {
                let state = app.compute_status.and_then(|status| status.state);
                Ok(!matches!(state, Some(ComputeState::Stopped | ComputeState::Deleting)))
            }
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A refusal is final, since a new token was tried; anything else may pass.
    fn judge(&self, error: Error) -> Result<bool, Error> {
        let is_final = error.is_unauthenticated() || error.is_permission_denied();
        if is_final || self.failures >= MOST_ATTEMPTS { Err(error) } else { Ok(true) }
    }
}

/// The last lines, as hashes.
struct Seen {
    order: VecDeque<u64>,
    hashes: HashSet<u64>,
    hasher: RandomState,
}

impl Seen {
    fn add(&mut self, line: &LogLine) {
        let hash = self.hasher.hash_one(line);
        if !self.hashes.insert(hash) {
            return;
        }
        self.order.push_back(hash);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.hashes.remove(&oldest);
        }
    }

    fn contains(&self, line: &LogLine) -> bool {
        self.hashes.contains(&self.hasher.hash_one(line))
    }
}

impl std::fmt::Debug for LogFollower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogFollower").field("name", &self.name).finish_non_exhaustive()
    }
}
