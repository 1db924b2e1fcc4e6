//! What the workspace has been asked: its own log of the calls it received.

use anyhow::ensure;
use reqwest::Method;
use serde_json::Value;

use crate::local_workspace::LocalWorkspace;

const LOG: &str = "/local/requests";

impl LocalWorkspace {
    /// The calls since the start or the last [`LocalWorkspace::clear_requests`], oldest first, without those that look at
    /// the log itself.
    pub async fn requests(&self) -> anyhow::Result<Vec<Value>> {
        let body = self.get(LOG).await?;
        let all = body.as_array().or_else(|| body["requests"].as_array()).cloned().unwrap_or_default();
        Ok(all.into_iter().filter(|call| call["path"] != LOG).collect())
    }

    /// Forgets the calls so far.
    pub async fn clear_requests(&self) -> anyhow::Result<()> {
        let answer = self.call(Method::DELETE, LOG, None).await?;
        ensure!(answer.status.is_success(), "DELETE {LOG} answered {answer:?}");
        Ok(())
    }
}
