//! One point of a run, and killing the run there.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::json;
use system_tests::LocalWorkspace;
use system_tests::faults::{Call, DEPLOYER, Mutation};
use system_tests::running::Running;

/// No call is waited for longer; a run ends or calls sooner.
const DEADLINE: Duration = Duration::from_secs(30);

/// Where a run is killed, counted from its start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Moment {
    /// The call has arrived and has no effect yet.
    Before,
    /// The call has had its effect, and the reply is lost.
    ReplyLost,
    /// The reply has arrived, and nothing was called after it.
    After,
}

impl Moment {
    pub(crate) const ALL: [Self; 3] = [Self::Before, Self::ReplyLost, Self::After];
}

/// A call of a run, and the moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) mutation: Mutation,
    /// How many calls of this class come before it.
    pub(crate) skip: usize,
    pub(crate) moment: Moment,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} {:?}", self.mutation, self.skip + 1, self.moment)
    }
}

/// How a run ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Killed, at this call.
    Killed(Call),
    /// By itself: it has fewer calls.
    ByItself(Running),
}

impl Point {
    /// Starts a run by `start` and kills it here.
    pub(crate) async fn kill(
        self,
        workspace: &LocalWorkspace,
        start: impl FnOnce() -> anyhow::Result<Running>,
    ) -> anyhow::Result<Ended> {
        let when = if self.moment == Moment::Before { "before" } else { "after" };
        let rule = json!({"id": "point", "on": self.mutation.pattern(), "skip": self.skip, "when": when, "do": "hold"});
        workspace.add_fault(&rule).await?;
        let mut running = start()?;
        let Some(call) = first_held(workspace, &["point"], &mut running).await? else {
            workspace.remove_faults().await?;
            return Ok(Ended::ByItself(running));
        };
        if self.moment == Moment::After {
            let next =
                json!({"on": {"method": "*", "path": "/api/**", "user_agent": DEPLOYER}, "do": "hold"});
            let commit = json!({"on": Mutation::Commit.pattern(), "do": "hold"});
            for (id, mut rule) in [("next", next), ("next-commit", commit)] {
                rule["id"] = json!(id);
                rule["when"] = json!("before");
                workspace.add_fault(&rule).await?;
            }
            workspace.remove_fault("point").await?;
            // a run whose last call this was has ended; that is a moment after the reply as well
            first_held(workspace, &["next", "next-commit"], &mut running).await?;
        }
        running.kill().await?;
        workspace.remove_faults().await?;
        Ok(Ended::Killed(call))
    }
}

/// Waits until one of the rules holds a call, or the run has ended.
async fn first_held(
    workspace: &LocalWorkspace,
    rules: &[&str],
    running: &mut Running,
) -> anyhow::Result<Option<Call>> {
    let (first, second) = (rules.first().context("no rule")?, rules.last().context("no rule")?);
    let held = tokio::select! {
        held = workspace.held(first, DEADLINE) => held?,
        held = workspace.held(second, DEADLINE), if first != second => held?,
        ended = running.ended() => {
            ended?;
            return Ok(None);
        }
    };
    ensure!(held.is_some(), "the run neither ended nor called anything for {DEADLINE:?}");
    Ok(held)
}
