//! A page that people trust with a token: what it may run, and what it makes of texts that want more.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use system_tests::local_workspace::Ready;
use system_tests::{Deployment, Kind, LocalWorkspace, Settings};

use crate::person::Person;
use crate::served::{StaticSite, TellrUi};

/// Does everything that HTML can do by itself.
const HOSTILE: &str = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script><a href=\"javascript:window.hacked=1\">here</a>";

/// Whether something of [`HOSTILE`] has become more than text.
const HACKED: &str = "
    return Boolean(window.hacked) || document.querySelector('main img, main script, a[href^=\"javascript:\"]') !== null;";

/// Tries what the page's policy forbids; gives what came of it.
const FORBIDDEN: &str = "
    const done = arguments[arguments.length - 1];
    const violated = [];
    document.addEventListener('securitypolicyviolation', event => violated.push(event.effectiveDirective));
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.head.append(script);
    const picture = document.createElement('img');
    picture.src = 'http://127.0.0.1:9/picture.png';
    document.body.append(picture);
    const frame = document.createElement('iframe');
    frame.src = 'http://127.0.0.1:9/';
    document.body.append(frame);
    document.body.setAttribute('onclick', 'window.ran = true');
    document.body.click();
    document.body.removeAttribute('onclick');
    const wait = () => violated.length < 4 ? setTimeout(wait, 20) : done({ran: Boolean(window.ran), violated});
    wait();";

async fn the_policy_holds(person: &Person) -> anyhow::Result<()> {
    let script = "const meta = document.querySelector('meta[http-equiv=\"Content-Security-Policy\"]');
        return meta ? meta.content : '';";
    let policy: String = person.browser.window.execute(script, Vec::new()).await?.convert()?;
    for wanted in [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "form-action 'none'",
    ] {
        ensure!(policy.contains(wanted), "no {wanted} in the policy: {policy}");
    }
    ensure!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    let tried: Value = person.browser.window.execute_async(FORBIDDEN, Vec::new()).await?.convert()?;
    ensure!(tried["ran"] == false, "a script that stands in the page has run");
    let violated = tried["violated"].to_string();
    for directive in ["script-src-elem", "script-src-attr", "img-src", "frame-src"] {
        ensure!(violated.contains(directive), "{directive} is not kept: {violated}");
    }
    Ok(())
}

async fn policies() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() })?;
    let server = TellrUi::start(&workspace).await?;
    let site = StaticSite::start().await?;
    let person = Person::at(&site.address, 1280, 800).await?;
    person.heading("Deploy Tellr").await?;
    the_policy_holds(&person).await.context("as plain files")?;
    person.go_to(&server.address).await?;
    person.heading("What shall be done?").await?;
    the_policy_holds(&person).await.context("through `tellr ui`")?;
    let (origin, _) = server.address.split_once("/#").context("an address without a secret")?;
    let answer = reqwest::get(origin).await?;
    let policy = answer.headers().get("content-security-policy").context("no policy among the headers")?;
    let policy = policy.to_str()?;
    ensure!(policy.contains("frame-ancestors 'none'"), "others may frame the page: {policy}");
    ensure!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    person.leave().await
}

