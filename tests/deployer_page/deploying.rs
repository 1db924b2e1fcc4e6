//! The ways through the screens from the first one behind the sign-in to a run, and on with a run that has not ended.

use anyhow::{bail, ensure};
use reqwest::Method;
use system_tests::checks::SCHEMA;
use system_tests::scenario::Operation;
use system_tests::{Deployment, LocalWorkspace};

use crate::person::Person;

/// From the first screen behind the sign-in to the plan; nothing has been changed by then.
pub(crate) async fn plan(
    person: &Person,
    operation: Operation,
    deployment: &Deployment,
) -> anyhow::Result<()> {
    person.heading("What shall be done?").await?;
    match operation {
        Operation::Create => {
            person.press("New deployment").await?;
            person.heading("New deployment").await?;
            person.fill("app_name", &deployment.app).await?;
            person.fill("lakebase_name", &deployment.lakebase).await?;
            person.fill("schema_name", SCHEMA).await?;
            person.unfold("More settings").await?;
            person.choose("lakebase_type", deployment.kind.as_str()).await?;
        }
        Operation::Update | Operation::UpdateWithReset => {
            open(person, deployment).await?;
            person.press("Update").await?;
            person.heading("Update").await?;
        }
        Operation::Delete | Operation::DeleteWithReset => {
            open(person, deployment).await?;
            person.press("Delete").await?;
            person.heading("Delete").await?;
        }
    }
    if resets(operation) {
        person.switch_on("reset_database").await?;
    }
    show_plan(person, operation).await
}

/// Goes on with a run that has not ended, to its end: from the deployment's screen, or by asking for the same again.
pub(crate) async fn go_on(
    person: &Person,
    operation: Operation,
    workspace: &LocalWorkspace,
    deployment: &Deployment,
) -> anyhow::Result<()> {
    let app = workspace.call(Method::GET, &format!("/api/2.0/apps/{}", deployment.app), None).await?;
    let run = deployment.last_run(workspace).await?;
    if app.status.is_success() && run.is_some_and(|run| run["state"] == "running") {
        person.heading("What shall be done?").await?;
        open(person, deployment).await?;
        person.press("Go on with it").await?;
        show_plan(person, operation).await?;
    } else if app.status.is_success() || operation == Operation::Create {
        plan(person, operation, deployment).await?;
    } else {
        ensure!(app.status.as_u16() == 404, "{app:?}");
        // a delete that has taken the app away has nothing left to do
        return Ok(());
    }
    approve(person, operation, deployment).await?;
    person.heading("Done").await
}

async fn open(person: &Person, deployment: &Deployment) -> anyhow::Result<()> {
    person.press_labelled(&format!("Look at {}", deployment.app)).await?;
    person.heading(&deployment.app).await?;
    person.shows("How it stands").await
}

async fn show_plan(person: &Person, operation: Operation) -> anyhow::Result<()> {
    person.press(if deletes(operation) { "Show what would go" } else { "Show the plan" }).await?;
    person.heading("The plan").await?;
    person.shows("What will be done").await
}

/// From the plan to the run, taking over from a run that has not ended.
pub(crate) async fn approve(
    person: &Person,
    operation: Operation,
    deployment: &Deployment,
) -> anyhow::Result<()> {
    if person.has("take_over").await? {
        person.switch_on("take_over").await?;
    }
    if deletes(operation) || resets(operation) {
        person.fill("confirm", &deployment.app).await?;
    }
    let (button, heading) = match operation {
        Operation::Create => ("Deploy", "Deploying"),
        Operation::Update | Operation::UpdateWithReset => ("Update", "Updating"),
        Operation::Delete | Operation::DeleteWithReset => ("Delete", "Deleting"),
    };
    person.press(button).await?;
    // a short run may be over already
    let now = person.text("h1").await?;
    if now != heading && now != "Done" {
        bail!("the run is not shown: {}", person.text("main").await?);
    }
    Ok(())
}

fn deletes(operation: Operation) -> bool {
    matches!(operation, Operation::Delete | Operation::DeleteWithReset)
}

fn resets(operation: Operation) -> bool {
    matches!(operation, Operation::UpdateWithReset | Operation::DeleteWithReset)
}
