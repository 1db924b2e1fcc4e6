//! Each screen in each of its states, looked at closely.

use anyhow::{Context, ensure};
use serde_json::json;
use system_tests::local_workspace::Ready;
use system_tests::{LocalWorkspace, Settings};

use crate::examination::Examiner;
use crate::held::{hold, release};
use crate::person::Person;
use crate::served::{StaticSite, TellrUi};

/// What may be nowhere in the page.
fn secrets(
    workspace: &LocalWorkspace,
    server: Option<&TellrUi>,
) -> anyhow::Result<Vec<(&'static str, String)>> {
    let mut secrets = vec![("the token", workspace.ready().token.clone())];
    if let Some(server) = server {
        let secret = server.address.split_once("#secret=").context("no secret")?.1;
        secrets.push(("the secret of `tellr ui`", secret.to_owned()));
    }
    Ok(secrets)
}

/// Signing in, and what can go wrong there.
async fn connecting() -> anyhow::Result<()> {
    let workspace =
        LocalWorkspace::start(Settings { open_to_pages: true, has_wheels: false, ..Settings::default() })?;
    let refusing = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() })?;
    let site = StaticSite::start().await?;
    let person = Person::at(&site.address, 1280, 800).await?;
    let mut secrets = secrets(&workspace, None)?;
    secrets.push(("the other token", refusing.ready().token.clone()));
    secrets.push(("the wrong token", "dapi-wrong".into()));
    let look = Examiner { person: &person, name: "connect", secrets };
    person.heading("Deploy Tellr").await?;
    look.screen("empty").await?;
    let wrong = Ready { token: "dapi-wrong".into(), ..workspace.ready().clone() };
    let elsewhere = Ready { host: "http://127.0.0.1:9".into(), ..workspace.ready().clone() };
    for (ready, words, name) in [
        (&wrong, "did not let you in", "wrong-token"),
        (refusing.ready(), "does not let this page call it", "refused"),
        (&elsewhere, "was not reached", "nobody"),
    ] {
        person.sign_in(ready).await?;
        person.shows(words).await?;
        look.screen(name).await?;
    }
    person.sign_in(workspace.ready()).await?;
    person.heading("What shall be done?").await?;
    person.shows("What you may do here").await?;
    look.screen("overview").await?;
    person.leave().await
}

/// Everything behind the sign-in, in one life of a deployment.
async fn working() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let server = TellrUi::start(&workspace).await?;
    let person = Person::at(&server.address, 1280, 800).await?;
    let look = Examiner { person: &person, name: "ui", secrets: secrets(&workspace, Some(&server))? };
    create(&look, &workspace).await?;
    update(&look, &workspace).await?;
    roll_back(&look).await?;
    delete(&look).await?;
    let calls = serde_json::to_string(&workspace.requests().await?)?;
    ensure!(!calls.contains(&workspace.ready().token), "the token is in an address");
    person.leave().await
}

async fn create(look: &Examiner<'_>, workspace: &LocalWorkspace) -> anyhow::Result<()> {
    let person = look.person;
    person.heading("What shall be done?").await?;
    person.shows("What you may do here").await?;
    person.shows("not deployed in this workspace yet").await?;
    look.screen("overview-empty").await?;
    person.press("New deployment").await?;
    person.heading("New deployment").await?;
    look.screen("form").await?;
    person.unfold("More settings").await?;
    person.fill("app_name", "Tellr!").await?;
    person.fill("schema_name", "").await?;
    person.fill("env", "no variable").await?;
    person.press("Show the plan").await?;
    person.shows("Please look at these settings again").await?;
    look.screen("form-errors").await?;
    person.fill("app_name", "tellr").await?;
    person.fill("schema_name", "app_data").await?;
    person.fill("env", "").await?;
    person.press("Show the plan").await?;
    person.heading("The plan").await?;
    person.shows("What will be done").await?;
    look.screen("plan-create").await?;

    workspace
        .add_fault(&json!({"id": "no", "on": {"method": "POST", "path": "/api/2.0/apps"},
        "do": {"preset": "quota.apps"}}))
        .await?;
    person.press("Deploy").await?;
    person.heading("It did not work").await?;
    look.screen("failed").await?;
    person.press("Try again from here").await?;
    person.heading("The plan").await?;
    person.shows("What will be done").await?;
    look.screen("plan-again").await?;

    hold(workspace, "POST", "/api/2.0/apps/*/deployments").await?;
    person.press("Deploy").await?;
    person.heading("Deploying").await?;
    ensure!(workspace.held("hold", crate::held::DEADLINE).await?.is_some(), "nothing is deployed");
    person.shows("The app's log").await?;
    look.screen("running").await?;
    release(workspace).await?;
    person.heading("Done").await?;
    look.screen("done").await?;
    for way in ["Notebook cell", "Asset bundle"] {
        person.press(way).await?;
        look.screen(&way.to_lowercase().replace(' ', "-")).await?;
    }
    Ok(())
}

