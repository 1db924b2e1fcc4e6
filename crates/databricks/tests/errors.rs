//! Error answers in every shape, what they are taken for, and what the reader is told.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod support;

use databricks::{ApiError, Error, ErrorDetail, FieldViolation};
use proptest::prelude::*;
use serde_json::json;
use support::{Script, Step, TestClock, client, with_headers};

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const HTML: &[(&str, &str)] = &[("content-type", "text/html; charset=utf-8")];

fn run(step: Step) -> Error {
    let (script, clock) = (Script::new([step]), TestClock::new());
    let options =
        databricks::ClientOptions { retry_budget: std::time::Duration::ZERO, ..support::options(clock) };
    let client = databricks::Client::new(support::config("https://w.example.com"), script, options);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(client.apps().get("tellr")).unwrap_err()
}

fn api(step: Step) -> ApiError {
    let error = run(step);
    error.api().unwrap_or_else(|| panic!("{error}")).clone()
}

#[test]
fn every_body_shape_gives_a_code_and_a_message() {
    #[rustfmt::skip]
    let cases: &[(u16, &str, &str, &str)] = &[
        (404, r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Path (/x) doesn't exist."}"#, "RESOURCE_DOES_NOT_EXIST", "Path (/x) doesn't exist."),
        (401, r#"{"error_code":401,"message":"Credential was not sent or was of an unsupported type for this API."}"#, "401", "Credential was not sent or was of an unsupported type for this API."),
        (400, r#"{"errorCode":"BAD_REQUEST","error":"no"}"#, "BAD_REQUEST", "no"),
        (404, r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"User not found","status":"404","scimType":"invalidValue"}"#, "SCIM_404", "invalidValue User not found"),
        (404, r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"null","status":404,"scimType":"null"}"#, "SCIM_404", r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"null","status":404,"scimType":"null"}"#),
        (403, r#"{"error":"not yours"}"#, "PERMISSION_DENIED", "not yours"),
        (400, r#"{"error":{"code":"INVALID","message":"bad model"}}"#, "INVALID", "bad model"),
        (500, r#"{"message":"boom"}"#, "INTERNAL_ERROR", "boom"),
        (500, r#"{"trace":1}"#, "INTERNAL_ERROR", r#"{"trace":1}"#),
        (400, "MALFORMED_REQUEST: vpc_endpoints malformed parameters: VPC Endpoint ... cannot be attached", "MALFORMED_REQUEST", "vpc_endpoints malformed parameters: VPC Endpoint ... cannot be attached"),
        (400, r#""INVALID_STATE: quoted""#, "INVALID_STATE", "quoted"),
        (500, "<html><head><title>Error 500</title></head><body><PRE >Worker\n   environment not ready</pre></body></html>", "INTERNAL_ERROR", "Worker environment not ready"),
        (502, "<html><title> 502 Bad\nGateway </title><pre>", "UNKNOWN", "502 Bad Gateway"),
        (404, "", "NOT_FOUND", "Not Found"),
        (409, "  \n", "RESOURCE_CONFLICT", "Conflict"),
        (418, "short and stout", "UNKNOWN", "short and stout"),
        (400, "[1,2]", "BAD_REQUEST", "[1,2]"),
        (400, "null", "BAD_REQUEST", "null"),
    ];
    for (status, body, code, message) in cases {
        let error = api(with_headers(*status, *body, JSON));
        assert_eq!((error.code.as_str(), error.message.as_str()), (*code, *message), "{body}");
        assert_eq!(error.status, *status);
    }
}

#[test]
fn the_code_decides_and_the_status_only_where_it_says_nothing() {
    let coded = |status, code: &str| {
        run(with_headers(status, json!({"error_code": code, "message": "m"}).to_string(), JSON))
    };
    assert!(coded(400, "RESOURCE_DOES_NOT_EXIST").is_not_found());
    assert!(coded(404, "NOT_FOUND").is_not_found());
    assert!(coded(404, "SOMETHING_NEW").is_not_found());
    assert!(coded(404, "ENDPOINT_NOT_FOUND").is_api_missing());
    assert!(!coded(404, "ENDPOINT_NOT_FOUND").is_not_found());
    assert!(!coded(404, "FEATURE_DISABLED").is_not_found());
    assert!(!coded(404, "PERMISSION_DENIED").is_not_found());
    assert!(coded(400, "RESOURCE_ALREADY_EXISTS").is_already_exists());
    assert!(coded(409, "ALREADY_EXISTS").is_already_exists());
    assert!(!coded(409, "ABORTED").is_already_exists());
    assert!(coded(403, "PERMISSION_DENIED").is_permission_denied());
    assert!(coded(401, "UNAUTHENTICATED").is_unauthenticated());
    assert!(coded(401, "401").is_unauthenticated());
    assert!(coded(429, "RESOURCE_EXHAUSTED").is_throttled());
    let hint = |status| coded(status, "RESOURCE_EXHAUSTED").hint().unwrap();
    assert!(hint(429).contains("try again in a minute") && hint(400).contains("delete what is not needed"));
    let rejected = run(with_headers(403, r#"{"error_code":"403","message":"Invalid access token."}"#, JSON));
    assert!(rejected.is_unauthenticated() && !rejected.is_permission_denied());
    assert!(rejected.hint().unwrap().contains("DATABRICKS_TOKEN"));
}

#[tokio::test]
async fn a_second_role_of_the_same_name_already_exists() {
    let body =
        json!({"error_code": "BAD_REQUEST", "message": "role with that name already exists"}).to_string();
    let (script, clock) = (
        Script::new([with_headers(400, body.clone(), JSON), with_headers(400, body, JSON)]),
        TestClock::new(),
    );
    let client = client(&script, &clock);
    let role = client.postgres().create_role("projects/p/branches/b", "sp-1", &Default::default()).await;
    assert!(role.unwrap_err().is_already_exists());
    assert!(!client.apps().get("x").await.unwrap_err().is_already_exists());
}

#[test]
fn details_are_decoded() {
    let kind = |name: &str| format!("type.googleapis.com/google.rpc.{name}");
    let details = json!([
        {"@type": kind("ErrorInfo"), "reason": "RESOURCE_CONFLICT", "domain": "databricks.com", "metadata": {"a": "b"}},
        {"@type": kind("RequestInfo"), "request_id": "r-1", "serving_data": ""},
        {"@type": kind("RetryInfo"), "retry_delay": "3s"},
        {"@type": kind("BadRequest"), "field_violations": [{"field": "project_id", "description": "required"}]},
        {"@type": kind("QuotaFailure"), "violations": [{"subject": "workspace", "description": "100 apps"}]},
        {"@type": kind("Help"), "links": [{"description": "docs", "url": "https://docs"}]},
        {"@type": kind("ErrorInfo"), "metadata": "not an object"},
        {"@type": "type.example.com/New", "x": 1},
        7
    ]);
    let body = json!({"error_code": "BAD_REQUEST", "message": "m", "details": details}).to_string();
    let error = api(with_headers(400, body, &[("x-request-id", "header-id")]));
    assert_eq!(error.details.len(), 9);
    let metadata = [("a".to_owned(), "b".to_owned())].into();
    let (reason, domain) = ("RESOURCE_CONFLICT".to_owned(), "databricks.com".to_owned());
    assert_eq!(error.details[0], ErrorDetail::ErrorInfo { reason, domain, metadata });
    assert_eq!(error.details[2], ErrorDetail::RetryInfo { retry_delay: "3s".to_owned() });
    let field = FieldViolation { field: "project_id".to_owned(), description: "required".to_owned() };
    assert_eq!(error.details[3], ErrorDetail::BadRequest(vec![field]));
    assert!(
        matches!(&error.details[4], ErrorDetail::QuotaFailure(list) if list[0].description == "100 apps")
    );
    assert!(matches!(&error.details[5], ErrorDetail::Help(links) if links[0].url == "https://docs"));
    assert!(matches!(&error.details[6], ErrorDetail::Other(_)));
    assert!(matches!(&error.details[8], ErrorDetail::Other(value) if *value == 7));
    assert_eq!(error.request_id.as_deref(), Some("r-1"));
    assert_eq!(
        api(with_headers(400, "{}", &[("x-request-id", "header-id")])).request_id.as_deref(),
        Some("header-id")
    );
}

#[test]
fn web_pages_and_redirects_point_at_the_host() {
    let login = run(with_headers(200, "<!doctype html><title>Databricks - Sign In</title>", HTML));
    assert!(
        login.to_string().contains("a web page came instead of an API answer: Databricks - Sign In"),
        "{login}"
    );
    assert!(login.hint().unwrap().contains("check the host"));
    let private =
        run(with_headers(302, "", &[("location", "/login.html?error=private-link-validation-error:123")]));
    assert!(private.to_string().contains("Private Link"), "{private}");
    assert!(private.hint().unwrap().contains("network"));
    let elsewhere = run(with_headers(301, "", &[("location", "https://other.example.com/api?secret=1")]));
    assert!(elsewhere.to_string().contains("redirected to https://other.example.com/api ("), "{elsewhere}");
}

#[test]
fn hostile_bodies_are_cut_and_cannot_drive_a_terminal() {
    let error =
        api(with_headers(400, format!("{{\"message\":\"\\u001b[2J{}\"}}", "x".repeat(100_000)), JSON));
    assert!(error.message.chars().count() < 5000);
    assert!(!error.message.contains('\u{1b}'));
    let deep = "[".repeat(100_000);
    assert!(api(with_headers(400, deep, JSON)).message.chars().count() < 400);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_read_without_panic(status in 300u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let error = api(with_headers(status, body, JSON));
        prop_assert_eq!(error.status, status);
        prop_assert!(!error.code.as_str().is_empty());
    }

    #[test]
    fn any_markup_is_read_without_panic(body in "(<pre|<title|</pre>|</title>|>|[a-zİß ]{0,3}){0,12}") {
        prop_assert!(!api(with_headers(500, body, HTML)).code.as_str().is_empty());
    }

    #[test]
    fn code_and_message_survive(
        code in "[A-Z][A-Z_]{2,30}",
        message in "[^\\p{Cc}]{1,200}",
        spelling in 0usize..3,
    ) {
        let body = match spelling {
            0 => json!({"error_code": code, "message": message}).to_string(),
            1 => json!({"errorCode": code, "error": message, "details": null}).to_string(),
            _ => json!({"error": {"code": code, "message": message}}).to_string(),
        };
        let error = api(with_headers(400, body, JSON));
        prop_assert_eq!(error.code.as_str(), code);
        prop_assert_eq!(error.message, message);
    }
}
