//! Lists that come in pages.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod support;

use serde_json::json;
use support::{Script, TestClock, answer, client};

#[tokio::test]
async fn all_pages_are_read_even_past_an_empty_one() {
    let steps = [
        answer(200, &json!({"apps": [{"name": "a"}], "next_page_token": "t 1"})),
        answer(200, &json!({"next_page_token": "t2"})),
        answer(200, &json!({"apps": [{"name": "b"}, {"name": "c"}], "next_page_token": ""})),
    ];
    let (script, clock) = (Script::new(steps), TestClock::new());
    let apps = client(&script, &clock).apps().list().await.unwrap();
    let names: Vec<&str> = apps.iter().map(|app| app.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let urls: Vec<String> =
        script.sent().iter().map(|sent| sent.url.replace("https://workspace.example.com", "")).collect();
    assert_eq!(urls, ["/api/2.0/apps", "/api/2.0/apps?page_token=t%201", "/api/2.0/apps?page_token=t2"]);
}

#[tokio::test]
async fn absent_lists_are_empty() {
    let (script, clock) = (Script::new((0..7).map(|_| answer(200, &json!({})))), TestClock::new());
    let client = client(&script, &clock);
    assert!(client.apps().list().await.unwrap().is_empty());
    assert!(client.apps().deployments("a").await.unwrap().is_empty());
    assert!(client.postgres().projects().await.unwrap().is_empty());
    assert!(client.postgres().branches("projects/p").await.unwrap().is_empty());
    assert!(client.postgres().databases("projects/p/branches/b").await.unwrap().is_empty());
    assert!(client.database().instances().await.unwrap().is_empty());
    assert!(client.workspace_files().list("/x").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_pages_in_circles_is_an_error() {
    let page = || answer(200, &json!({"apps": [], "next_page_token": "again"}));
    let (script, clock) = (Script::new([page(), page()]), TestClock::new());
    let error = client(&script, &clock).apps().list().await.unwrap_err();
    assert!(error.to_string().contains("the same page came twice"), "{error}");

    let endless = (0..1001).map(|page| answer(200, &json!({"next_page_token": page.to_string()})));
    let (script, clock) = (Script::new(endless), TestClock::new());
    let error = client(&script, &clock).apps().list().await.unwrap_err();
    assert!(error.to_string().contains("more than 1000 pages"), "{error}");
}

#[tokio::test]
async fn content_of_the_wrong_form_is_an_error_that_names_the_call() {
    for body in [json!([]), json!({"apps": {"name": "a"}}), json!({"apps": [{"name": ["a"]}]}), json!("x")] {
        let (script, clock) = (Script::new([answer(200, &body)]), TestClock::new());
        let error = client(&script, &clock).apps().list().await.unwrap_err();
        assert!(
            error.to_string().starts_with("GET /api/2.0/apps: the answer is not as documented"),
            "{error}"
        );
    }
}
