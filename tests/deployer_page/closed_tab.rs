//! The tab is closed at each call of a run that changes something, and so at each of its steps: before the call has an
//! effect, or after it with the reply lost. Whoever goes on, in a new tab or with the command on another machine, ends in
//! the state of an undisturbed run, with nothing made twice and the database reset at most once.
//!
//! The points are found by going on until a run ends before the next one.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use system_tests::faults::{Call, Mutation};
use system_tests::scenario::{Noted, Operation};
use system_tests::state::{FolderCopy, difference};
use system_tests::{Deployment, Kind, LocalWorkspace, Settings};

use crate::deploying::{approve, go_on, plan};
use crate::person::Person;
use crate::served::{StaticSite, TellrUi};
use crate::tell;

/// More calls than any run has.
const MOST_CALLS: usize = 100;
const DEADLINE: Duration = Duration::from_secs(60);
/// How long one question for a held call takes before the page is looked at.
const LOOK: Duration = Duration::from_millis(250);
const ELSEWHERE: &str = "elsewhere";

/// Who goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Successor {
    Tab,
    Command,
}

/// A call of a run, the moment at which the tab is closed, and who goes on.
#[derive(Clone, Copy, Debug)]
struct Point {
    mutation: Mutation,
    skip: usize,
}

impl Point {
    /// A step is one call that acts and one that writes it down: a tab closed at the first is followed by a tab, one closed
    /// at the second by a command, and the other way round for every other step.
    fn successor(self) -> Successor {
        let turned = self.skip / 2 % 2 == 1;
        if self.skip.is_multiple_of(2) == turned { Successor::Command } else { Successor::Tab }
    }

    fn when(self) -> &'static str {
        if self.skip.is_multiple_of(3) { "after" } else { "before" }
    }
}

struct Enumeration {
    workspace: LocalWorkspace,
    server: TellrUi,
    person: Person,
    operation: Operation,
    expected: Value,
    made: usize,
    /// What the next point may work on.
    subject: Option<(Deployment, Option<FolderCopy>)>,
}

/// Closes the tab at all points of the operation.
async fn of(operation: Operation) -> anyhow::Result<()> {
    let settings = Settings { state_delay: Duration::from_millis(5), ..Settings::default() };
    let workspace = LocalWorkspace::start(settings)?;
    let server = TellrUi::start(&workspace).await?;
    let person = Person::at(&server.address, 1280, 800).await?;
    let expected = Value::Null;
    let mut all = Enumeration { workspace, server, person, operation, expected, made: 0, subject: None };
    all.undisturbed().await?;
    let mut points = 0;
    for mutation in [Mutation::Request, Mutation::Commit] {
        points += all.calls(mutation).await?;
    }
    // a run writes down that it begins and that it ends, and acts in between
    ensure!(points > 3, "the tab was closed at {points} points only");
    tell(&format!("{operation:?}: the tab was closed at {points} points"));
    all.person.leave().await
}

impl Enumeration {
    async fn next_subject(&mut self) -> anyhow::Result<(Deployment, Option<FolderCopy>)> {
        if let Some(subject) = self.subject.take() {
            return Ok(subject);
        }
        self.made += 1;
        let deployment = Deployment::new(&self.workspace, &format!("tellr-{}", self.made), Kind::Autoscaling);
        let history = self.operation.begin(&self.workspace, &deployment).await?;
        Ok((deployment, history))
    }

    fn keep(&mut self, deployment: Deployment, history: Option<FolderCopy>) {
        if self.operation.is_repeatable() {
            self.subject = Some((deployment, history));
        }
    }

    /// The state that the command reaches.
    async fn undisturbed(&mut self) -> anyhow::Result<()> {
        let (deployment, history) = self.next_subject().await?;
        self.operation.prepare(&self.workspace, &deployment, history.as_ref()).await?;
        self.workspace.tellr(&self.operation.flags(&deployment)).await?.successful()?;
        self.expected = deployment.state(&self.workspace).await?;
        self.operation.clean(&self.workspace, &deployment).await?;
        self.keep(deployment, history);
        Ok(())
    }

    async fn calls(&mut self, mutation: Mutation) -> anyhow::Result<usize> {
        for skip in 0..MOST_CALLS {
            let point = Point { mutation, skip };
            let started = Instant::now();
            let (deployment, history) = self.next_subject().await?;
            let call = self.point(point, &deployment, history.as_ref()).await;
            let call =
                call.with_context(|| format!("{point:?}, {}, {:?}", point.when(), point.successor()))?;
            self.keep(deployment, history);
            let Some(Call { method, path }) = call else { return Ok(skip) };
            let milliseconds = started.elapsed().as_millis();
            tell(&format!(
                "{point:?} {} {method} {path}, {:?}: {milliseconds} ms",
                point.when(),
                point.successor()
            ));
        }
        bail!("a run with more than {MOST_CALLS} calls")
    }

