//! All points of one operation, one after the other.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use system_tests::faults::{Call, Mutation};
use system_tests::state::{FolderCopy, difference};
use system_tests::{Deployment, Kind, LocalWorkspace, Settings};

use super::point::{Ended, Moment, Point};
use crate::tell;
use system_tests::scenario::Operation;

/// More calls than any run has: a guard against an enumeration without end.
const MOST_CALLS: usize = 200;
/// After so many wrong ends the rest says nothing new.
const MOST_FAILURES: usize = 12;
/// Another machine cannot see that the process is gone, and waits so long for a sign of life.
const SHORT_LEASE: [&str; 2] = ["--lock-lease-ms", "300"];
const HERE: &str = "here";
const ELSEWHERE: &str = "elsewhere";

/// Kills the operation at all of its points.
pub(crate) async fn of(operation: Operation, kind: Kind) -> anyhow::Result<()> {
    let started = Instant::now();
    let settings = Settings { state_delay: Duration::from_millis(5), ..Settings::default() };
    let mut all = Enumeration {
        workspace: LocalWorkspace::start(settings)?,
        operation,
        kind,
        made: 0,
        expected: Value::Null,
        subject: None,
        points: 0,
        failures: Vec::new(),
    };
    all.undisturbed().await?;
    for mutation in [Mutation::Request, Mutation::Commit] {
        all.calls(mutation).await?;
    }
    let seconds = started.elapsed().as_secs();
    tell(&format!("{operation:?} {kind:?}: {} points in {seconds} s", all.points));
    ensure!(all.points > 0, "the run was never killed");
    ensure!(
        all.failures.is_empty(),
        "{} of {} points ended wrongly:\n{}",
        all.failures.len(),
        all.points,
        all.failures.join("\n")
    );
    Ok(())
}

struct Enumeration {
    workspace: LocalWorkspace,
    operation: Operation,
    kind: Kind,
    /// How many deployments were named.
    made: usize,
    /// The state in which an undisturbed run ends.
    expected: Value,
    /// What the next point may work on.
    subject: Option<(Deployment, Option<FolderCopy>)>,
    points: usize,
    failures: Vec<String>,
}

impl Enumeration {
    fn new_deployment(&mut self) -> Deployment {
        self.made += 1;
        Deployment::new(&self.workspace, &format!("tellr-{}", self.made), self.kind)
    }

    async fn undisturbed(&mut self) -> anyhow::Result<()> {
        let deployment = self.new_deployment();
        let history = self.operation.begin(&self.workspace, &deployment).await?;
        self.operation.prepare(&self.workspace, &deployment, history.as_ref()).await?;
        let run = self.workspace.start_tellr(&self.operation.flags(&deployment), HERE)?;
        run.finish().await?.successful()?;
        self.expected = deployment.state(&self.workspace).await?;
        self.operation.clean(&self.workspace, &deployment).await?;
        if self.operation.is_repeatable() {
            self.subject = Some((deployment, history));
        }
        Ok(())
    }

    /// What the next point works on: the same as the last, or something new.
    async fn next_subject(&mut self) -> anyhow::Result<(Deployment, Option<FolderCopy>)> {
        if let Some(subject) = self.subject.take() {
            return Ok(subject);
        }
        let deployment = self.new_deployment();
        let history = self.operation.begin(&self.workspace, &deployment).await?;
        Ok((deployment, history))
    }

    /// All calls of a class.
    async fn calls(&mut self, mutation: Mutation) -> anyhow::Result<()> {
        for skip in 0..MOST_CALLS {
            for moment in Moment::ALL {
                let point = Point { mutation, skip, moment };
                let begun = Instant::now();
                let (deployment, history) = self.next_subject().await?;
                let outcome = self.point(point, &deployment, history.as_ref()).await;
                let milliseconds = begun.elapsed().as_millis();
                let succeeded = match outcome {
                    Ok(None) => {
                        self.keep(deployment, history);
                        return Ok(());
                    }
                    Ok(Some(call)) => {
                        tell(&format!("{point} {} {}: {milliseconds} ms", call.method, call.path));
                        true
                    }
                    Err(error) => {
                        tell(&format!("{point}: WRONG after {milliseconds} ms: {error:#}"));
                        self.failures.push(format!("{point}: {error:#}"));
                        self.workspace.remove_faults().await?;
                        false
                    }
                };
                self.points += 1;
                if self.failures.len() >= MOST_FAILURES {
                    return Ok(());
                }
                if succeeded {
                    self.keep(deployment, history);
                }
            }
        }
        bail!("a run with more than {MOST_CALLS} calls")
    }

    /// An update leaves the app as it found it, but for what [`Operation::prepare`] puts right.
    fn keep(&mut self, deployment: Deployment, history: Option<FolderCopy>) {
        if self.operation.is_repeatable() {
            self.subject = Some((deployment, history));
        }
    }

    /// Kills a run at `point` and runs it again; nothing if the run has fewer calls.
    async fn point(
        &self,
        point: Point,
        deployment: &Deployment,
        history: Option<&FolderCopy>,
    ) -> anyhow::Result<Option<Call>> {
        let (workspace, operation) = (&self.workspace, self.operation);
        operation.prepare(workspace, deployment, history).await.context("not made ready")?;
        let others = workspace.inventory().await?;
        let (succeeded, _) = deployment.deployments(workspace).await?;
        let flags = operation.flags(deployment);
        let call = match point.kill(workspace, || workspace.start_tellr(&flags, HERE)).await? {
            Ended::Killed(call) => call,
            Ended::ByItself(run) => {
                run.finish().await?.successful()?;
                operation.clean(workspace, deployment).await?;
                return Ok(None);
            }
        };
        let at = || format!("killed at {} {}", call.method, call.path);
        self.check(point, deployment, &flags, others, succeeded).await.with_context(at)?;
        Ok(Some(call))
    }

    /// Runs the command again and compares the end.
    async fn check(
        &self,
        point: Point,
        deployment: &Deployment,
        flags: &[String],
        others: BTreeSet<String>,
        succeeded: usize,
    ) -> anyhow::Result<()> {
        let (workspace, operation) = (&self.workspace, self.operation);
        let noted = operation.note(workspace, deployment).await?;
        let origin = if point.skip.is_multiple_of(2) { HERE } else { ELSEWHERE };
        let again = [flags, &SHORT_LEASE.map(str::to_owned)].concat();
        let second = workspace.start_tellr(&again, origin)?.finish().await?;
        operation.check_result(noted, &second).with_context(|| format!("again from {origin}"))?;
        operation.check_database(workspace, deployment, noted).await?;
        let state = deployment.state(workspace).await?;
        ensure!(state == self.expected, "another end: {}", difference(&self.expected, &state));
        let found = workspace.inventory().await?;
        let new: Vec<&String> = found.difference(&others).collect();
        ensure!(new == operation.makes(deployment).iter().collect::<Vec<_>>(), "there are now {new:?}");
        let (now, _) = deployment.deployments(workspace).await?;
        let most = succeeded + if noted.was_complete && operation != Operation::Create { 2 } else { 1 };
        ensure!(now <= most, "{} deployments of one command", now - succeeded);
        operation.clean(workspace, deployment).await
    }
}
