//! States that never settle, or settle otherwise.

use serde::Deserialize;

use super::board::{ActiveRule, Faults};
use super::rule::RuleKind;

/// What a state belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Thing {
    /// The compute of an app, by the app's name.
    AppCompute,
    /// The process of an app, by the app's name.
    App,
    /// A deployment, by the app's name.
    Deployment,
    /// A masked update, by the app's name.
    AppUpdate,
    /// A database instance, or the endpoint of a project, by name or id.
    Lakebase,
    /// An operation on a project or what is below it, by the project's id.
    Operation,
}

/// `state` of a rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateFault {
    of: Thing,
    name: String,
    #[serde(default)]
    never_settles: bool,
    becomes: Option<Becomes>,
}

/// The state that a thing is made to reach.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Becomes {
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) message: String,
}

/// How a change of state goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Settles {
    Normally,
    As(Becomes),
}

impl StateFault {
    pub(super) fn check(self) -> Result<StateFault, String> {
        if self.never_settles == self.becomes.is_some() {
            return Err("a state has either `never_settles`: true or `becomes`".to_owned());
        }
        if let Some(becomes) = &self.becomes {
            let known: &[&str] = match self.of {
                Thing::AppCompute => &["ERROR", "STOPPED"],
                Thing::App => &["CRASHED", "UNAVAILABLE", "DEPLOYING", "RUNNING"],
                Thing::Deployment => &["FAILED", "CANCELLED"],
                Thing::AppUpdate => &["FAILED"],
                Thing::Lakebase => &[
                    "STARTING",
                    "STOPPED",
                    "UPDATING",
                    "FAILING_OVER",
                    "DELETING",
                    "INIT",
                    "IDLE",
                    "DEGRADED",
                ],
                Thing::Operation => return Ok(self),
            };
            if !known.contains(&becomes.state.as_str()) {
                return Err(format!("becomes.state is one of {}, not {:?}", known.join(", "), becomes.state));
            }
        }
        Ok(self)
    }

    /// Whether it only changes what is shown, for as long as the rule is there.
    pub(super) fn is_shown(&self) -> bool {
        matches!(self.of, Thing::App | Thing::Lakebase)
    }

    fn is_about(&self, thing: Thing, name: &str) -> bool {
        self.of == thing && self.name == name
    }
}

impl Faults {
    /// How the `thing` called `name` settles now. Waits as long as a rule says that it never does.
    pub(crate) async fn settle(&self, thing: Thing, name: &str) -> Settles {
        let mut kept_by: Option<String> = None;
        self.until(|rules| {
            // one rule keeps it until that rule goes; it is counted once
            if kept_by.as_ref().is_some_and(|id| rules.iter().any(|active| active.rule.id == *id)) {
                return None;
            }
            for active in rules {
                let RuleKind::State(state) = &active.rule.kind else { continue };
                if !state.is_about(thing, name) {
                    continue;
                }
                let becomes = state.becomes.clone();
                if !active.count() {
                    continue;
                }
                let Some(becomes) = becomes else {
                    kept_by = Some(active.rule.id.clone());
                    return None;
                };
                return Some(Settles::As(becomes));
            }
            Some(Settles::Normally)
        })
        .await
    }

    /// What is shown instead of the state that `thing` has.
    pub(crate) fn shown(&self, thing: Thing, name: &str) -> Option<Shown> {
        let mut board = self.lock();
        let shows = |active: &ActiveRule| match &active.rule.kind {
            RuleKind::State(state) => state.is_about(thing, name),
            RuleKind::Call { .. } => false,
        };
        let active = board.rules.iter_mut().find(|active| shows(active) && active.is_left())?;
        let RuleKind::State(state) = &active.rule.kind else { return None };
        let shown = state.becomes.clone().map_or(Shown::Unsettled, Shown::As);
        active.count().then_some(shown)
    }
}

/// What is shown instead of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    /// The state before it settles.
    Unsettled,
    As(Becomes),
}
