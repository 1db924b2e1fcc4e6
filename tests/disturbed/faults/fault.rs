//! The faults, as rules for the workspace.

use serde_json::{Value, json};
use system_tests::Deployment;
use system_tests::faults::{DEPLOYER, Mutation};

/// What happens to one call, or from one call on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// 500 in place of the call, once.
    ErrorBefore,
    /// 500 after the call has had its effect, once.
    ErrorAfter,
    /// 500 in place of this call and of all that change something after it.
    ErrorForEver,
    /// The effect, and no reply.
    Dropped,
    /// The connection is reset before any effect.
    Reset,
}

impl Fault {
    pub(crate) const OF_REQUESTS: [Self; 5] =
        [Self::ErrorBefore, Self::ErrorAfter, Self::ErrorForEver, Self::Dropped, Self::Reset];
    pub(crate) const OF_COMMITS: [Self; 2] = [Self::Dropped, Self::Reset];

    pub(crate) fn rule(self, mutation: Mutation, skip: usize) -> Value {
        let error = || answer(500, "INTERNAL_ERROR", "An internal error occurred.");
        let (when, times, action) = match self {
            Self::ErrorBefore => ("before", json!(1), error()),
            Self::ErrorAfter => ("after", json!(1), error()),
            Self::ErrorForEver => ("before", Value::Null, error()),
            Self::Dropped => ("after", json!(1), json!("drop")),
            Self::Reset => ("before", json!(1), json!("reset")),
        };
        json!({"id": "fault", "on": mutation.pattern(), "skip": skip, "times": times, "when": when, "do": action})
    }
}

/// An answer in place of the handler's, to be tried again at once.
fn answer(status: u16, code: &str, message: &str) -> Value {
    json!({"answer": {
        "status": status, "headers": {"Retry-After": "0"}, "body": {"error_code": code, "message": message},
    }})
}

/// Storms of one kind: a few calls in a row, of whatever kind, are refused; then some pass, and so on for the whole run.
pub(crate) fn storms(status: u16, code: &str) -> Vec<Value> {
    const REFUSED: usize = 3;
    const PASSED: usize = 4;
    const STORMS: usize = 40;
    let storms = (0..STORMS).map(|number| {
        json!({
            "id": format!("storm-{number}"),
            "on": {"method": "*", "path": "/api/**", "user_agent": DEPLOYER},
            "skip": number * (REFUSED + PASSED), "times": REFUSED, "when": "before",
            "do": answer(status, code, "Please try again later."),
        })
    });
    storms.collect()
}

/// Rules by which the next reads after each change do not see it yet.
pub(crate) fn stale_reads(deployment: &Deployment) -> Vec<Value> {
    let app = format!("/api/2.0/apps/{}", deployment.app);
    let list = "/api/2.0/workspace/list".to_owned();
    let project = format!("/api/2.0/postgres/projects/{}", deployment.lakebase);
    let instance = format!("/api/2.0/database/instances/{}", deployment.lakebase);
    let pairs = [
        ("POST", "/api/2.0/apps", app.clone()),
        ("POST", "/api/2.0/apps/*/update", app.clone()),
        ("POST", "/api/2.0/apps/*/deployments", app.clone()),
        ("DELETE", "/api/2.0/apps/*", app),
        ("POST", "/api/2.0/workspace/import", list.clone()),
        ("POST", "/api/2.0/workspace/mkdirs", list),
        ("POST", "/api/2.0/postgres/projects", project),
        ("POST", "/api/2.0/database/instances", instance),
    ];
    let rules = pairs.into_iter().enumerate().map(|(number, (method, path, read))| {
        json!({
            "id": format!("stale-{number}"),
            "on": {"method": method, "path": path, "user_agent": DEPLOYER},
            "times": null, "when": "before", "do": {"stale": {"path": read, "times": 2}},
        })
    });
    rules.collect()
}
