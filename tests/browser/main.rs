//! The deployed app in a real browser, signed in through the app's proxy.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::json;
use system_tests::browser::Browser;
use system_tests::{LocalWorkspace, Settings, binaries};
use thirtyfour::prelude::*;

const DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);

async fn deploy(workspace: &LocalWorkspace) -> anyhow::Result<()> {
    let wheel = binaries::wheel("databricks-tellr-app")?;
    let path = format!("/Workspace/Users/{}/.apps/tellr", workspace.ready().user);
    let arguments =
        ["create", "--app-name", "tellr", "--lakebase-name", "tellr-db", "--schema-name", "app_data"];
    let mut arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    arguments.extend(["--workspace-path".to_owned(), path, "--poll-ms".to_owned(), "100".to_owned()]);
    arguments.extend(["--wheel".to_owned(), wheel.to_string_lossy().into_owned()]);
    workspace.tellr(&arguments).await?.successful()?;
    Ok(())
}

async fn text_of(browser: &Browser, css: &str) -> anyhow::Result<String> {
    Ok(browser.window.query(By::Css(css)).wait(DEADLINE, POLL).first().await?.text().await?)
}

async fn page_of_a_deployed_app() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    deploy(&workspace).await?;
    let url = workspace.app_url("tellr").await?;
    let browser = Browser::open(1280, 800).await?;

    // Without a sign-in the proxy sends the browser to the workspace.
    browser.window.goto(&url).await?;
    let there = browser.window.current_url().await?.to_string();
    ensure!(there.contains("/local/sign-in"), "not asked to sign in: {there}");
    browser.screenshot("sign-in").await?;

    browser.window.find(By::Id("token")).await?.send_keys(&workspace.ready().token).await?;
    browser.window.find(By::Css("button")).await?.click().await?;
    let heading = text_of(&browser, "h1").await?;
    ensure!(heading.contains("Tellr"), "the page says {heading}");
    let ready = browser.window.query(By::Css(".fact-title.good")).wait(DEADLINE, POLL).first().await?;
    ensure!(ready.text().await? == "Ready", "the database is not shown as ready");
    let facts = text_of(&browser, "dl.facts").await?;
    ensure!(facts.contains(&workspace.ready().user), "the page does not say who is signed in: {facts}");
    browser.screenshot("app").await?;

    let problems = browser
        .window
        .execute("return performance.getEntriesByType('resource').map(r => r.name)", Vec::new())
        .await?;
    let loaded: Vec<String> = problems.convert()?;
    ensure!(
        loaded.iter().all(|address| address.starts_with(&url)),
        "something came from elsewhere: {loaded:?}"
    );
    let wasm = loaded.iter().any(|address| address.ends_with(".wasm"));
    ensure!(wasm, "no wasm among {loaded:?}");
    browser.quit().await?;
    forged_headers_do_not_count(&workspace).await
}

/// A caller cannot name himself: the proxy's headers replace his.
async fn forged_headers_do_not_count(workspace: &LocalWorkspace) -> anyhow::Result<()> {
    let url = workspace.app_url("tellr").await?;
    let request = system_tests::rest::client()?.get(format!("{url}/api/user/current"));
    let request = request
        .bearer_auth(workspace.oauth_token().await?)
        .header("x-forwarded-email", "boss@example.com")
        .header("x-forwarded-user", "boss");
    let body: serde_json::Value = request.send().await?.json().await?;
    ensure!(!body.to_string().contains("boss"), "{body}");
    let username = body["username"].as_str().context("no user name")?;
    ensure!(username == workspace.ready().client_id, "{}", json!({ "caller": username }));
    Ok(())
}

#[tokio::test]
async fn the_deployed_app_answers_in_a_browser() {
    page_of_a_deployed_app().await.unwrap();
}
