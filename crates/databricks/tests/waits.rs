//! The three kinds of waits: what ends them, what they say meanwhile, and how often they look.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use databricks::{Cancel, Client, ClientOptions, Error, Poll, Wait};
use serde_json::{Value, json};
use support::{Script, Step, TestClock, answer, client, config, options};

fn app(state: &str, message: &str) -> Step {
    answer(200, &json!({"name": "tellr", "compute_status": {"state": state, "message": message}}))
}

fn deployment(state: &str, message: &str) -> Step {
    answer(200, &json!({"deployment_id": "d1", "status": {"state": state, "message": message}}))
}

/// Runs a wait of five minutes and gives its outcome with what it said.
macro_rules! wait {
    ($client:expr, |$wait:ident| $call:expr) => {{
        let said = Mutex::new(Vec::<String>::new());
        let (cancel, hear) = (Cancel::new(), |words: &str| said.lock().unwrap().push(words.to_owned()));
        let $wait = &Wait { deadline: Duration::from_secs(300), cancel: &cancel, on_progress: &hear };
        let outcome = $call.await;
        (outcome, said.into_inner().unwrap())
    }};
}

fn failed(error: Error) -> (String, String) {
    let Error::FailedState(failed) = error else { panic!("{error}") };
    (failed.state, failed.message)
}

#[tokio::test]
async fn an_app_is_looked_at_at_once_and_then_less_and_less_often() {
    let starting = || app("STARTING", "App compute is starting.");
    let steps = [starting(), starting(), app("UPDATING", ""), app("ACTIVE", "App compute is running.")];
    let (script, clock) = (Script::new(steps), TestClock::new());
    let client = client(&script, &clock);
    let (app, said) = wait!(client, |wait| client.apps().wait_active("tellr", wait));
    assert_eq!(app.unwrap().name, "tellr");
    assert_eq!(said, ["App compute is starting.", "UPDATING"]);
    assert_eq!(clock.slept(), [1_250, 2_250, 3_250]);
}

#[tokio::test]
async fn the_caller_can_bound_the_pauses() {
    let steps = (0..20).map(|_| app("STARTING", "")).chain([app("ACTIVE", "")]);
    let (script, clock) = (Script::new(steps), TestClock::new());
    let poll = Poll { max_interval: Duration::from_millis(50) };
    let options = ClientOptions { poll, ..options(clock.clone()) };
    let client = Client::new(config("https://workspace.example.com"), script.clone(), options);
    let (app, _) = wait!(client, |wait| client.apps().wait_active("tellr", wait));
    app.unwrap();
    assert_eq!(clock.slept(), vec![50; 20]);
}

#[tokio::test]
async fn states_that_end_a_wait_as_failures() {
    for (state, message) in [("ERROR", "no capacity"), ("STOPPED", "")] {
        let (script, clock) = (Script::new([app("STARTING", ""), app(state, message)]), TestClock::new());
        let client = client(&script, &clock);
        let (outcome, _) = wait!(client, |wait| client.apps().wait_active("tellr", wait));
        assert_eq!(failed(outcome.unwrap_err()), (state.to_owned(), message.to_owned()));
    }
    for (state, message) in [("FAILED", "File is larger than 10485760 bytes"), ("CANCELLED", "superseded")] {
        let steps = [deployment("IN_PROGRESS", "Preparing source code"), deployment(state, message)];
        let (script, clock) = (Script::new(steps), TestClock::new());
        let client = client(&script, &clock);
        let (outcome, said) = wait!(client, |wait| client.apps().wait_deployment("tellr", "d1", wait));
        let error = outcome.unwrap_err();
        assert_eq!(error.to_string(), format!("deployment d1 of app tellr failed: {state} ({message})"));
        assert_eq!(said, ["Preparing source code"]);
    }
}

#[tokio::test]
async fn unknown_states_are_waited_through() {
    let (script, clock) =
        (Script::new([app("HIBERNATING", ""), answer(200, &json!({})), app("ACTIVE", "")]), TestClock::new());
    let client = client(&script, &clock);
    let (outcome, said) = wait!(client, |wait| client.apps().wait_active("tellr", wait));
    outcome.unwrap();
    assert_eq!(said, ["HIBERNATING", "no state"]);
}