    /// One run that is interrupted and finished; nothing if it ends before its tab is closed.
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
        let rule = json!({"id": "point", "on": point.mutation.pattern(), "skip": point.skip, "when": point.when(), "do": "hold"});
        self.person.go_to(&self.server.address).await?;
        plan(&self.person, operation, deployment).await?;
        workspace.add_fault(&rule).await?;
        approve(&self.person, operation, deployment).await?;
        let call = self.first_held().await?;
        if call.is_some() {
            self.person.close_tab().await?;
        }
        workspace.remove_faults().await?;
        let noted = operation.note(workspace, deployment).await?;
        if call.is_some() {
            self.finish(point, deployment, noted).await?;
        }
        operation.check_database(workspace, deployment, noted).await?;
        let state = deployment.state(workspace).await?;
        ensure!(state == self.expected, "another end: {}", difference(&self.expected, &state));
        let found = workspace.inventory().await?;
        let new: Vec<&String> = found.difference(&others).collect();
        ensure!(new == operation.makes(deployment).iter().collect::<Vec<_>>(), "there are now {new:?}");
        let (now, _) = deployment.deployments(workspace).await?;
        ensure!(now <= succeeded + 1, "{} deployments of one run", now - succeeded);
        operation.clean(workspace, deployment).await?;
        Ok(call)
    }

    /// The call that is held; nothing if the run has ended before.
    async fn first_held(&self) -> anyhow::Result<Option<Call>> {
        let started = Instant::now();
        while started.elapsed() < DEADLINE {
            if let Some(call) = self.workspace.held("point", LOOK).await? {
                return Ok(Some(call));
            }
            if self.person.text("h1").await? == "Done" {
                return Ok(None);
            }
        }
        self.person.picture("closed-tab-stuck").await?;
        bail!(
            "the run neither ended nor called anything for {DEADLINE:?}: {}",
            self.person.text("main").await?
        )
    }

    async fn finish(&self, point: Point, deployment: &Deployment, noted: Noted) -> anyhow::Result<()> {
        // a run whose last word was heard has nothing left to go on with
        if noted.was_complete {
            return Ok(());
        }
        match point.successor() {
            Successor::Tab => {
                self.person.go_to(&self.server.address).await?;
                go_on(&self.person, self.operation, &self.workspace, deployment).await
            }
            Successor::Command => {
                let flags = [self.operation.flags(deployment), vec!["--take-over".to_owned()]].concat();
                self.workspace.start_tellr(&flags, ELSEWHERE)?.finish().await?.successful()?;
                Ok(())
            }
        }
    }
}

/// A page that makes its calls itself, and whose token is gone with its tab.
async fn of_a_page_from_anywhere() -> anyhow::Result<()> {
    let settings =
        Settings { state_delay: Duration::from_millis(5), open_to_pages: true, ..Settings::default() };
    let workspace = LocalWorkspace::start(settings)?;
    let site = StaticSite::start().await?;
    let by_app = ["--schema-setup", "app"];
    let undisturbed = Deployment::new(&workspace, "tellr-0", Kind::Autoscaling);
    workspace.tellr(&undisturbed.flags("create", &by_app)).await?.successful()?;
    let expected = without_ids(&undisturbed.state(&workspace).await?);
    let person = Person::at(&site.address, 1280, 800).await?;
    let points = [
        ("/api/2.0/postgres/projects", "after", Successor::Command),
        ("/api/2.0/apps", "before", Successor::Tab),
        ("/api/2.0/apps/*/deployments", "after", Successor::Tab),
    ];
    for (number, (path, when, successor)) in points.into_iter().enumerate() {
        let deployment = Deployment::new(&workspace, &format!("tellr-{}", number + 1), Kind::Autoscaling);
        let rule = json!({"id": "point", "on": {"method": "POST", "path": path}, "when": when, "do": "hold"});
        person.go_to(&site.address).await?;
        person.sign_in(workspace.ready()).await?;
        plan(&person, Operation::Create, &deployment).await?;
        workspace.add_fault(&rule).await?;
        approve(&person, Operation::Create, &deployment).await?;
        ensure!(workspace.held("point", DEADLINE).await?.is_some(), "{path} is not called");
        person.close_tab().await?;
        workspace.remove_faults().await?;
        match successor {
            Successor::Tab => {
                person.go_to(&site.address).await?;
                person.sign_in(workspace.ready()).await?;
                go_on(&person, Operation::Create, &workspace, &deployment).await?;
            }
            Successor::Command => {
                let flags = deployment.flags("create", &[&by_app[..], &["--take-over"]].concat());
                workspace.start_tellr(&flags, ELSEWHERE)?.finish().await?.successful()?;
            }
        }
        let state = without_ids(&deployment.state(&workspace).await?);
        ensure!(state == expected, "{path}: another end: {}", difference(&expected, &state));
        let (succeeded, _) = deployment.deployments(&workspace).await?;
        ensure!(succeeded == 1, "{path}: {succeeded} deployments of one run");
    }
    person.leave().await
}

/// The state without the ids that tell an app which preparation of its schema was asked for.
fn without_ids(state: &Value) -> Value {
    let mut state = state.clone();
    if let Some(text) = state["files"]["app.yaml"].as_str() {
        let known = |word: &str| word.len() < 32 || !word.chars().all(|c| c.is_ascii_hexdigit());
        let words = text.split('"').map(|word| if known(word) { word } else { "<id>" });
        state["files"]["app.yaml"] = json!(words.collect::<Vec<_>>().join("\""));
    }
    state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_from_anywhere_whose_tab_is_closed_is_finished_by_another() {
    of_a_page_from_anywhere().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_whose_tab_is_closed_is_finished_by_another() {
    of(Operation::Create).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_with_reset_whose_tab_is_closed_is_finished_by_another() {
    of(Operation::UpdateWithReset).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_with_reset_whose_tab_is_closed_is_finished_by_another() {
    of(Operation::DeleteWithReset).await.unwrap();
}
