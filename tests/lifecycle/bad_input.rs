//! Bad input is refused before any call, with the field and its rule.

use system_tests::checks::{Deployment, Kind};
use system_tests::{LocalWorkspace, Settings};

#[tokio::test]
async fn nothing_is_called_for_bad_input() {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let deployment = Deployment::new(&workspace, "tellr", Kind::Autoscaling);
    workspace.clear_requests().await.unwrap();
    for (flag, field, value) in [
        ("--app-name", "app_name", "tellr'; --"),
        ("--lakebase-name", "lakebase_name", "db/../x"),
        ("--schema-name", "schema_name", "a\"; DROP SCHEMA b; --"),
        ("--workspace-path", "app_file_workspace_path", "/Workspace/Users/me/../you/x"),
        ("--lakebase-compute", "lakebase_compute", "CU_3"),
        ("--app-compute", "app_compute", "medium"),
        ("--app-version", "app_version", "1.0 --index-url http://evil"),
        ("--description", "description", "two\nlines"),
        ("--schema-setup", "schema_setup", "both"),
    ] {
        let mut arguments = deployment.flags("create", &[]);
        match arguments.iter().position(|argument| argument == flag) {
            Some(index) => arguments[index + 1] = value.to_owned(),
            None => arguments.extend([flag.to_owned(), value.to_owned()]),
        }
        let finished = workspace.tellr(&arguments).await.unwrap();
        assert_eq!(finished.code, Some(2), "{finished:?}");
        assert_eq!(finished.result["error"]["field"], field, "{finished:?}");
        let message = finished.result["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains("must be"), "{message}");
    }
    assert_eq!(workspace.requests().await.unwrap(), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn a_host_that_is_none_is_refused() {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let deployment = Deployment::new(&workspace, "tellr", Kind::Autoscaling);
    for host in
        ["not a host", "ftp://x.cloud.databricks.com", "https://", "https://user:pw@x.cloud.databricks.com"]
    {
        let finished = workspace.tellr(&deployment.flags("create", &["--host", host])).await.unwrap();
        assert_eq!(finished.code, Some(2), "{host}: {finished:?}");
        assert_eq!(finished.result["error"]["field"], "host");
        let message = finished.result["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains("`host`") && message.contains("https://"), "{message}");
        assert!(!message.contains("pw@"), "a password is shown: {message}");
    }
}
