//! The deployer's page in a real browser, clicked through as a person does: served by anybody, and by `tellr ui`.

mod closed_tab;
mod deploying;
mod examination;
mod faults;
#[path = "first_event.rs"]
mod first_event;
mod held;
mod keyboard;
#[path = "lifecycle.rs"]
mod lifecycle;
#[path = "person.rs"]
mod person;
mod screens;
mod security;
mod served;

use anyhow::{Context, ensure};
use lifecycle::{lifecycle, tell};
use person::Person;
use served::{StaticSite, TellrUi};
use system_tests::{LocalWorkspace, Settings};

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