#[tokio::test]
async fn an_app_is_deleted_when_it_is_not_found() {
    let gone = answer(
        404,
        &json!({"error_code": "NOT_FOUND", "message": "App with name tellr does not exist or is deleted."}),
    );
    let (script, clock) = (Script::new([app("DELETING", "App is being deleted."), gone]), TestClock::new());
    let client = client(&script, &clock);
    let (outcome, said) = wait!(client, |wait| client.apps().wait_deleted("tellr", wait));
    outcome.unwrap();
    assert_eq!(said, ["App is being deleted."]);
}

#[tokio::test]
async fn updates_and_stops_and_instances_have_their_own_ends() {
    let update = |state: &str| answer(200, &json!({"status": {"state": state, "message": "m"}}));
    let (script, clock) =
        (Script::new([update("IN_PROGRESS"), update("SUCCEEDED"), update("FAILED")]), TestClock::new());
    let client = client(&script, &clock);
    wait!(client, |wait| client.apps().wait_update("tellr", wait)).0.unwrap();
    let (outcome, _) = wait!(client, |wait| client.apps().wait_update("tellr", wait));
    assert_eq!(failed(outcome.unwrap_err()), ("FAILED".to_owned(), "m".to_owned()));

    let (script, clock) = (Script::new([app("STOPPING", ""), app("STOPPED", "")]), TestClock::new());
    let client = support::client(&script, &clock);
    wait!(client, |wait| client.apps().wait_stopped("tellr", wait)).0.unwrap();

    let instance = |state: &str| answer(200, &json!({"name": "db", "state": state}));
    let steps = [instance("STARTING"), instance("AVAILABLE"), instance("DELETING")];
    let (script, clock) = (Script::new(steps), TestClock::new());
    let client = support::client(&script, &clock);
    let (outcome, said) = wait!(client, |wait| client.database().wait_available("db", wait));
    assert_eq!((outcome.unwrap().name.as_str(), &said[..]), ("db", &["STARTING".to_owned()][..]));
    let (outcome, _) = wait!(client, |wait| client.database().wait_available("db", wait));
    assert_eq!(failed(outcome.unwrap_err()).0, "DELETING");
}

fn operation(done: bool, more: &Value) -> Step {
    let mut body = json!({"name": "projects/p/operations/o", "done": done});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    answer(200, &body)
}

#[tokio::test]
async fn an_operation_ends_with_its_response_or_error() {
    let failure = json!({"error": {"error_code": "RESOURCE_EXHAUSTED", "message": "too many projects"}});
    let steps = [
        operation(false, &json!({})),
        operation(false, &json!({})),
        operation(true, &json!({"response": {"name": "projects/p"}})),
        operation(false, &json!({})),
        operation(true, &failure),
        operation(true, &json!({})),
    ];
    let (script, clock) = (Script::new(steps), TestClock::new());
    let client = client(&script, &clock);
    let start = |name: &str| databricks::postgres::Operation { name: name.to_owned(), ..Default::default() };
    let first = client.postgres().create_project("p", &Default::default()).await.unwrap();
    let (outcome, said) = wait!(client, |wait| client.postgres().wait_operation(first.clone(), wait));
    assert_eq!(outcome.unwrap(), json!({"name": "projects/p"}));
    assert_eq!(said, ["in progress"]);

    let again = || start("projects/p/operations/o");
    let (outcome, _) = wait!(client, |wait| client.postgres().wait_operation(again(), wait));
    assert_eq!(
        failed(outcome.unwrap_err()),
        ("RESOURCE_EXHAUSTED".to_owned(), "too many projects".to_owned())
    );
    let (outcome, _) = wait!(client, |wait| client.postgres().wait_operation(again(), wait));
    assert!(outcome.unwrap_err().to_string().contains("neither a response nor an error"));
    // one that is done already is not asked for again, and its name must be a path
    let done =
        databricks::postgres::Operation { done: Some(true), response: Some(json!({})), ..start("x/../y") };
    assert_eq!(
        wait!(client, |wait| client.postgres().wait_operation(done.clone(), wait)).0.unwrap(),
        json!({})
    );
    let (outcome, _) = wait!(client, |wait| client.postgres().wait_operation(start("x/../y"), wait));
    assert!(matches!(outcome.unwrap_err(), Error::InvalidArgument(_)));
    assert_eq!(script.left(), 0);
}

