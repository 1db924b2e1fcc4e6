//! Faults of the workspace: rules for calls, added, watched and taken away.

use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::local_workspace::LocalWorkspace;

const FAULTS: &str = "/local/faults";

/// Part of the `User-Agent` of the deployer's calls, and not of those of an app.
pub const DEPLOYER: &str = "tellr/";

/// A call that a rule holds.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Call {
    /// The HTTP method, or `COMMIT`.
    pub method: String,
    /// The path, or the database.
    pub path: String,
}

/// Calls that change something. Each class is counted on its own: what an app does meanwhile is in neither.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mutation {
    /// Requests to the API.
    Request,
    /// Commits in a Lakebase.
    Commit,
}

impl Mutation {
    /// The pattern that means all of the deployer's.
    pub fn pattern(self) -> Value {
        match self {
            Self::Request => json!({"method": "mutating", "path": "/api/**", "user_agent": DEPLOYER}),
            Self::Commit => json!({"method": "COMMIT"}),
        }
    }
}

impl LocalWorkspace {
    /// Adds a rule that has an `id`.
    pub async fn add_fault(&self, rule: &Value) -> anyhow::Result<()> {
        self.post(FAULTS, rule).await?;
        Ok(())
    }

    /// Waits until the rule holds a call; nothing when it does not in time.
    pub async fn held(&self, id: &str, timeout: Duration) -> anyhow::Result<Option<Call>> {
        let path = format!("{FAULTS}/{id}/held?timeout_ms={}", timeout.as_millis());
        let body = self.get(&path).await?;
        if body.is_null() {
            return Ok(None);
        }
        Ok(Some(serde_json::from_value(body)?))
    }

    /// Takes the rule away; what it holds goes on.
    pub async fn remove_fault(&self, id: &str) -> anyhow::Result<()> {
        self.delete(&format!("{FAULTS}/{id}")).await
    }

    /// Takes all rules away; the connections of held calls are closed.
    pub async fn remove_faults(&self) -> anyhow::Result<()> {
        self.delete(&format!("{FAULTS}?held=drop")).await
    }

    /// How often the rule has done something.
    pub async fn fault_hits(&self, id: &str) -> anyhow::Result<u64> {
        let body = self.get(FAULTS).await?;
        let rules = body["faults"].as_array().context("no list of faults")?;
        let rule = rules.iter().find(|rule| rule["id"] == id).with_context(|| format!("no rule {id}"))?;
        rule["hits"].as_u64().context("no hits")
    }

    /// DELETE that must succeed.
    pub async fn delete(&self, path: &str) -> anyhow::Result<()> {
        let answer = self.call(Method::DELETE, path, None).await?;
        ensure!(answer.status.is_success(), "DELETE {path} answered {answer:?}");
        Ok(())
    }
}
