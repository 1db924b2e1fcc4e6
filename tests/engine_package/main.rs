//! The engine as other pages get it: the built package, imported by a page that is nobody's in particular.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use system_tests::browser::Browser;
use system_tests::{LocalWorkspace, Settings, binaries};
use tokio::net::TcpListener;

/// What a page does with the package: checks, looks, plans, deploys, looks again.
const DEPLOYS: &str = r#"
const [host, token, folder, done] = arguments;
const settings = { values: {
  app_name: "tellr", lakebase_name: "tellr-db", schema_name: "app_data", app_file_workspace_path: folder, schema_setup: "app",
} };
async function deploy() {
  const { default: start, Deployer, fields, validate } = await import("/deployer_wasm.js");
  await start("/deployer_wasm_bg.wasm");
  let broken;
  try { validate("create", { values: { app_name: "Bad Name" } }); } catch (failure) { broken = [failure.name, failure.kind]; }
  const deployer = Deployer.direct(host, token, null, "a page of somebody else");
  const observation = await deployer.observe("create", settings);
  const plan = observation.plan();
  const events = [];
  const outcome = await deployer.apply(plan, (event) => events.push(event.event));
  const status = await deployer.status("tellr");
  return { fields: fields().length, broken, seen: observation.toJSON(), rows: plan.toJSON().rows, events, outcome, status };
}
deploy().then(done, (failure) => done({ failure: `${failure.name}: ${failure.message}` }));
"#;

async fn file(State(folder): State<PathBuf>, Path(name): Path<String>) -> Response {
    let kind = match name.as_str() {
        "deployer_wasm.js" => "text/javascript",
        "deployer_wasm_bg.wasm" => "application/wasm",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match tokio::fs::read(folder.join(name)).await {
        Ok(content) => ([(header::CONTENT_TYPE, kind)], content).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A page with nothing on it, and the package beside it.
async fn serve(folder: PathBuf) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/", listener.local_addr()?);
    let page = || async { Html("<!doctype html><title>Somebody's page</title>") };
    let router = Router::new().route("/", get(page)).route("/{name}", get(file)).with_state(folder);
    tokio::spawn(axum::serve(listener, router).into_future());
    Ok(address)
}

async fn deploys() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings { open_to_pages: true, ..Settings::default() })?;
    let folder = binaries::engine()?;
    let types = std::fs::read_to_string(folder.join("deployer_wasm.d.ts"))?;
    ensure!(
        types.contains("observe(operation: Operation, settings: Settings): Promise<Observation>"),
        "{types}"
    );
    let browser = Browser::open(800, 600).await?;
    browser.window.goto(serve(folder).await?).await?;
    browser.window.set_script_timeout(std::time::Duration::from_secs(120)).await?;
    let ready = workspace.ready();
    let path = format!("/Workspace/Users/{}/.apps/tellr", ready.user);
    let arguments = vec![json!(ready.host), json!(ready.token), json!(path)];
    let told: Value = browser.window.execute_async(DEPLOYS, arguments).await?.convert()?;
    ensure!(told.get("failure").is_none(), "{told}");
    ensure!(told["broken"] == json!(["DeployFailure", "invalid"]), "{told}");
    ensure!(told["seen"]["user_name"] == ready.user.as_str() && told["seen"]["app"].is_null(), "{told}");
    ensure!(told["rows"][0]["change"] == "create" && told["events"][0] == "step_started", "{told}");
    ensure!(told["outcome"]["status"] == "created", "{told}");
    ensure!(told["status"]["app_state"] == "RUNNING" && told["status"]["drift"] == json!([]), "{told}");
    let health = workspace.get_from_app("tellr", "/api/health/ready").await.context("no app")?;
    ensure!(health.status().is_success(), "the app answers {}", health.status());
    browser.quit().await
}

#[tokio::test]
async fn a_page_of_somebody_else_deploys_with_the_package() {
    deploys().await.unwrap();
}