async fn update(look: &Examiner<'_>, workspace: &LocalWorkspace) -> anyhow::Result<()> {
    let person = look.person;
    open_deployment(person).await?;
    look.screen("deployment").await?;
    person.press("Update").await?;
    person.heading("Update").await?;
    person.unfold("More settings").await?;
    person.fill("description", "Decks for everybody").await?;
    person.fill("env", "GREETING=hello").await?;
    person.switch_on("reset_database").await?;
    look.screen("form-update").await?;
    person.press("Show the plan").await?;
    person.shows("What differs").await?;
    look.screen("plan-update").await?;

    // a run that is cancelled, and gone on with
    hold(workspace, "POST", "/api/2.0/apps/*/update").await?;
    person.fill("confirm", "tellr").await?;
    person.press("Update").await?;
    person.heading("Updating").await?;
    ensure!(workspace.held("hold", crate::held::DEADLINE).await?.is_some(), "nothing is updated");
    person.press("Cancel").await?;
    person.heading("Stopping…").await?;
    look.screen("stopping").await?;
    release(workspace).await?;
    person.heading("Stopped").await?;
    look.screen("cancelled").await?;

    person.go_to_overview().await?;
    open_deployment(person).await?;
    look.screen("deployment-unfinished").await?;
    person.press("Go on with it").await?;
    person.heading("Update").await?;
    person.press("Show the plan").await?;
    person.fill("confirm", "tellr").await?;
    person.press("Update").await?;
    person.heading("Done").await?;
    look.screen("updated").await
}

async fn roll_back(look: &Examiner<'_>) -> anyhow::Result<()> {
    let person = look.person;
    open_deployment(person).await?;
    person.press("Roll back").await?;
    person.heading("Roll back").await?;
    look.screen("form-rollback").await?;
    person.press("Show the plan").await?;
    person.shows("What will be done").await?;
    look.screen("plan-rollback").await?;
    person.press("Roll back").await?;
    person.heading("Done").await?;
    look.screen("rolled-back").await
}

async fn delete(look: &Examiner<'_>) -> anyhow::Result<()> {
    let person = look.person;
    open_deployment(person).await?;
    look.screen("deployment-versions").await?;
    person.press("Delete").await?;
    person.heading("Delete").await?;
    person.switch_on("reset_database").await?;
    look.screen("form-delete").await?;
    person.press("Show what would go").await?;
    person.shows("What will be done").await?;
    look.screen("plan-delete").await?;
    person.fill("confirm", "tellr").await?;
    person.press("Delete").await?;
    person.heading("Done").await?;
    look.screen("deleted").await
}

/// From the last screen of a run, or the first, to the deployment.
async fn open_deployment(person: &Person) -> anyhow::Result<()> {
    if !person.text("main").await?.starts_with("What shall be done?") {
        person.press("Back to the deployments").await?;
    }
    person.press("Open").await?;
    person.heading("tellr").await?;
    person.shows("How it stands").await?;
    person.shows("runs now").await
}

#[tokio::test]
async fn every_screen_before_the_sign_in_is_fit_to_be_shown() {
    connecting().await.unwrap();
}

#[tokio::test]
async fn every_screen_of_a_deployments_life_is_fit_to_be_shown() {
    working().await.unwrap();
}
