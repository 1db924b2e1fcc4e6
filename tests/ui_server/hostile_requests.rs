//! Requests that are refused, and of which the workspace must not hear.

use reqwest::{Method, StatusCode};
use serde_json::json;
use system_tests::{LocalWorkspace, Settings};

use crate::ui::Ui;

const ME: &str = "/api/2.0/preview/scim/v2/Me";

async fn start() -> (LocalWorkspace, Ui) {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let ui = Ui::start(&workspace, &[]).await.unwrap();
    // what follows is compared with nothing
    workspace.clear_requests().await.unwrap();
    (workspace, ui)
}

async fn assert_unheard(workspace: &LocalWorkspace) {
    assert_eq!(workspace.requests().await.unwrap(), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn without_the_secret_nothing_but_the_page_is_answered() {
    let (workspace, ui) = start().await;
    let guarded = [
        (Method::GET, "/tellr/context"),
        (Method::POST, "/tellr/schema/inspect"),
        (Method::GET, "/tellr/source/0"),
        (Method::GET, "/tellr/logs/tellr"),
        (Method::GET, ME),
        (Method::DELETE, "/api/2.0/apps/tellr"),
        (Method::GET, "/.well-known/databricks-config"),
    ];
    for (method, path) in guarded {
        let plain = ui.without_cookie(method.clone(), path);
        let wrong =
            ui.without_cookie(method.clone(), path).header("cookie", format!("tellr_ui_{}=x", ui.port));
        let secret_instead =
            ui.without_cookie(method, path).header("cookie", format!("tellr_ui_{}={}", ui.port, ui.secret));
        for request in [plain, wrong, secret_instead] {
            assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{path}");
        }
    }
    for body in [json!({"secret": ""}), json!({"secret": "x"}), json!({}), json!({"secret": [ui.secret]})] {
        let response = ui.without_cookie(Method::POST, "/session").json(&body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{body}");
        assert!(response.headers().get("set-cookie").is_none());
    }
    let in_the_query = ui.without_cookie(Method::POST, &format!("/session?secret={}", ui.secret));
    assert_eq!(in_the_query.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_unheard(&workspace).await;
}

#[tokio::test]
async fn a_forged_host_is_refused() {
    let (workspace, ui) = start().await;
    let (port, own) = (ui.port, format!("Host: 127.0.0.1:{}", ui.port));
    // names that lead to this machine or to its neighbourhood, as in DNS rebinding, and addresses of others
    let forged = [
        format!("Host: rebound.example:{port}"),
        format!("Host: localtest.me:{port}"),
        format!("Host: 127.0.0.1.nip.io:{port}"),
        format!("Host: 169.254.169.254.nip.io:{port}"),
        "Host: 169.254.169.254".to_owned(),
        format!("Host: [::1]:{port}"),
        format!("Host: 0.0.0.0:{port}"),
        format!("Host: 127.0.0.2:{port}"),
        format!("Host: localhost.:{port}"),
        "Host: 127.0.0.1".to_owned(),
        "Host: localhost".to_owned(),
        format!("Host: {}", workspace.ready().host.trim_start_matches("http://")),
        format!("Host: 127.0.0.1:{port}@evil.example"),
        "Host:".to_owned(),
    ];
    for path in ["/", ME] {
        for host in &forged {
            let answer = ui.raw(&format!("GET {path} HTTP/1.1"), &[host]).await.unwrap();
            assert!((400..500).contains(&answer.status), "{path} {host}: {}", answer.text);
        }
        let none = ui.raw(&format!("GET {path} HTTP/1.1"), &[]).await.unwrap();
        assert!((400..500).contains(&none.status), "{}", none.text);
        let two = ui.raw(&format!("GET {path} HTTP/1.1"), &[&own, "Host: evil.example"]).await.unwrap();
        assert!((400..500).contains(&two.status), "{}", two.text);
    }
    assert_unheard(&workspace).await;
    let localhost =
        ui.raw(&format!("GET {ME} HTTP/1.1"), &[&format!("Host: localhost:{port}")]).await.unwrap();
    assert_eq!(localhost.status, 200, "{}", localhost.text);
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused() {
    let (workspace, ui) = start().await;
    let port = ui.port;
    let other_port = format!("http://127.0.0.1:{}", port ^ 1);
    let foreign = [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", other_port.as_str()),
        ("origin", workspace.ready().host.as_str()),
        ("origin", "https://127.0.0.1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-dest", "script"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-dest", "image"),
    ];
    for (name, value) in foreign {
        for (method, path) in
            [(Method::GET, ME), (Method::POST, "/api/2.0/apps/tellr/start"), (Method::GET, "/tellr/context")]
        {
            let request = ui.without_cookie(method, path).header("cookie", &ui.cookie).header(name, value);
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}: {value}, {path}");
            assert!(!response.headers().keys().any(|name| name.as_str().starts_with("access-control-")));
        }
    }
    let preflight = ui.without_cookie(Method::OPTIONS, ME).header("origin", "http://evil.example");
    let preflight = preflight.header("access-control-request-method", "GET").send().await.unwrap();
    assert_eq!(preflight.status(), StatusCode::FORBIDDEN);
    let session = ui.without_cookie(Method::POST, "/session").header("origin", "http://evil.example");
    let session = session.json(&json!({ "secret": ui.secret })).send().await.unwrap();
    assert_eq!(session.status(), StatusCode::FORBIDDEN);
    assert_unheard(&workspace).await;
}

#[tokio::test]
async fn other_paths_and_methods_do_not_pass() {
    let (workspace, ui) = start().await;
    let own = format!("Host: 127.0.0.1:{}", ui.port);
    let workspace_host = workspace.ready().host.clone();
    let lines = [
        "GET /api/2.0/token/list HTTP/1.1".to_owned(),
        "POST /api/2.0/token/create HTTP/1.1".to_owned(),
        "GET /api/2.0/secrets/list-scopes HTTP/1.1".to_owned(),
        "GET /api/2.0/clusters/list HTTP/1.1".to_owned(),
        "POST /oidc/v1/token HTTP/1.1".to_owned(),
        "GET /oidc/.well-known/oauth-authorization-server HTTP/1.1".to_owned(),
        "GET /local/requests HTTP/1.1".to_owned(),
        "DELETE /local/requests HTTP/1.1".to_owned(),
        "DELETE /api/2.0/database/instances/tellr-db?purge=true HTTP/1.1".to_owned(),
        "DELETE /api/2.0/postgres/projects/tellr-db HTTP/1.1".to_owned(),
        format!("PUT {ME} HTTP/1.1"),
        format!("HEAD {ME} HTTP/1.1"),
        format!("TRACE {ME} HTTP/1.1"),
        format!("//evil.example{ME} HTTP/1.1").replacen("//", "GET //", 1),
        format!("GET /api/../{} HTTP/1.1", ME.trim_start_matches('/')),
        "GET /api/2.0/apps/%2e%2e/token/list HTTP/1.1".to_owned(),
        "GET /api/2.0/apps/..%2ftoken%2flist HTTP/1.1".to_owned(),
        "GET /api/2.0/apps/%252e%252e HTTP/1.1".to_owned(),
        "GET /api/2.0/apps/..\\token HTTP/1.1".to_owned(),
        format!("GET http://evil.example{ME} HTTP/1.1"),
        format!("GET {workspace_host}{ME} HTTP/1.1"),
        format!("GET http://127.0.0.1:{}@evil.example{ME} HTTP/1.1", ui.port),
        "CONNECT evil.example:443 HTTP/1.1".to_owned(),
        "OPTIONS * HTTP/1.1".to_owned(),
    ];
    for line in lines {
        let answer = ui.raw(&line, &[&own]).await.unwrap();
        assert!((400..500).contains(&answer.status), "{line}: {}", answer.text);
    }
    assert_unheard(&workspace).await;
}

#[tokio::test]
async fn a_body_that_is_too_large_does_not_pass() {
    let (workspace, ui) = start().await;
    let large = vec![b' '; 2 * 1024 * 1024];
    for path in ["/api/2.0/workspace/mkdirs", "/tellr/schema/inspect", "/session"] {
        let sent = ui.request(Method::POST, path).body(large.clone()).send().await;
        // a server that has read enough may close the connection on what still comes
        if let Ok(response) = sent {
            assert!(response.status().is_client_error(), "{path}: {}", response.status());
        }
    }
    assert_unheard(&workspace).await;
}
