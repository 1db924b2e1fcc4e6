//! A scripted transport, a clock that does not wait, and a client on top of them.

// each test binary uses a part of this
#![allow(dead_code, unreachable_pub)]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use databricks::{
    Client, ClientOptions, Clock, Config, Credentials, Host, Poll, Product, Request, Response, Secret,
    Transport, TransportError, TransportErrorKind,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

/// What the transport does with the next request.
pub enum Step {
    Answer(Response),
    Fail(TransportErrorKind),
    /// Never answers.
    Hang,
}

pub fn answer(status: u16, body: &Value) -> Step {
    with_headers(status, body.to_string(), &[("content-type", "application/json")])
}

pub fn with_headers(status: u16, body: impl Into<Bytes>, headers: &[(&'static str, &str)]) -> Step {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect::<HeaderMap>();
    Step::Answer(Response { status: StatusCode::from_u16(status).unwrap(), headers, body: body.into() })
}

/// Answers from a list; a request too many is a failed test.
pub struct Script {
    steps: Mutex<VecDeque<Step>>,
    sent: Mutex<Vec<Request>>,
}

impl Script {
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Arc<Self> {
        Arc::new(Self { steps: Mutex::new(steps.into_iter().collect()), sent: Mutex::default() })
    }

    pub fn sent(&self) -> Vec<Request> {
        self.sent.lock().unwrap().clone()
    }

    pub fn left(&self) -> usize {
        self.steps.lock().unwrap().len()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.sent.lock().unwrap().push(request.clone());
        let step = self.steps.lock().unwrap().pop_front();
        match step.unwrap_or_else(|| panic!("an unexpected request: {request:?}")) {
            Step::Answer(response) => Ok(response),
            Step::Fail(kind) => Err(TransportError::new(kind, &request, "as scripted")),
            Step::Hang => std::future::pending().await,
        }
    }
}

/// Pauses end at once and move the time on. Requests are cut off only when told so.
#[derive(Debug, Default)]
pub struct TestClock {
    elapsed: Mutex<Duration>,
    slept: Mutex<Vec<Duration>>,
    pub cut_off: AtomicBool,
}

impl TestClock {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    pub fn advance(&self, by: Duration) {
        *self.elapsed.lock().unwrap() += by;
    }

    /// All pauses so far, in milliseconds.
    pub fn slept(&self) -> Vec<u128> {
        self.slept.lock().unwrap().iter().map(Duration::as_millis).collect()
    }
}

#[async_trait]
impl Clock for TestClock {
    fn timestamp(&self) -> Timestamp {
        let start: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        start + *self.elapsed.lock().unwrap()
    }

    fn elapsed(&self) -> Duration {
        *self.elapsed.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        self.slept.lock().unwrap().push(duration);
        self.advance(duration);
    }

    async fn expire(&self, duration: Duration) {
        if self.cut_off.load(Ordering::SeqCst) {
            self.advance(duration);
        } else {
            std::future::pending::<()>().await;
        }
    }

    fn jitter(&self) -> f64 {
        0.25
    }
}

pub fn options(clock: Arc<TestClock>) -> ClientOptions {
    ClientOptions {
        product: Product { name: "tests".to_owned(), version: "1.2.3".to_owned() },
        clock,
        poll: Poll { max_interval: Duration::from_secs(11) },
        ..ClientOptions::default()
    }
}

/// A token, and a workspace number so that the host is not asked for it.
pub fn config(host: &str) -> Config {
    let credentials = Credentials::PersonalAccessToken(Secret::new("dapi-test"));
    Config {
        workspace_id: Some("900800700600".to_owned()),
        ..Config::new(Host::parse(host).unwrap(), credentials)
    }
}

pub fn client(script: &Arc<Script>, clock: &Arc<TestClock>) -> Client {
    Client::new(config("https://workspace.example.com"), script.clone(), options(clock.clone()))
}
