//! The deployer's page in a real browser, clicked through as a person does: served by anybody, and by `tellr ui`.

mod closed_tab;
mod deploying;
mod examination;
mod faults;
mod first_event;
mod held;
mod keyboard;
mod person;
mod screens;
mod security;
mod served;

use anyhow::{Context, ensure};
use person::Person;
use served::{StaticSite, TellrUi};
use system_tests::{LocalWorkspace, Settings};

#[expect(clippy::print_stderr, reason = "progress for whoever runs the test with --nocapture")]
fn tell(text: &str) {
    eprintln!("{text}");
}

/// From nothing to a deployment, to another version with empty data, to nothing.
async fn lifecycle(person: &Person, workspace: &LocalWorkspace, name: &str) -> anyhow::Result<()> {
    person.heading("What shall be done?").await?;
    person.picture(&format!("{name}-overview")).await?;
    person.press("New deployment").await?;
    person.heading("New deployment").await?;
    person.picture(&format!("{name}-form")).await?;
    person.press("Show the plan").await?;
    person.heading("The plan").await?;
    person.shows("What will be done").await?;
    first_event::watch(person, "Deploy").await?;
    person.press("Deploy").await?;
    person.picture(&format!("{name}-running")).await?;
    person.heading("Done").await?;
    tell(&format!(
        "{name}: {:.0} ms from the click to the first event",
        first_event::milliseconds(person).await?
    ));
    person.picture(&format!("{name}-done")).await?;
    let url = person.address_of("open-app").await?;
    ensure!(url.trim_end_matches('/') == workspace.app_url("tellr").await?, "the link leads to {url}");
    let health = workspace.get_from_app("tellr", "/api/health/ready").await?;
    ensure!(health.status().is_success(), "the app answers {}", health.status());
    ensure!(person.text("#way-out").await?.starts_with("tellr create"), "no command on the last screen");

    person.press("Back to the deployments").await?;
    person.press("Open").await?;
    person.heading("tellr").await?;
    person.shows("How it stands").await?;
    person.picture(&format!("{name}-deployment")).await?;
    person.press("Update").await?;
    person.heading("Update").await?;
    person.switch_on("reset_database").await?;
    person.press("Show the plan").await?;
    person.heading("The plan").await?;
    person.fill("confirm", "tellr").await?;
    person.picture(&format!("{name}-update-plan")).await?;
    person.press("Update").await?;
    person.heading("Done").await?;
    ensure!(person.text("dl.facts").await?.contains("reset"), "the data was not reset");

    person.press("Back to the deployments").await?;
    person.press("Open").await?;
    person.shows("Roll back").await?;
    person.press("Delete").await?;
    person.heading("Delete").await?;
    person.press("Show what would go").await?;
    person.fill("confirm", "tellr").await?;
    person.press("Delete").await?;
    person.heading("Done").await?;
    person.picture(&format!("{name}-deleted")).await?;
    let gone = workspace.call(reqwest::Method::GET, "/api/2.0/apps/tellr", None).await?;
    ensure!(gone.status == 404, "the app is still there: {gone:?}");
    Ok(())
}

async fn a_page_from_anywhere() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings { open_to_pages: true, ..Settings::default() })?;
    let site = StaticSite::start().await?;
    let person = Person::at(&site.address, 1280, 900).await?;
    person.heading("Deploy Tellr").await?;
    person.picture("page-connect").await?;
    person.sign_in(workspace.ready()).await?;
    lifecycle(&person, &workspace, "page").await?;
    let secret = &workspace.ready().token;
    for (place, content) in person.everything_kept().await? {
        ensure!(!content.contains(secret.as_str()), "the token is in {place}");
    }
    person.leave().await
}

async fn a_page_that_the_workspace_refuses() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let site = StaticSite::start().await?;
    let person = Person::at(&site.address, 360, 800).await?;
    person.heading("Deploy Tellr").await?;
    person.sign_in(workspace.ready()).await?;
    let problem = person.text(".problem").await?;
    person.picture("page-refused").await?;
    ensure!(problem.contains("does not let this page call it") && problem.contains("tellr ui"), "{problem}");
    ensure!(person.value("token").await?.is_empty(), "the token stays in its field");
    person.leave().await
}

async fn a_page_of_tellr_ui() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let server = TellrUi::start(&workspace).await?;
    let person = Person::at(&server.address, 1280, 900).await?;
    lifecycle(&person, &workspace, "ui").await?;
    let secret = server.address.split_once("#secret=").context("no secret")?.1;
    for (place, content) in person.everything_kept().await? {
        ensure!(!content.contains(workspace.ready().token.as_str()), "the token is in {place}");
        ensure!(!content.contains(secret), "the secret is in {place}");
    }
    person.leave().await
}

#[tokio::test]
async fn a_page_from_anywhere_deploys_updates_and_deletes_and_keeps_no_token() {
    a_page_from_anywhere().await.unwrap();
}

#[tokio::test]
async fn a_workspace_that_refuses_pages_is_recognised_and_explained() {
    a_page_that_the_workspace_refuses().await.unwrap();
}

#[tokio::test]
async fn the_page_of_tellr_ui_deploys_resets_and_deletes_without_ever_seeing_a_token() {
    a_page_of_tellr_ui().await.unwrap();
}
