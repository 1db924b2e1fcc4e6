//! What passes and what does not.

use proptest::prelude::*;

use super::*;

fn passes(method: &str, target: &str) -> Option<String> {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let route = RelayRoute::find(&method.parse().unwrap(), path, query)?;
    Some(format!("{}{}", route.path, path::query(&route.query)))
}

#[test]
fn a_call_of_the_engine_passes_as_it_is() {
    for (method, target) in [
        ("GET", "/.well-known/databricks-config"),
        ("GET", "/api/2.0/apps/tellr/deployments?page_token=a%2Fb"),
        ("POST", "/api/2.0/apps/tellr/deployments"),
        ("GET", "/api/2.0/apps/tellr/deployments/01ef"),
        ("PATCH", "/api/2.0/permissions/apps/tellr"),
        ("POST", "/api/2.0/postgres/projects?project_id=tellr-db"),
        ("GET", "/api/2.0/postgres/projects/p/branches/production/endpoints"),
        ("GET", "/api/2.0/postgres/projects/p/operations/8c1e"),
        ("GET", "/api/2.0/workspace/export?path=%2FWorkspace%2FUsers%2Fa%40b.c%2Fx%20y&direct_download=true"),
    ] {
        assert_eq!(passes(method, target).as_deref(), Some(target), "{method} {target}");
    }
}

#[test]
fn what_the_engine_does_not_call_does_not_pass() {
    for (method, target) in [
        ("GET", "/"),
        ("GET", "/api/2.0/token/list"),
        ("POST", "/api/2.0/token/create"),
        ("GET", "/api/2.0/secrets/get?scope=a&key=b"),
        ("GET", "/api/2.0/sql/warehouses"),
        ("POST", "/api/2.0/jobs/create"),
        ("POST", "/api/2.1/jobs/run-now"),
        ("GET", "/api/2.0/preview/scim/v2/Users"),
        ("PATCH", "/api/2.0/preview/scim/v2/Me"),
        ("POST", "/oidc/v1/token"),
        ("GET", "/oidc/v1/authorize"),
        ("GET", "/.well-known/databricks-config/"),
        ("GET", "/.well-known/openid-configuration"),
        ("PATCH", "/api/2.0/apps/tellr"),
        ("POST", "/api/2.0/apps/tellr/stop"),
        ("PUT", "/api/2.0/permissions/apps/tellr"),
        ("GET", "/api/2.0/permissions/clusters/x"),
        ("DELETE", "/api/2.0/database/instances/tellr-db"),
        ("DELETE", "/api/2.0/postgres/projects/tellr-db"),
        ("POST", "/api/2.0/postgres/projects/p/branches/b/roles"),
        ("GET", "/api/2.0/postgres/credentials"),
        ("HEAD", "/api/2.0/apps"),
        ("OPTIONS", "/api/2.0/apps"),
        ("CONNECT", "/api/2.0/apps"),
        ("TRACE", "/api/2.0/apps"),
        ("GET", "/local/requests"),
    ] {
        assert_eq!(passes(method, target), None, "{method} {target}");
    }
}

#[test]
fn tricks_with_paths_do_not_pass() {
    for target in [
        "//evil.example/api/2.0/apps",
        "http://evil.example/api/2.0/apps",
        "/\\evil.example/api/2.0/apps",
        "@evil.example/api/2.0/apps",
        "/api/2.0/apps/",
        "/api//2.0/apps",
        "/api/../api/2.0/apps",
        "/api/2.0/apps/..",
        "/api/2.0/apps/.",
        "/api/2.0/apps/...",
        "/api/2.0/apps/%2e%2e",
        "/api/2.0/apps/%2E%2e",
        "/api/2.0/apps/.%2e",
        "/api/2.0/apps/%252e%252e",
        "/api/2.0/apps/..%2ftoken",
        "/api/2.0/apps/x%2f..%2f..%2ftoken",
        "/api/2.0/apps/x%5c..",
        "/api/2.0/apps/x;a=b",
        "/api/2.0/apps/x%00",
        "/api/2.0/apps/x%0d%0aHost:evil",
        "/api/2.0/apps/x%3fpath",
        "/api/2.0/apps/x%23",
        "/api/2.0/apps/%ff",
        "/%61pi/2.0/apps",
        "/api/2.0/apps/x?y=1",
        "/api/2.0/apps?page_token=a&page_token=b",
        "/api/2.0/apps?page_token",
        "/api/2.0/workspace/list?path=%ff",
    ] {
        assert_eq!(passes("GET", target), None, "{target}");
    }
    assert_eq!(passes("GET", &format!("/api/2.0/apps/{}", "x".repeat(300))), None);
}

#[test]
fn a_request_for_a_credential_is_understood_or_refused() {
    let post = |path: &str, body: &'static str| {
        let route = RelayRoute::find(&Method::POST, path, None).unwrap();
        route.call(&HeaderMap::new(), Bytes::from_static(body.as_bytes()))
    };
    let autoscaling = "/api/2.0/postgres/credentials";
    let call =
        post(autoscaling, r#"{"endpoint": "projects/p/branches/b/endpoints/e", "claims": [1]}"#).unwrap();
    let expected = DatabaseResource::Endpoint("projects/p/branches/b/endpoints/e".into());
    assert_eq!(call.credential_of(), Some(&expected));
    for body in
        ["", "{}", r#"{"endpoint": ""}"#, r#"{"endpoint": "projects/../x"}"#, r#"{"endpoint": ["a"]}"#]
    {
        assert!(post(autoscaling, body).is_err(), "{body}");
    }
    let provisioned = "/api/2.0/database/credentials";
    let call = post(provisioned, r#"{"instance_names": ["tellr-db"], "request_id": "1"}"#).unwrap();
    assert_eq!(call.credential_of(), Some(&DatabaseResource::Instance("tellr-db".into())));
    for body in [
        r#"{"instance_names": [], "request_id": "1"}"#,
        r#"{"instance_names": ["a", "b"], "request_id": "1"}"#,
        r#"{"instance_names": [".."], "request_id": "1"}"#,
    ] {
        assert!(post(provisioned, body).is_err(), "{body}");
    }
}

proptest! {
    #[test]
    fn what_passes_is_below_the_api_and_stable(target in "/(api|%61pi|\\.\\.|[.%/a2e5cf]{1,6})(/(2\\.0|apps|[.%/a-f0-9]{0,8})){0,4}") {
        if let Some(spelled) = passes("GET", &target) {
            prop_assert!(spelled.starts_with("/api/2.0/apps"));
            prop_assert!(!spelled.contains("..") && !spelled.contains("//"));
            prop_assert_eq!(passes("GET", &spelled), Some(spelled));
        }
    }
}
