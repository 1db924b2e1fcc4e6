//! A Lakebase token lifetime of a few seconds, under constant queries and with new connections all the while.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::ensure;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::PgConnection;
use system_tests::probes::Probes;
use system_tests::{Deployment, Kind, LocalWorkspace, Settings};

use crate::report;

/// Fifteen lives of a token.
const WATCHED: Duration = Duration::from_secs(60);
const LIFETIME: Duration = Duration::from_secs(4);
/// How long the app may keep its connections: each time all are cut, it has to log in again.
const CUT_EVERY: Duration = Duration::from_millis(500);
const PROBERS: usize = 8;

async fn live(kind: Kind) -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings { token_ttl: Some(LIFETIME), ..Settings::default() })?;
    let deployment = Deployment::new(&workspace, "tellr", kind);
    workspace.tellr(&deployment.flags("create", &[])).await?.successful()?;
    deployment.assert_healthy(&workspace).await?;

    let mut database = deployment.database(&workspace).await?;
    let role = deployment.role(&workspace).await?;
    let probes = Probes::start(&workspace, &deployment.app, "/api/health/ready", PROBERS).await?;
    let mut connections = BTreeSet::new();
    let started = Instant::now();
    while started.elapsed() < WATCHED {
        tokio::time::sleep(CUT_EVERY).await;
        for process in sessions_of(&role, &mut database).await? {
            connections.insert(process);
            end_session(process)?;
        }
    }
    let tally = probes.stop().await?;
    report(&format!(
        "{}: {} requests answered, {} failed, over {} connections, each of which was cut",
        kind.as_str(),
        tally.answered,
        tally.failed,
        connections.len(),
    ));
    ensure!(
        tally.failed == 0,
        "{} of {}: {:#?}",
        tally.failed,
        tally.answered + tally.failed,
        tally.failures
    );
    ensure!(tally.answered > 1000, "only {} requests: nothing was under load", tally.answered);
    let lives = (WATCHED.as_secs() / LIFETIME.as_secs()) as usize;
    ensure!(connections.len() > lives * 2, "only {} connections", connections.len());
    Ok(())
}

/// The server's processes that serve `role`.
async fn sessions_of(role: &str, database: &mut PgConnection) -> anyhow::Result<Vec<i32>> {
    let query = "SELECT pid FROM pg_stat_activity WHERE usename = $1 AND backend_type = 'client backend'";
    Ok(sqlx::query_scalar(query).bind(role).fetch_all(database).await?)
}

/// What `pg_terminate_backend` does; on the platform nobody but the app's own role may call that for the app's sessions.
fn end_session(process: i32) -> anyhow::Result<()> {
    match kill(Pid::from_raw(process), Signal::SIGTERM) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn autoscaling_tokens_of_a_few_seconds() {
    live(Kind::Autoscaling).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn provisioned_tokens_of_a_few_seconds() {
    live(Kind::Provisioned).await.unwrap();
}
