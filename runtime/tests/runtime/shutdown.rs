//! Stopping: requests in progress finish, and what doesn't finish in time is cut.
//!
//! The slow request is a readiness check against a database that takes connections and says nothing.

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::program::{Server, client};

/// A server with a request in progress, and the ends of the connections that keep it waiting.
struct Busy {
    server: Server,
    request: JoinHandle<reqwest::Result<reqwest::Response>>,
    _database: [TcpStream; 2],
}

async fn busy(arguments: &[&str]) -> Busy {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://nobody@{}/none", silent.local_addr().unwrap());
    let server = Server::start_with(arguments, &[("DATABASE_URL", &url)]).await;
    // the look that every server takes when it starts
    let (first, _) = silent.accept().await.unwrap();
    let request = tokio::spawn(client().get(server.url("/api/health/ready")).send());
    // once it connects to its database again, the server is in the middle of the request
    let (second, _) = silent.accept().await.unwrap();
    Busy { server, request, _database: [first, second] }
}

async fn finishes_on(signal: &str) {
    let mut busy = busy(&[]).await;
    busy.server.signal(signal);
    busy.server.next_log_line("stopping").await;
    assert!(TcpStream::connect(&busy.server.address).await.is_err(), "no new connections");
    let response = busy.request.await.unwrap().unwrap();
    assert_eq!(response.status(), 503, "the answer, not an end of the connection");
    busy.server.next_log_line("all requests finished").await;
    assert!(busy.server.wait().await.success());
}

#[tokio::test]
async fn a_request_in_progress_is_answered_after_sigterm() {
    finishes_on("TERM").await;
}

#[tokio::test]
async fn a_request_in_progress_is_answered_after_sigint() {
    finishes_on("INT").await;
}

#[tokio::test]
async fn a_request_that_does_not_finish_in_time_is_cut() {
    let mut busy = busy(&["--shutdown-grace", "0"]).await;
    busy.server.signal("TERM");
    busy.server.next_log_line("some requests did not finish in time and are cut").await;
    assert!(busy.server.wait().await.success());
    assert!(busy.request.await.unwrap().is_err());
}

#[tokio::test]
async fn idle_connections_do_not_delay_the_end() {
    let mut server = Server::start(&[("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")]).await;
    let client = client();
    for _ in 0..3 {
        client.get(server.url("/api/health")).send().await.unwrap().bytes().await.unwrap();
    }
    let _never_said_anything = TcpStream::connect(&server.address).await.unwrap();
    server.signal("TERM");
    server.next_log_line("all requests finished").await;
    assert!(server.wait().await.success());
}