/// The texts of the workspace are those of others: of whoever named an app, wrote a log line or deployed.
async fn hostile_texts() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() })?;
    let server = TellrUi::start(&workspace).await?;
    let person = Person::at(&server.address, 1280, 800).await?;
    person.heading("What shall be done?").await?;
    let app =
        json!({"name": HOSTILE, "resources": [{"name": "app_database"}], "app_status": {"state": HOSTILE}});
    let answers = |id: &str, method: &str, path: &str, status: u16, body: &Value| {
        json!({"id": id, "on": {"method": method, "path": path}, "times": null,
            "do": {"answer": {"status": status, "body": body}}})
    };
    workspace.add_fault(&answers("apps", "GET", "/api/2.0/apps", 200, &json!({"apps": [app]}))).await?;
    let refusal = json!({"error_code": "BAD_REQUEST", "message": HOSTILE});
    workspace.add_fault(&answers("refusal", "POST", "/api/2.0/postgres/projects", 400, &refusal)).await?;
    person.go_to_overview().await?;
    person.shows_literally(HOSTILE).await.context("a name and a state")?;
    person.press("New deployment").await?;
    person.press("Show the plan").await?;
    person.press("Deploy").await?;
    person.heading("It did not work").await?;
    person.shows_literally(HOSTILE).await.context("a refusal")?;
    let hacked: bool = person.browser.window.execute(HACKED, Vec::new()).await?.convert()?;
    ensure!(!hacked, "a text of the workspace has become a part of the page");
    person.picture("hostile").await?;
    workspace.remove_faults().await?;

    let unfinished = json!({"state": {"of": "operation", "name": "tellr-db",
        "becomes": {"state": "FAILED", "message": HOSTILE}}, "id": "state"});
    workspace.add_fault(&unfinished).await?;
    person.press("Try again from here").await?;
    person.press("Deploy").await?;
    person.heading("It did not work").await?;
    person.shows_literally(HOSTILE).await.context("the end of an operation")?;
    let hacked: bool = person.browser.window.execute(HACKED, Vec::new()).await?.convert()?;
    ensure!(!hacked, "a text of the workspace has become a part of the page");
    person.leave().await
}

/// A token that is refused in the middle of the work: the page asks for another and goes on where it was.
async fn another_token() -> anyhow::Result<()> {
    let settings = Settings { open_to_pages: true, ..Settings::default() };
    let workspace = LocalWorkspace::start(settings)?;
    let site = StaticSite::start().await?;
    let person = Person::at(&site.address, 1280, 800).await?;
    let ready: &Ready = workspace.ready();
    person.sign_in(ready).await?;
    person.heading("What shall be done?").await?;
    person.press("New deployment").await?;
    person.press("Show the plan").await?;
    person.shows("What will be done").await?;
    let invalid = json!({"preset": "token.invalid"});
    let expired = json!({"preset": "token.expired"});
    for (name, path, what) in [
        ("page-token.invalid", "/api/2.0/postgres/projects", invalid),
        ("page-token.expired", "/api/2.0/apps", expired),
        ("page-expire_token", "/api/2.0/apps/*/deployments", json!("expire_token")),
    ] {
        let rule = json!({"id": name, "on": {"method": "POST", "path": path}, "times": null, "do": what});
        workspace.add_fault(&rule).await?;
        person.press("Deploy").await?;
        person.heading("It did not work").await?;
        crate::faults::nothing_out_of_sight(
            &person,
            name,
            &[".problem .cause", ".problem .hint", ".problem .actions .button"],
        )
        .await?;
        person.press("Sign in again").await?;
        person.heading("Deploy Tellr").await?;
        workspace.remove_faults().await?;
        person.sign_in(ready).await?;
        person.heading("The plan").await?;
        person.shows("What will be done").await?;
        // a run whose token was refused could not write down that it has ended
        if person.has("take_over").await? {
            person.switch_on("take_over").await?;
        }
    }
    person.press("Deploy").await?;
    person.heading("Done").await?;
    for (place, content) in person.everything_kept().await? {
        ensure!(!content.contains(ready.token.as_str()), "the token is in {place}");
    }
    let deployment = Deployment::new(&workspace, "tellr", Kind::Autoscaling);
    for file in workspace.list_folder(&format!("{}.history", deployment.path)).await? {
        let content = workspace.export_bytes(&file).await?;
        ensure!(!String::from_utf8_lossy(&content).contains(ready.token.as_str()), "the token is in {file}");
    }
    let calls = serde_json::to_string(&workspace.requests().await?)?;
    ensure!(!calls.contains(ready.token.as_str()), "the token is in an address");
    person.leave().await
}

#[tokio::test]
async fn nothing_runs_but_the_pages_own_scripts() {
    policies().await.unwrap();
}

#[tokio::test]
async fn texts_of_the_workspace_stay_texts() {
    hostile_texts().await.unwrap();
}

#[tokio::test]
async fn a_token_that_is_refused_in_the_middle_is_asked_for_again() {
    another_token().await.unwrap();
}
