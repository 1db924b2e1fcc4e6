//! The rules in force, their counters, and the calls they hold.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use super::call::Call;
use super::rule::{Action, Rule, RuleBody, RuleKind, When};
use super::stale::StaleReads;
use crate::rest::ApiError;

/// More than any test needs; each call is compared with all of them.
const MOST_RULES: usize = 200;

/// A rule and what has come of it.
#[derive(Debug)]
pub(super) struct ActiveRule {
    pub(super) rule: Rule,
    /// Matching calls so far.
    seen: u64,
    /// Those that it did something to.
    hits: u64,
}

/// A call that waits.
#[derive(Debug)]
struct HeldCall {
    number: u64,
    rule: String,
    call: Call,
    release: oneshot::Sender<Release>,
}

/// How a held call goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    /// As if nothing had been.
    GoOn,
    /// Not at all: its connection is closed.
    Drop,
}

#[derive(Debug, Default)]
pub(super) struct Board {
    pub(super) rules: Vec<ActiveRule>,
    held: Vec<HeldCall>,
    next_number: u64,
    pub(super) stale: StaleReads,
    /// Digests of tokens that are worth nothing, and the rule by which.
    pub(super) revoked: HashMap<String, String>,
    /// Names of Lakebase instances and projects by the id of their server.
    lakebases: HashMap<String, String>,
}

/// All faults of one workspace.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    board: Mutex<Board>,
    /// Told whenever a call begins to wait, or a rule goes.
    changed: Notify,
}

/// What a rule does to a call.
#[derive(Debug)]
pub(crate) struct Strike {
    pub(crate) rule: String,
    pub(crate) when: When,
    pub(crate) action: Action,
}

impl ActiveRule {
    /// Counts one more match; whether the rule acts on it.
    pub(super) fn count(&mut self) -> bool {
        self.seen += 1;
        let acts = self.seen > self.rule.skip && self.rule.times.is_none_or(|times| self.hits < times);
        self.hits += u64::from(acts);
        acts
    }

    /// Whether it still has something to act on.
    pub(super) fn is_left(&self) -> bool {
        self.rule.times.is_none_or(|times| self.hits < times)
    }
}

impl Faults {
    /// Adds a rule; gives its id.
    pub(super) fn add(&self, body: RuleBody) -> Result<String, ApiError> {
        let fresh = || Uuid::new_v4().simple().to_string();
        let rule = body.check(fresh).map_err(ApiError::invalid_parameter)?;
        let mut board = self.lock();
        if board.rules.len() >= MOST_RULES {
            return Err(ApiError::bad_request(format!(
                "There are {MOST_RULES} rules already; delete some before adding more."
            )));
        }
        if board.rules.iter().any(|active| active.rule.id == rule.id) {
            let message = format!("There is a rule {} already; delete it first.", rule.id);
            return Err(ApiError::already_exists(message));
        }
        let id = rule.id.clone();
        board.rules.push(ActiveRule { rule, seen: 0, hits: 0 });
        Ok(id)
    }

    /// Takes away the rule `id`, or all; what they hold is released as `release` says.
    ///
    /// # Errors
    /// 404 if there is no such rule.
    pub(super) fn remove(&self, id: Option<&str>, release: Release) -> Result<(), ApiError> {
        let mut board = self.lock();
        let meant = |rule: &str| id.is_none_or(|id| id == rule);
        if let Some(id) = id
            && !board.rules.iter().any(|active| active.rule.id == id)
        {
            return Err(ApiError::not_found(format!("There is no rule {id}.")));
        }
        board.rules.retain(|active| !meant(&active.rule.id));
        board.revoked.retain(|_, rule| !meant(rule));
        if id.is_none() {
            board.stale = StaleReads::default();
        }
        let (released, kept) =
            std::mem::take(&mut board.held).into_iter().partition(|held| meant(&held.rule));
        board.held = kept;
        let released: Vec<HeldCall> = released;
        for held in released {
            // whoever waited may be gone by now
            let _ = held.release.send(release);
        }
        drop(board);
        self.changed.notify_waiters();
        Ok(())
    }

    /// `{"faults": [{"id", "seen", "hits", "held": [{"method", "path"}]}]}`
    pub(super) fn show(&self) -> Value {
        let board = self.lock();
        let rules = board.rules.iter().map(|active| {
            let id = &active.rule.id;
            let held: Vec<&Call> =
                board.held.iter().filter(|held| held.rule == *id).map(|held| &held.call).collect();
            json!({"id": id, "seen": active.seen, "hits": active.hits, "held": held})
        });
        json!({"faults": rules.collect::<Vec<_>>()})
    }

    /// Waits until the rule `id` holds a call; `None` when it does not within `timeout`.
    ///
    /// # Errors
    /// 404 if there is no such rule, or no longer.
    pub(super) async fn wait_held(&self, id: &str, timeout: Duration) -> Result<Option<Call>, ApiError> {
        let found = async {
            loop {
                let changed = self.changed.notified();
                {
                    let board = self.lock();
                    if let Some(held) = board.held.iter().find(|held| held.rule == id) {
                        return Ok(held.call.clone());
                    }
                    if !board.rules.iter().any(|active| active.rule.id == id) {
                        return Err(ApiError::not_found(format!("There is no rule {id}.")));
                    }
                }
                changed.await;
            }
        };
        match tokio::time::timeout(timeout, found).await {
            Ok(found) => found.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Counts `call` in all rules that mean it; the first of them that acts says what happens.
    pub(crate) fn meet(&self, call: &Call) -> Option<Strike> {
        let mut strike = None;
        for active in &mut self.lock().rules {
            let RuleKind::Call { on, when, action } = &active.rule.kind else { continue };
            if !on.matches(call) {
                continue;
            }
            let (when, action) = (*when, action.clone());
            if active.count() && strike.is_none() {
                strike = Some(Strike { rule: active.rule.id.clone(), when, action });
            }
        }
        strike
    }

    /// Lets `call` wait until its rule is taken away. Dropping the future ends the waiting, too.
    pub(crate) async fn hold(&self, rule: &str, call: &Call) -> Release {
        let (release, released) = oneshot::channel();
        let number = {
            let mut board = self.lock();
            if !board.rules.iter().any(|active| active.rule.id == rule) {
                return Release::GoOn;
            }
            board.next_number += 1;
            let number = board.next_number;
            board.held.push(HeldCall { number, rule: rule.to_owned(), call: call.clone(), release });
            number
        };
        self.changed.notify_waiters();
        let _listed = Listed { faults: self, number };
        // the sending end goes with the board only
        released.await.unwrap_or(Release::Drop)
    }

    /// Tells the name of the Lakebase that the server `id` belongs to.
    pub(crate) fn name_lakebase(&self, id: &str, name: &str) {
        self.lock().lakebases.insert(id.to_owned(), name.to_owned());
    }

    /// What stands for a commit in the Lakebase of the server `id`.
    pub(crate) fn commit(&self, id: &str, application: &str) -> Call {
        let board = self.lock();
        let name = board.lakebases.get(id).map_or(id, String::as_str);
        Call::new(Call::COMMIT, &format!("/lakebase/{name}"), application)
    }

    /// Waits until `look` at the rules gives something.
    pub(super) async fn until<T>(&self, mut look: impl FnMut(&mut [ActiveRule]) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            if let Some(found) = look(&mut self.lock().rules) {
                return found;
            }
            changed.await;
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a held call off the list when it waits no longer, for whatever reason.
struct Listed<'a> {
    faults: &'a Faults,
    number: u64,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.faults.lock().held.retain(|held| held.number != self.number);
    }
}
