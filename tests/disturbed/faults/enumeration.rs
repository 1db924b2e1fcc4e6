//! All calls and all faults of one operation.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;
use system_tests::faults::Mutation;
use system_tests::state::{FolderCopy, difference};
use system_tests::{Deployment, Kind, LocalWorkspace, Settings};

use super::fault::{Fault, stale_reads, storms};
use super::messages::Messages;
use crate::tell;
use system_tests::scenario::Operation;

/// More calls than any run has.
const MOST_CALLS: usize = 200;
const MOST_FAILURES: usize = 12;

/// Meets the operation with all faults at all calls; gives what the runs said.
pub(crate) async fn of(operation: Operation, kind: Kind) -> anyhow::Result<String> {
    let started = Instant::now();
    let settings = Settings { state_delay: Duration::from_millis(5), ..Settings::default() };
    let workspace = LocalWorkspace::start(settings)?;
    let mut all = Enumeration {
        workspace,
        operation,
        kind,
        made: 0,
        expected: Value::Null,
        subject: None,
        messages: Messages::default(),
        points: 0,
        wrong: Vec::new(),
    };
    all.undisturbed().await?;
    for fault in Fault::OF_REQUESTS {
        all.calls(Mutation::Request, fault).await?;
    }
    for fault in Fault::OF_COMMITS {
        all.calls(Mutation::Commit, fault).await?;
    }
    let wholes =
        [("429", storms(429, "REQUEST_LIMIT_EXCEEDED")), ("503", storms(503, "TEMPORARILY_UNAVAILABLE"))];
    for (what, rules) in wholes {
        all.throughout(what, &rules).await?;
    }
    all.throughout("stale reads", &stale_reads(&all.next_name())).await?;
    let seconds = started.elapsed().as_secs();
    tell(&format!("{operation:?} {kind:?}: {} faults in {seconds} s", all.points));
    ensure!(
        all.wrong.is_empty(),
        "{} of {} ended wrongly:\n{}",
        all.wrong.len(),
        all.points,
        all.wrong.join("\n")
    );
    Ok(all.messages.to_text())
}

struct Enumeration {
    workspace: LocalWorkspace,
    operation: Operation,
    kind: Kind,
    made: usize,
    expected: Value,
    subject: Option<(Deployment, Option<FolderCopy>)>,
    messages: Messages,
    points: usize,
    wrong: Vec<String>,
}

impl Enumeration {
    async fn undisturbed(&mut self) -> anyhow::Result<()> {
        let (deployment, history) = self.next_subject().await?;
        self.operation.prepare(&self.workspace, &deployment, history.as_ref()).await?;
        self.workspace.tellr(&self.operation.flags(&deployment)).await?.successful()?;
        self.expected = deployment.state(&self.workspace).await?;
        self.operation.clean(&self.workspace, &deployment).await?;
        self.keep(deployment, history);
        Ok(())
    }

    async fn next_subject(&mut self) -> anyhow::Result<(Deployment, Option<FolderCopy>)> {
        if let Some(subject) = self.subject.take() {
            return Ok(subject);
        }
        self.made += 1;
        let deployment = Deployment::new(&self.workspace, &format!("tellr-{}", self.made), self.kind);
        let history = self.operation.begin(&self.workspace, &deployment).await?;
        Ok((deployment, history))
    }

    /// What [`Self::next_subject`] will give.
    fn next_name(&self) -> Deployment {
        match &self.subject {
            Some((deployment, _)) => deployment.clone(),
            None => Deployment::new(&self.workspace, &format!("tellr-{}", self.made + 1), self.kind),
        }
    }

    fn keep(&mut self, deployment: Deployment, history: Option<FolderCopy>) {
        if self.operation.is_repeatable() {
            self.subject = Some((deployment, history));
        }
    }

    /// One fault at each of the calls.
    async fn calls(&mut self, mutation: Mutation, fault: Fault) -> anyhow::Result<()> {
        for skip in 0..MOST_CALLS {
            let (deployment, history) = self.next_subject().await?;
            self.operation.prepare(&self.workspace, &deployment, history.as_ref()).await?;
            self.workspace.add_fault(&fault.rule(mutation, skip)).await?;
            let begun = Instant::now();
            let outcome = self.run(&deployment, fault).await;
            let name = format!("{fault:?} {mutation:?} {}", skip + 1);
            tell(&format!("{name}: {} ms {}", begun.elapsed().as_millis(), in_words(&outcome)));
            match outcome {
                Ok(true) => self.keep(deployment, history),
                Ok(false) => {
                    self.keep(deployment, history);
                    return Ok(());
                }
                Err(error) => {
                    self.workspace.remove_faults().await?;
                    self.wrong.push(format!("{name}: {error:#}"));
                    if self.wrong.len() >= MOST_FAILURES {
                        return Ok(());
                    }
                }
            }
        }
        anyhow::bail!("a run with more than {MOST_CALLS} calls")
    }

    /// Runs with the fault, and without it if that fails; whether the fault came about.
    async fn run(&mut self, deployment: &Deployment, fault: Fault) -> anyhow::Result<bool> {
        let flags = self.operation.flags(deployment);
        let first = self.workspace.tellr(&flags).await?;
        let met = self.workspace.fault_hits("fault").await? > 0;
        self.workspace.remove_faults().await?;
        if met {
            self.points += 1;
            self.messages.note(fault, &first)?;
        }
        self.check(deployment, &flags, first.code == Some(0)).await?;
        Ok(met)
    }

    async fn check(&self, deployment: &Deployment, flags: &[String], done: bool) -> anyhow::Result<()> {
        if !done {
            let noted = self.operation.note(&self.workspace, deployment).await?;
            let second = self.workspace.tellr(flags).await?;
            self.operation.check_result(noted, &second)?;
            self.operation.check_database(&self.workspace, deployment, noted).await?;
        }
        let state = deployment.state(&self.workspace).await?;
        ensure!(state == self.expected, "another end: {}", difference(&self.expected, &state));
        self.operation.clean(&self.workspace, deployment).await
    }

    /// A run that must get through, whatever these rules do to all of it.
    async fn throughout(&mut self, what: &str, rules: &[Value]) -> anyhow::Result<()> {
        let (deployment, history) = self.next_subject().await?;
        self.operation.prepare(&self.workspace, &deployment, history.as_ref()).await?;
        for rule in rules {
            self.workspace.add_fault(rule).await?;
        }
        let flags = self.operation.flags(&deployment);
        let begun = Instant::now();
        let first = self.workspace.tellr(&flags).await?;
        tell(&format!("{what}: {} ms", begun.elapsed().as_millis()));
        self.workspace.remove_faults().await?;
        ensure!(first.code == Some(0), "{what} ended the run: {}", first.result);
        self.points += 1;
        self.check(&deployment, &flags, true).await.with_context(|| what.to_owned())?;
        self.keep(deployment, history);
        Ok(())
    }
}

fn in_words(outcome: &anyhow::Result<bool>) -> String {
    match outcome {
        Ok(true) => String::new(),
        Ok(false) => "no such call".into(),
        Err(error) => format!("WRONG: {error:#}"),
    }
}
