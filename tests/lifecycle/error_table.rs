//! The common errors of the deployer's documentation, one by one.

use reqwest::Method;
use serde_json::json;
use system_tests::checks::{Deployment, Kind};
use system_tests::{LocalWorkspace, Settings, binaries};

/// "Lakebase not found: will be auto-created", on create; an update says so instead.
#[tokio::test]
async fn a_missing_lakebase_is_made_by_create_and_named_by_update() {
    let workspace = LocalWorkspace::start(Settings::default()).unwrap();
    let mut deployment = Deployment::new(&workspace, "tellr", Kind::Autoscaling);
    workspace.tellr(&deployment.flags("create", &[])).await.unwrap().successful().unwrap();
    deployment.lakebase = "another-db".into();
    let finished = workspace.tellr(&deployment.flags("update", &[])).await.unwrap();
    assert_eq!(finished.code, Some(3), "{finished:?}");
    assert_eq!(finished.result["error"]["message"], "Lakebase not found: another-db");
    let answer = workspace.call(Method::GET, "/api/2.0/postgres/projects/another-db", None).await.unwrap();
    assert_eq!(answer.status.as_u16(), 404);
}

/// "App already exists: use update() or a different name", before anything is written.
#[tokio::test]
async fn an_existing_app_is_named_before_anything_is_written() {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let deployment = Deployment::new(&workspace, "tellr", Kind::Autoscaling);
    workspace.post("/api/2.0/apps", &json!({"name": "tellr", "description": "somebody's"})).await.unwrap();
    let finished = workspace.tellr(&deployment.flags("create", &[])).await.unwrap();
    assert_eq!(finished.code, Some(3), "{finished:?}");
    assert_eq!(finished.result["error"]["message"], "An app with the same name already exists: tellr");
    assert!(finished.result["error"]["hint"].as_str().unwrap_or_default().contains("update"));
    let answer = workspace.call(Method::GET, "/api/2.0/postgres/projects/tellr-db", None).await.unwrap();
    assert_eq!(answer.status.as_u16(), 404, "no database was made");
}

/// "Permission denied: check permissions": a folder of somebody else.
#[tokio::test]
async fn a_folder_of_somebody_else_is_refused_with_what_to_check() {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let mut deployment = Deployment::new(&workspace, "tellr", Kind::Provisioned);
    deployment.path = "/Workspace/Users/somebody.else@example.com/.apps/tellr".into();
    let finished = workspace.tellr(&deployment.flags("create", &[])).await.unwrap();
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let error = &finished.result["error"];
    assert!(error["hint"].as_str().unwrap_or_default().contains("check your permissions"), "{error}");
}

/// "psycopg2 import error": there is nothing to import; neither package depends on anything.
#[test]
fn the_packages_have_no_dependencies() {
    for package in ["databricks-tellr", "databricks-tellr-app"] {
        let output = std::process::Command::new("python3")
            .args([
                "-c",
                "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); \
                   print(z.read(next(n for n in z.namelist() if n.endswith('METADATA'))).decode())",
            ])
            .arg(binaries::wheel(package).unwrap())
            .output()
            .unwrap();
        let metadata = String::from_utf8_lossy(&output.stdout);
        assert!(metadata.contains("Name: databricks-tellr"), "{metadata}");
        // what somebody can ask for besides is no dependency
        let needed =
            metadata.lines().find(|line| line.starts_with("Requires-Dist") && !line.contains("extra =="));
        assert_eq!(needed, None, "{metadata}");
    }
}
