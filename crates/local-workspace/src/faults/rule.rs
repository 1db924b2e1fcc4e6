//! One rule: which calls, from which one on and how often, and what happens to them.

use std::str::FromStr;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::pattern::Pattern;
use super::presets;
use super::states::StateFault;

const LONGEST_ID: usize = 100;
const LONGEST_DELAY_MS: u64 = 600_000;
const MOST_STALE_READS: u32 = 10_000;

/// A rule as it is sent; see the guide for its fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleBody {
    id: Option<String>,
    on: Option<Pattern>,
    #[serde(default)]
    skip: u64,
    /// Outer: whether it was sent. Inner: `null` is for ever.
    #[serde(default, deserialize_with = "sent")]
    times: Option<Option<u64>>,
    when: Option<When>,
    #[serde(rename = "do")]
    action: Option<ActionBody>,
    state: Option<StateFault>,
}

fn sent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// On which side of the call's effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum When {
    Before,
    After,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ActionBody {
    Answer(AnswerBody),
    Drop,
    Reset,
    Hold,
    DelayMs(u64),
    Stale(StaleBody),
    Preset(String),
    ExpireToken,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerBody {
    status: u16,
    #[serde(default)]
    body: Value,
    #[serde(default)]
    headers: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StaleBody {
    path: String,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

/// What happens to a call.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// This instead of the workspace's own answer.
    Answer(Answer),
    /// The connection is closed without an answer.
    Drop,
    /// The connection is reset.
    Reset,
    /// The call waits until its rule is taken away.
    Hold,
    /// The call waits for so many milliseconds.
    Delay(u64),
    /// The next `times` reads of `path` do not see what this call does.
    Stale { path: String, times: u32 },
    /// The caller's token is worth nothing from now on.
    ExpireToken,
}

/// An answer that a rule gives.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// `Null`: no body.
    pub(crate) body: Value,
}

/// A checked rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) skip: u64,
    /// `None`: for ever.
    pub(super) times: Option<u64>,
    pub(super) kind: RuleKind,
}

/// A rule is either about calls or about states.
#[derive(Debug)]
pub(super) enum RuleKind {
    Call { on: Pattern, when: When, action: Action },
    State(StateFault),
}

impl RuleBody {
    /// Checks it. `fresh_id` is taken when none was sent.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn check(self, fresh_id: impl FnOnce() -> String) -> Result<Rule, String> {
        let id = self.id.unwrap_or_else(fresh_id);
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if id.is_empty() || id.len() > LONGEST_ID || !id.chars().all(plain) || id == "presets" {
            return Err(format!(
                "id must be 1 to {LONGEST_ID} letters, digits, hyphens, underscores or dots, and not `presets`"
            ));
        }
        let kind = match (self.action, self.state) {
            (Some(action), None) => {
                let on = self.on.unwrap_or_default();
                on.check()?;
                RuleKind::Call { on, when: self.when.unwrap_or(When::Before), action: action.check()? }
            }
            (None, Some(state)) => {
                if self.on.is_some() || self.when.is_some() {
                    return Err("a rule with `state` has neither `on` nor `when`".to_owned());
                }
                RuleKind::State(state.check()?)
            }
            _ => return Err("a rule has either `do` or `state`".to_owned()),
        };
        let default_times = match &kind {
            RuleKind::State(state) if state.is_shown() => None,
            _ => Some(1),
        };
        Ok(Rule { id, skip: self.skip, times: self.times.unwrap_or(default_times), kind })
    }
}

impl ActionBody {
    fn check(self) -> Result<Action, String> {
        Ok(match self {
            ActionBody::Answer(answer) => Action::Answer(answer.check()?),
            ActionBody::Preset(name) => Action::Answer(presets::answer(&name)?),
            ActionBody::Drop => Action::Drop,
            ActionBody::Reset => Action::Reset,
            ActionBody::Hold => Action::Hold,
            ActionBody::ExpireToken => Action::ExpireToken,
            ActionBody::DelayMs(delay) if delay <= LONGEST_DELAY_MS => Action::Delay(delay),
            ActionBody::DelayMs(_) => return Err(format!("delay_ms is at most {LONGEST_DELAY_MS}")),
            ActionBody::Stale(StaleBody { path, times }) => {
                if !path.starts_with("/api/") || path.contains('?') {
                    return Err("stale.path is a path of the API (/api/…) without a query".to_owned());
                }
                if !(1..=MOST_STALE_READS).contains(&times) {
                    return Err(format!("stale.times is between 1 and {MOST_STALE_READS}"));
                }
                Action::Stale { path, times }
            }
        })
    }
}

impl AnswerBody {
    fn check(self) -> Result<Answer, String> {
        let status = StatusCode::from_u16(self.status)
            .ok()
            .filter(|status| (200..600).contains(&status.as_u16()))
            .ok_or_else(|| format!("answer.status is between 200 and 599, not {}", self.status))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let (Ok(name), Ok(value)) = (HeaderName::from_str(name), HeaderValue::from_str(&text)) else {
                return Err(format!("answer.headers: {name:?} is no header, or its value is none"));
            };
            headers.append(name, value);
        }
        Ok(Answer { status, headers, body: self.body })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(rule: Value) -> Result<Rule, String> {
        let body: RuleBody = serde_json::from_value(rule).map_err(|error| error.to_string())?;
        body.check(|| "fresh".to_owned())
    }

    #[test]
    fn a_rule_has_the_documented_defaults() -> Result<(), String> {
        let rule = check(json!({"do": "drop"}))?;
        assert_eq!((rule.id.as_str(), rule.skip, rule.times), ("fresh", 0, Some(1)));
        assert!(matches!(rule.kind, RuleKind::Call { when: When::Before, action: Action::Drop, .. }));
        assert_eq!(check(json!({"do": "drop", "times": null}))?.times, None);
        assert_eq!(check(json!({"do": "drop", "times": 3}))?.times, Some(3));
        Ok(())
    }

    #[test]
    fn nonsense_is_refused_with_the_reason() {
        for (rule, expected) in [
            (json!({}), "either `do` or `state`"),
            (json!({"do": "explode"}), "unknown variant"),
            (json!({"do": "drop", "wen": "after"}), "unknown field"),
            (json!({"do": {"answer": {"status": 99}}}), "between 200 and 599"),
            (json!({"do": {"answer": {"status": 500, "headers": {"a b": "c"}}}}), "no header"),
            (json!({"do": {"answer": {"status": 500, "headers": {"X": "a\nb"}}}}), "no header"),
            (json!({"do": {"delay_ms": 700_000}}), "at most"),
            (json!({"do": {"preset": "quota.unicorns"}}), "quota.apps"),
            (json!({"do": {"stale": {"path": "/local/requests"}}}), "path of the API"),
            (json!({"do": {"stale": {"path": "/api/2.0/apps", "times": 0}}}), "between 1"),
            (json!({"id": "../x", "do": "drop"}), "letters"),
            (json!({"id": "presets", "do": "drop"}), "presets"),
            (json!({"on": {"path": ""}, "do": "drop"}), "not be empty"),
            (
                json!({"when": "after", "state": {"of": "app_compute", "name": "x", "never_settles": true}}),
                "neither",
            ),
        ] {
            let error = check(rule.clone()).err().unwrap_or_default();
            assert!(error.contains(expected), "{rule}: {error}");
        }
    }
}
