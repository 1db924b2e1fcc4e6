//! Which failures are tried again, how long the pauses are, and what the final error says.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use databricks::apps::App;
use databricks::{Client, Error, TransportErrorKind};
use serde_json::{Value, json};
use support::{Script, Step, TestClock, answer, client, config, options, with_headers};

fn error(status: u16, code: &str, message: &str) -> Step {
    answer(status, &json!({"error_code": code, "message": message}))
}

fn busy(status: u16, retry_after: &str) -> Step {
    let body = json!({"error_code": "TEMPORARILY_UNAVAILABLE", "message": "busy"}).to_string();
    with_headers(status, body, &[("content-type", "application/json"), ("retry-after", retry_after)])
}

fn ok() -> Step {
    answer(200, &json!({"name": "tellr"}))
}

fn tellr() -> App {
    App { name: "tellr".to_owned(), ..App::default() }
}

#[tokio::test]
async fn passing_failures_of_a_post_are_tried_again_with_the_same_body() {
    let cases = [
        ("429 with Retry-After", busy(429, "7"), 7_250),
        ("503 with Retry-After", busy(503, "3"), 3_250),
        ("429 without", error(429, "REQUEST_LIMIT_EXCEEDED", "Too many requests"), 1_250),
        ("503 with a date", busy(503, "Wed, 21 Oct 2026 07:28:00 GMT"), 1_250),
        ("connection refused", Step::Fail(TransportErrorKind::Connect), 1_250),
        ("connection lost", Step::Fail(TransportErrorKind::Interrupted), 1_250),
        ("no answer", Step::Fail(TransportErrorKind::Timeout), 1_250),
        ("passing words", error(500, "INTERNAL_ERROR", "Unexpected error, ask again"), 1_250),
        ("passing words", error(400, "BAD_REQUEST", "RPC token bucket limit has been exceeded"), 1_250),
        ("passing words", error(400, "INVALID_STATE", "Saw ClusterNotReadyException"), 1_250),
    ];
    for (name, step, pause) in cases {
        let (script, clock) = (Script::new([step, ok()]), TestClock::new());
        let app = client(&script, &clock).apps().create(&tellr()).await;
        assert_eq!(app.unwrap().name, "tellr", "{name}");
        assert_eq!(clock.slept(), [pause], "{name}");
        let bodies: Vec<Value> =
            script.sent().iter().map(|sent| serde_json::from_slice(&sent.body).unwrap()).collect();
        assert_eq!(bodies, [json!({"name": "tellr"}), json!({"name": "tellr"})], "{name}");
    }
}

#[tokio::test]
async fn final_failures_are_not_tried_again() {
    let cases = [
        error(500, "INTERNAL_ERROR", "broken"),
        error(502, "UNKNOWN", "bad gateway"),
        error(504, "DEADLINE_EXCEEDED", "too slow"),
        error(400, "BAD_REQUEST", "no"),
        error(401, "UNAUTHENTICATED", "who?"),
        error(403, "PERMISSION_DENIED", "no"),
        error(404, "NOT_FOUND", "no"),
        error(409, "RESOURCE_ALREADY_EXISTS", "taken"),
        Step::Fail(TransportErrorKind::UnknownHost),
        Step::Fail(TransportErrorKind::Tls),
        Step::Fail(TransportErrorKind::TooLarge),
    ];
    for step in cases {
        let (script, clock) = (Script::new([step]), TestClock::new());
        let error = client(&script, &clock).apps().get("tellr").await.unwrap_err();
        assert!(!error.may_have_taken_effect() || matches!(error, Error::Transport(_)), "{error}");
        assert!(clock.slept().is_empty(), "{error}");
    }
}

#[tokio::test]
async fn pauses_grow_to_ten_seconds() {
    let failures = (0..12).map(|_| Step::Fail(TransportErrorKind::Connect));
    let (script, clock) = (Script::new(failures.chain([ok()])), TestClock::new());
    client(&script, &clock).apps().get("tellr").await.unwrap();
    let expected: Vec<u128> = (1..=12_u128).map(|attempt| attempt.min(10) * 1000 + 250).collect();
    assert_eq!(clock.slept(), expected);
}

