//! Files and deployments made by hand, as somebody would who does not use the deployer.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use base64::Engine;
use serde_json::{Value, json};

use crate::local_workspace::LocalWorkspace;

const DEADLINE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(100);

impl LocalWorkspace {
    /// Writes a file.
    pub async fn import(&self, path: &str, content: &[u8]) -> anyhow::Result<()> {
        let content = base64::engine::general_purpose::STANDARD.encode(content);
        let body = json!({"path": path, "content": content, "format": "AUTO", "overwrite": true});
        self.post("/api/2.0/workspace/import", &body).await?;
        Ok(())
    }

    /// Waits until `path`, asked with GET, answers with what `done` accepts; gives that.
    pub async fn await_body(
        &self,
        path: &str,
        what: &str,
        done: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        let started = Instant::now();
        loop {
            let body = self.get(path).await?;
            if done(&body) {
                return Ok(body);
            }
            ensure!(started.elapsed() < DEADLINE, "{what}: not so after {DEADLINE:?}: {body}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until the app runs.
    pub async fn await_running(&self, app: &str) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            let status = self.get(&format!("/api/2.0/apps/{app}")).await?["app_status"].clone();
            if status["state"] == "RUNNING" {
                return Ok(());
            }
            ensure!(started.elapsed() < DEADLINE, "the app does not run after {DEADLINE:?}: {status}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until the app's newest deployment has succeeded and the app runs; fails with the platform's words.
    pub async fn await_deployment(&self, app: &str) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            let listed = self.get(&format!("/api/2.0/apps/{app}/deployments")).await?;
            let newest = &listed["app_deployments"][0];
            let state = self.get(&format!("/api/2.0/apps/{app}")).await?["app_status"]["state"].clone();
            match newest["status"]["state"].as_str() {
                Some("SUCCEEDED") if state == "RUNNING" => return Ok(()),
                Some("FAILED" | "CANCELLED") => bail!("the deployment ended as {newest}"),
                _ if started.elapsed() > DEADLINE => {
                    bail!("not running after {DEADLINE:?}: {newest}, app {state}")
                }
                _ => tokio::time::sleep(POLL).await,
            }
        }
    }
}
