//! A proxy before it, as the driver proxy of a cluster: what may then come from there, and what still may not.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use system_tests::{LocalWorkspace, Settings, binaries, process};

use crate::ui::Ui;

const BEHIND: &str = "https://dp.example/driver-proxy/o/1/c-2/{port}/";
const ORIGIN: &str = "Origin: https://dp.example";
const DEADLINE: Duration = Duration::from_secs(60);

async fn start() -> (LocalWorkspace, Ui, String) {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    let ui = Ui::start(&workspace, &["--behind", BEHIND]).await.unwrap();
    let prefix = format!("/driver-proxy/o/1/c-2/{}", ui.port);
    workspace.clear_requests().await.unwrap();
    (workspace, ui, prefix)
}

#[tokio::test]
async fn what_a_proxy_passes_on_is_answered_with_and_without_its_part_of_the_path() {
    let (_workspace, ui, prefix) = start().await;
    for prefix in ["", &prefix] {
        for host in
            ["dp.example".to_owned(), format!("localhost:{}", ui.port), format!("127.0.0.1:{}", ui.port)]
        {
            let host = format!("Host: {host}");
            for path in ["/", "/tellr/context", "/api/2.0/workspace/list?path=%2FWorkspace"] {
                let line = format!("GET {prefix}{path} HTTP/1.1");
                let answer = ui.raw(&line, &[&host, ORIGIN, "Sec-Fetch-Site: same-origin"]).await.unwrap();
                assert_eq!(answer.status, 200, "{line} {host}: {}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn the_cookie_goes_to_that_path_only_and_over_tls() {
    let (_workspace, ui, prefix) = start().await;
    let body = json!({ "secret": ui.secret });
    for path in ["/session".to_owned(), format!("{prefix}/session")] {
        let request = ui.without_cookie(Method::POST, &path).header("host", "dp.example").json(&body);
        let answer = request.header("origin", "https://dp.example").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "{path}");
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(
            cookie.ends_with(&format!("; Path={prefix}/; HttpOnly; SameSite=Strict; Secure")),
            "{cookie}"
        );
    }
}

#[tokio::test]
async fn others_are_refused_as_before() {
    let (workspace, ui, prefix) = start().await;
    let own = "Host: dp.example";
    let refused: [(&str, &[&str]); 12] = [
        ("/tellr/context", &["Host: other.example", ORIGIN]),
        ("/tellr/context", &["Host: dp.example:443", ORIGIN]),
        ("/tellr/context", &["Host: dp.example.evil.example", ORIGIN]),
        ("/tellr/context", &["Host: 10.0.0.4", ORIGIN]),
        ("/tellr/context", &[own, "Origin: https://evil.example"]),
        ("/tellr/context", &[own, "Origin: http://dp.example"]),
        ("/tellr/context", &[own, "Origin: null"]),
        ("/tellr/context", &[own, ORIGIN, "Origin: https://evil.example"]),
        ("/tellr/context", &[own, ORIGIN, "Sec-Fetch-Site: cross-site"]),
        ("/tellr/context", &[own, own]),
        ("/api/2.0/token/list", &[own, ORIGIN]),
        ("/driver-proxy/o/1/c-2/1/tellr/context", &[own, ORIGIN]),
    ];
    for (path, headers) in refused {
        for prefix in ["", &prefix] {
            let answer = ui.raw(&format!("GET {prefix}{path} HTTP/1.1"), headers).await.unwrap();
            assert!((400..500).contains(&answer.status), "{prefix}{path} {headers:?}: {}", answer.text);
        }
    }
    for path in ["/api/2.0/apps", "/tellr/context"] {
        let stranger =
            ui.without_cookie(Method::GET, &format!("{prefix}{path}")).header("host", "dp.example");
        assert_eq!(stranger.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(workspace.requests().await.unwrap(), Vec::<Value>::new());
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_before_anything_is_served() {
    let workspace = LocalWorkspace::start(Settings { has_wheels: false, ..Settings::default() }).unwrap();
    for arguments in [
        &["--behind", "http://dp.example/x/"][..],
        &["--behind", "https://me:secret@dp.example/"],
        &["--behind", "https://dp.example/?x=y"],
        &["--listen", "0.0.0.0"],
    ] {
        let mut command = workspace.command(binaries::tellr().unwrap().as_os_str()).unwrap();
        command.args(["ui", "--no-browser", "--no-input"]).args(arguments);
        let output = process::run(command, DEADLINE).await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(!output.stdout.contains("#secret"), "{output:?}");
    }
}
