//! The built `tellr-app` as a process.

use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Longest wait for anything that a process is expected to do.
const DEADLINE: Duration = Duration::from_secs(60);

/// `tellr-app` with these arguments in an environment of these variables and nothing else.
pub(crate) fn tellr_app(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tellr-app"));
    command.args(arguments).env_clear().env("ENVIRONMENT", "production");
    command.envs(environment.iter().copied()).kill_on_drop(true);
    command
}

/// Runs `tellr-app` to its end.
pub(crate) async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let output = tellr_app(arguments, environment).output();
    tokio::time::timeout(DEADLINE, output).await.expect("tellr-app ends in time").unwrap()
}

/// Runs `tellr-app init-db`, which must succeed, and gives the fields of its closing line.
pub(crate) async fn init_db(environment: &[(&str, &str)]) -> Value {
    let output = run(&["init-db"], environment).await;
    assert!(output.status.success(), "{}", text(&output));
    log_lines(&output).into_iter().find(|line| line["message"] == "the database is prepared").unwrap()
}

/// The log of a process that has ended.
pub(crate) fn log_lines(output: &Output) -> Vec<Value> {
    let stdout = String::from_utf8_lossy(&output.stdout);
    stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect()
}

/// Everything that a process has said.
pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A running `tellr-app serve`.
pub(crate) struct Server {
    child: Child,
    log: Lines<BufReader<ChildStdout>>,
    pub(crate) address: String,
}

impl Server {
    /// Starts a server on a free port of the loopback interface and waits until it listens.
    pub(crate) async fn start(environment: &[(&str, &str)]) -> Self {
        Self::start_with(&[], environment).await
    }

    /// The same with more arguments.
    pub(crate) async fn start_with(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let arguments = [&["serve", "--host", "127.0.0.1", "--port", "0"], arguments].concat();
        let mut child = tellr_app(&arguments, environment).stdout(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut server = Self { child, log, address: String::new() };
        let listening = server.next_log_line("listening").await;
        server.address = listening["address"].as_str().unwrap().to_owned();
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next line of the log with this message.
    pub(crate) async fn next_log_line(&mut self, message: &str) -> Value {
        let reading = async {
            while let Some(line) = self.log.next_line().await.unwrap() {
                let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
                if line["message"] == message {
                    return line;
                }
            }
            panic!("tellr-app ended without logging {message:?}");
        };
        tokio::time::timeout(DEADLINE, reading)
            .await
            .unwrap_or_else(|_| panic!("no log line {message:?} in time"))
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        client().get(self.url(path)).send().await.unwrap()
    }

    pub(crate) async fn get_json(&self, path: &str) -> (u16, Value) {
        let response = self.get(path).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Sends a signal, by name.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().expect("tellr-app is running").to_string();
        let status = std::process::Command::new("kill").args(["-s", signal, &id]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end of the process.
    pub(crate) async fn wait(&mut self) -> ExitStatus {
        tokio::time::timeout(DEADLINE, self.child.wait()).await.expect("tellr-app ends in time").unwrap()
    }
}

/// A client without TLS, proxies or patience.
pub(crate) fn client() -> reqwest::Client {
    builder().build().unwrap()
}

/// What [`client`] is made of.
pub(crate) fn builder() -> reqwest::ClientBuilder {
    // reqwest wants a provider even for plain HTTP; another test may have installed it
    _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(DEADLINE)
}
