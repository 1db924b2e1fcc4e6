//! Somebody who takes a deployment from nothing to nothing, whatever shows the page.

use anyhow::{Context, ensure};
use serde_json::json;
use system_tests::LocalWorkspace;

use crate::first_event;
use crate::person::Person;

#[expect(clippy::print_stderr, reason = "progress for whoever runs the test with --nocapture")]
pub(crate) fn tell(text: &str) {
    eprintln!("{text}");
}

/// From nothing to a deployment, to another version with empty data, to nothing.
pub(crate) async fn lifecycle(person: &Person, workspace: &LocalWorkspace, name: &str) -> anyhow::Result<()> {
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
    let way_in = workspace.post("/local/sign-in-links", &json!({ "app": "tellr" })).await?;
    person.visits(way_in["url"].as_str().context("no sign-in link")?).await?;
    // who is not let in ends up at the workspace's sign-in
    let opened = person.opens("open-app").await?;
    ensure!(opened.trim_end_matches('/') == url.trim_end_matches('/'), "the link opens {opened}");
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
