//! The page in a notebook: a real kernel with the wheel in it, the widget's own script, the single file in a sandboxed frame
//! whose calls the workspace refuses, and somebody who clicks.

#![expect(clippy::unwrap_used, reason = "what cannot be done fails the test")]

#[path = "../deployer_page/first_event.rs"]
mod first_event;
mod hostile;
#[path = "../deployer_page/lifecycle.rs"]
mod lifecycle;
mod notebook;
#[path = "../deployer_page/person.rs"]
#[expect(dead_code, reason = "nobody signs in here")]
mod person;
mod proxied;

use anyhow::ensure;
use lifecycle::lifecycle;
use notebook::{Notebook, documented};
use person::Person;
use serde_json::json;
use system_tests::{LocalWorkspace, Settings};

/// What a frame can reach by itself, however it is asked for.
const REACHES: &str = "
    const done = arguments[arguments.length - 1];
    const refused = promise => promise.then(() => false, () => true);
    Promise.all([
        refused(fetch('HOST/api/2.0/preview/scim/v2/Me')),
        refused(fetch('/')),
        refused(new Promise((loaded, failed) => {
            const image = new Image();
            image.onload = loaded;
            image.onerror = failed;
            image.src = 'HOST/favicon.ico';
        })),
    ]).then(done);";

async fn a_widget() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let notebook = Notebook::show(&workspace, &documented("tellr.ui()")?).await?;
    let person = Person::at(&notebook.address, 1280, 900).await?;
    person.enter_frame().await?;
    lifecycle(&person, &workspace, "notebook").await?;

    let token = &workspace.ready().token;
    for (place, content) in person.everything_kept().await? {
        ensure!(!content.contains(token.as_str()), "the token is in {place}");
        ensure!(place != "requested addresses" || content == "[]", "the frame has requested {content}");
    }
    let reaches = REACHES.replace("HOST", &workspace.ready().host);
    let reaches = person.browser.window.execute_async(reaches, Vec::new()).await?.json().clone();
    ensure!(reaches == json!([true, true, true]), "the frame reaches something by itself: {reaches}");
    let messages = notebook.messages()?;
    for said in ["/tellr/context", "/api/2.0/apps", "tellr-embedding"] {
        ensure!(holds(&messages, said.as_bytes()), "the messages are not recorded: no {said}");
    }
    ensure!(!holds(&messages, token.as_bytes()), "the token is in a message");
    ensure!(!holds(&messages, b"tellr_ui_"), "the cookie is in a message");
    person.leave().await?;
    notebook.end().await
}

async fn the_page_alone() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() })?;
    let notebook = Notebook::show(&workspace, &documented(r#"tellr.ui(mode="html")"#)?).await?;
    let person = Person::at(&format!("{}output.html", notebook.address), 360, 800).await?;
    person.enter_frame().await?;
    person.shows("This output has no way to the notebook").await?;
    person.shows("does not let this page call it").await?;
    let page = person.text("main").await?;
    ensure!(page.contains("databricks-tellr[widget]") && page.contains("driver-proxy"), "{page}");
    ensure!(person.value("host").await? == workspace.ready().host, "the workspace is not filled in");
    person.picture("notebook-alone").await?;
    person.leave().await?;
    notebook.end().await
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn the_page_alone_says_what_is_refused_and_what_works_instead() {
    the_page_alone().await.unwrap();
}

#[tokio::test]
async fn a_widget_deploys_resets_and_deletes_through_the_kernel_and_no_token_is_seen() {
    a_widget().await.unwrap();
}