#[tokio::test]
async fn the_budget_ends_it_and_the_last_error_is_kept() {
    let (script, clock) = (Script::new((0..100).map(|_| busy(503, "20"))), TestClock::new());
    let error = client(&script, &clock).apps().get("tellr").await.unwrap_err();
    // 14 pauses of 20.25 s fit into 300 s
    assert_eq!(clock.slept().len(), 14);
    assert_eq!(
        error.to_string(),
        "timed out after 300 s: GET /api/2.0/apps/tellr (last seen: GET /api/2.0/apps/tellr: busy (503 TEMPORARILY_UNAVAILABLE))"
    );
    assert_eq!(error.api().unwrap().status, 503);
    assert!(error.hint().unwrap().contains("try again"));
}

#[tokio::test]
async fn a_pause_beyond_the_budget_is_not_slept() {
    let (script, clock) = (Script::new([busy(503, "86400")]), TestClock::new());
    let error = client(&script, &clock).apps().get("tellr").await.unwrap_err();
    assert!(matches!(error, Error::Timeout(_)), "{error}");
    assert_eq!(error.api().unwrap().status, 503);
    assert!(clock.slept().is_empty());
}

#[tokio::test]
async fn a_conflict_after_a_lost_answer_says_that_it_may_have_worked() {
    let taken = || error(409, "RESOURCE_ALREADY_EXISTS", "An app with the same name already exists: tellr");
    let lost = || Step::Fail(TransportErrorKind::Interrupted);
    let (script, clock) = (Script::new([lost(), taken()]), TestClock::new());
    let error = client(&script, &clock).apps().create(&tellr()).await.unwrap_err();
    assert!(error.is_already_exists() && error.may_have_taken_effect());
    assert!(error.api().unwrap().after_retry);
    assert!(error.to_string().contains("may have taken effect"), "{error}");

    for harmless in [Step::Fail(TransportErrorKind::Connect), busy(429, "1")] {
        let (script, clock) = (Script::new([harmless, taken()]), TestClock::new());
        let error = client(&script, &clock).apps().create(&tellr()).await.unwrap_err();
        assert!(error.is_already_exists() && !error.may_have_taken_effect(), "{error}");
    }
}

#[tokio::test]
async fn a_browser_that_tells_nothing_is_asked_three_times() {
    let opaque = || Step::Fail(TransportErrorKind::Opaque);
    let (script, clock) = (Script::new([opaque(), opaque(), opaque()]), TestClock::new());
    let error = client(&script, &clock).apps().list().await.unwrap_err();
    assert_eq!(script.left(), 0);
    assert!(error.hint().unwrap().contains("CORS"), "{error}");
}

#[tokio::test]
async fn an_attempt_without_answer_is_cut_off_and_tried_again() {
    let (script, clock) = (Script::new([Step::Hang, Step::Hang]), TestClock::new());
    clock.cut_off.store(true, Ordering::SeqCst);
    let options =
        databricks::ClientOptions { retry_budget: Duration::from_secs(100), ..options(clock.clone()) };
    let client = Client::new(config("https://workspace.example.com"), script.clone(), options);
    let error = client.apps().create(&tellr()).await.unwrap_err();
    // 60 s for the first attempt, a pause, what is left of the budget for the second
    assert_eq!(clock.slept(), [1_250]);
    let Error::Timeout(timeout) = &error else { panic!("{error}") };
    assert!(timeout.last_seen.as_ref().unwrap().contains("gave up after 38 s"), "{error}");
    assert!(error.may_have_taken_effect());
}

#[tokio::test]
async fn a_deployment_is_never_started_twice_blindly() {
    let unknown = [
        busy(503, "1"),
        Step::Fail(TransportErrorKind::Interrupted),
        Step::Fail(TransportErrorKind::Timeout),
    ];
    for step in unknown {
        let (script, clock) = (Script::new([step, ok()]), TestClock::new());
        let outcome = client(&script, &clock).apps().deploy("tellr", &Default::default()).await;
        assert!(outcome.unwrap_err().may_have_taken_effect());
        assert_eq!(script.sent().len(), 1);
    }
    for step in [busy(429, "1"), Step::Fail(TransportErrorKind::Connect)] {
        let (script, clock) = (Script::new([step, ok()]), TestClock::new());
        client(&script, &clock).apps().deploy("tellr", &Default::default()).await.unwrap();
        assert_eq!(script.sent().len(), 2);
    }
}
