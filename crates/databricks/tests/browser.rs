//! The transport and clock of the browser, in a browser.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use databricks::{
    Client, ClientOptions, Clock, Config, Credentials, Error, FetchTransport, Host, Request, Secret,
    SystemClock, Transport, TransportErrorKind,
};
use http::{HeaderMap, Method};
use js_sys::Reflect;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// The address that this page came from: a server that answers 404 to what it does not know.
fn origin() -> String {
    let location = Reflect::get(&js_sys::global(), &"location".into()).unwrap();
    Reflect::get(&location, &"origin".into()).unwrap().as_string().unwrap()
}

/// Nothing listens on port 1, which looks to a page just like a server that does not allow its calls.
const SILENT: &str = "http://127.0.0.1:1";

fn client(host: &str) -> Client {
    let credentials = Credentials::PersonalAccessToken(Secret::new("dapi"));
    let config = Config::new(Host::parse(host).unwrap(), credentials);
    Client::new(config, Arc::new(FetchTransport::new()), ClientOptions::default())
}

#[wasm_bindgen_test]
async fn answers_come_with_status_headers_and_body() {
    let url = format!("{}/", origin());
    let request = Request { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() };
    let response = FetchTransport::new().send(request).await.unwrap();
    assert_eq!(response.status, 200);
    assert!(response.headers.contains_key("content-type"));
    assert!(response.body.starts_with(b"<!DOCTYPE html>") || !response.body.is_empty());
}

#[wasm_bindgen_test]
async fn an_error_of_the_server_is_read() {
    let error = client(&origin()).apps().get("tellr").await.unwrap_err();
    assert_eq!(error.api().map(|error| error.status), Some(404), "{error}");
}

#[wasm_bindgen_test]
async fn silence_is_explained_after_three_attempts() {
    let error = client(SILENT).apps().get("tellr").await.unwrap_err();
    let Error::Transport(transport) = &error else { panic!("{error}") };
    assert_eq!(transport.kind, TransportErrorKind::Opaque);
    assert!(transport.message.contains("Failed to fetch"), "{error}");
    assert!(error.hint().unwrap().contains("CORS"));
}

#[wasm_bindgen_test]
async fn time_and_chance_work_here_too() {
    let (clock, before) = (SystemClock, SystemClock.elapsed());
    clock.sleep(Duration::from_millis(20)).await;
    assert!(clock.elapsed() - before >= Duration::from_millis(15));
    assert!(clock.timestamp() > "2026-01-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap());
    let chances: Vec<f64> = (0..50).map(|_| clock.jitter()).collect();
    assert!(chances.iter().all(|chance| (0.0..1.0).contains(chance)));
    assert!(chances.iter().any(|chance| *chance < 0.5) && chances.iter().any(|chance| *chance >= 0.5));
}