#[tokio::test]
async fn the_deadline_ends_a_wait_with_what_was_seen_last() {
    let (script, clock) =
        (Script::new((0..100).map(|_| app("STARTING", "App compute is starting."))), TestClock::new());
    let client = client(&script, &clock);
    let (outcome, _) = wait!(client, |wait| client.apps().wait_active("tellr", wait));
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "timed out after 300 s: app tellr to become ACTIVE (last seen: App compute is starting.)"
    );
    assert_eq!(clock.slept().iter().sum::<u128>(), 300_000);
}

#[tokio::test]
async fn retries_inside_a_wait_end_with_the_wait() {
    let busy = || answer(503, &json!({"error_code": "TEMPORARILY_UNAVAILABLE", "message": "busy"}));
    let (script, clock) = (Script::new((0..400).map(|_| busy())), TestClock::new());
    let client = client(&script, &clock);
    let (cancel, hear) = (Cancel::new(), |_: &str| ());
    let wait = Wait { deadline: Duration::from_secs(10), cancel: &cancel, on_progress: &hear };
    let error = client.apps().wait_active("tellr", &wait).await.unwrap_err();
    assert!(matches!(error, Error::Timeout(_)), "{error}");
    assert!(clock.slept().iter().sum::<u128>() <= 10_000);
}

#[tokio::test]
async fn cancelling_ends_a_wait_between_looks_and_during_one() {
    let (script, clock) = (Script::new([app("STARTING", "App compute is starting.")]), TestClock::new());
    let client = client(&script, &clock);
    let cancel = Cancel::new();
    let on_progress = |_: &str| cancel.cancel();
    let wait = Wait { deadline: Duration::from_secs(60), cancel: &cancel, on_progress: &on_progress };
    let error = client.apps().wait_active("tellr", &wait).await.unwrap_err();
    assert_eq!(error.to_string(), "cancelled while waiting for app tellr to become ACTIVE");

    let (script, clock) = (Script::new([Step::Hang]), TestClock::new());
    let client = support::client(&script, &clock);
    let (cancel, hear) = (Cancel::new(), |_: &str| ());
    let wait = Wait { deadline: Duration::from_secs(60), cancel: &cancel, on_progress: &hear };
    let apps = client.apps();
    let waiting = apps.wait_active("tellr", &wait);
    let cancelling = async {
        // the request is under way when this runs: both are polled in turn
        assert_eq!(script.sent().len(), 1);
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(waiting, cancelling);
    assert!(matches!(outcome.unwrap_err(), Error::Cancelled { .. }));
    let _: Arc<TestClock> = clock;
}

fn error(status: u16, code: &str) -> Step {
    answer(status, &json!({"error_code": code, "message": "not this time"}))
}

#[tokio::test]
async fn a_wait_bears_looks_that_fail_and_what_does_not_show_yet() {
    let unseen = || error(404, "NOT_FOUND");
    let broken = || error(500, "INTERNAL_ERROR");
    let steps = [unseen(), broken(), app("STARTING", ""), broken(), broken(), app("ACTIVE", "")];
    let (script, clock) = (Script::new(steps), TestClock::new());
    let client = client(&script, &clock);
    let (app, _) = wait!(client, |wait| client.apps().wait_active("tellr", wait));
    assert_eq!(app.unwrap().name, "tellr");
}

#[tokio::test]
async fn a_wait_ends_when_every_look_fails_and_when_nothing_ever_shows() {
    for (status, code, most) in [(500, "INTERNAL_ERROR", 6), (404, "NOT_FOUND", 30)] {
        let (script, clock) = (Script::new((0..40).map(|_| error(status, code))), TestClock::new());
        let client = client(&script, &clock);
        let (outcome, _) = wait!(client, |wait| client.apps().wait_active("tellr", wait));
        assert_eq!(outcome.unwrap_err().api().unwrap().message, "not this time");
        assert!(script.sent().len() <= most, "{} looks", script.sent().len());
    }
}
