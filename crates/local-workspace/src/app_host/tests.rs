//! Against real Python processes: deploying, crashing, hanging, redeploying, and what the proxy does.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::{Client, StatusCode, redirect};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

const LONG: Duration = Duration::from_secs(60);

/// A server with a few manners, in what every Python has.
const SERVER: &str = r#"
import http.server, json, os, signal, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200, body[::-1])

    def do_GET(self):
        if self.path == "/facts":
            facts = {"headers": [[k.lower(), v] for k, v in self.headers.items()], "env": dict(os.environ),
                     "cwd": os.getcwd(), "argv": sys.argv, "pid": os.getpid(), "version": os.environ.get("VERSION")}
            self.answer(200, json.dumps(facts).encode(), Content_Type="application/json", X_Own="kept",
                        Set_Cookie="databricksapps-web=forged")
        elif self.path == "/stream":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.chunk(b"data: one\n\n")
            # goes on only when the client has seen the first one
            while not os.path.exists("go-on"):
                time.sleep(0.02)
            self.chunk(b"data: two\n\n")
            self.chunk(b"")
        elif self.path == "/go-on":
            open("go-on", "w").close()
            self.answer(200, b"ok")
        elif self.path == "/hang":
            time.sleep(600)
        elif self.path == "/drip":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while True:
                self.chunk(b"drop ")
                time.sleep(0.05)
        elif self.path == "/upgrade":
            self.send_response(101)
            self.send_header("Connection", "Upgrade")
            self.send_header("Upgrade", "echo")
            self.end_headers()
            while True:
                data = self.connection.recv(100)
                if not data:
                    break
                self.connection.sendall(data.upper())
            self.close_connection = True
        elif self.path == "/crash":
            print("about to crash", flush=True)
            os._exit(7)
        else:
            self.answer(404, b"no")

    def log_message(self, *words):
        pass

if os.environ.get("STUBBORN"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("listening", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["DATABRICKS_APP_PORT"])), Handler).serve_forever()
"#;

/// Lets in whoever has the right token; codes work once.
struct Gatekeeper {
    redeemed: AtomicUsize,
}

#[async_trait]
impl Authenticate for Gatekeeper {
    async fn authenticate(&self, credential: AppCredential) -> Result<AppCaller, AuthenticationFailure> {
        match credential {
            AppCredential::Bearer(token) if token == "good" => {}
            AppCredential::Session(session) if session == "session1" => {}
            AppCredential::Bearer(token) if token == "stranger" => {
                return Err(AuthenticationFailure::Forbidden);
            }
            _ => return Err(AuthenticationFailure::Missing),
        }
        Ok(AppCaller {
            email: "me@example.com".into(),
            user_name: "Me".into(),
            user_id: "1@2".into(),
            forward_token: Some("forwarded".into()),
        })
    }

    async fn redeem(&self, code: &str) -> Option<String> {
        (code == "code1" && self.redeemed.fetch_add(1, Ordering::SeqCst) == 0).then(|| "session1".into())
    }

    fn sign_in_url(&self, next: &str) -> String {
        let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        format!("http://host.example/local/sign-in?app=web&next={next}")
    }
}

struct Playground {
    dir: TempDir,
    host: AppHost,
}

impl Playground {
    fn new() -> Playground {
        Playground::with(LONG)
    }

    fn with(start_deadline: Duration) -> Playground {
        let dir = tempfile::tempdir().unwrap();
        let host = AppHost::new(dir.path(), vec![dir.path().join("wheels")], start_deadline);
        Playground { dir, host }
    }

    async fn deploy(&self, id: &str, files: &[(&str, &str)]) -> Result<(), DeployFailure> {
        self.host.deploy(order(id, files)).await
    }

    async fn open_proxy(&self, request_timeout: Duration) -> String {
        let gatekeeper = Arc::new(Gatekeeper { redeemed: AtomicUsize::new(0) });
        let address = self.host.open_proxy("web", None, gatekeeper, request_timeout).await.unwrap();
        format!("http://{address}")
    }

    fn log(&self) -> String {
        let lines = self.host.logs("web").into_iter();
        lines.map(|line| format!("{}: {}\n", line.source, line.message)).collect()
    }
}

fn order(id: &str, files: &[(&str, &str)]) -> DeployOrder {
    DeployOrder {
        app_name: "web".into(),
        deployment_id: id.into(),
        files: files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect(),
        platform_env: vec![("DATABRICKS_CLIENT_SECRET".into(), "s3cret".into())],
        resource_values: BTreeMap::from([("wh".into(), "warehouse-1".into())]),
        progress: Arc::new(|_| {}),
    }
}

fn client() -> Client {
    // reqwest's own default provider is not compiled in
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(redirect::Policy::none()).no_proxy().build().unwrap()
}

async fn facts(client: &Client, url: &str) -> Value {
    let response = client.get(format!("{url}/facts")).bearer_auth("good").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

fn is_running(pid: &Value) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_runs_with_the_platforms_environment_and_headers() {
    let playground = Playground::new();
    let url = playground.open_proxy(LONG).await;
    let client = client();
    let early = client.get(&url).bearer_auth("good").header("accept", "text/html").send().await.unwrap();
    assert_eq!(early.status(), StatusCode::BAD_GATEWAY);
    assert!(early.text().await.unwrap().contains("App Not Available"));

    let yaml = "command: [python, server.py, --port, $DATABRICKS_APP_PORT, $HOME]\nenv:\n  - {name: WAREHOUSE, valueFrom: wh}\n  \
                - {name: VERSION, value: one}\n  - {name: DATABRICKS_TOKEN, valueFrom: system.databricks_token}\n";
    let begun = Instant::now();
    playground.deploy("d1", &[("server.py", SERVER), ("app.yaml", yaml)]).await.unwrap();
    println!("deployment without packages: {:?}", begun.elapsed());
    assert_eq!(playground.host.process_state("web"), ProcessState::Running);

    let response = client
        .get(format!("{url}/facts"))
        .bearer_auth("good")
        .header("X-Forwarded-Email", "root@example.com")
        .header("X-Forwarded-Access-Token", "forged")
        .header("X_Forwarded_User", "root")
        .header("X-Request-Id", "mine")
        .header("Cookie", "theme=dark; databricksapps-web=secret")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["x-own"], "kept");
    assert!(response.headers().get(SET_COOKIE).is_none(), "the app may not set the proxy's cookie");
    let facts: Value = response.json().await.unwrap();
    let header = |name: &str| -> Vec<String> {
        let all = facts["headers"].as_array().unwrap().iter();
        all.filter(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(header("x-forwarded-email"), ["me@example.com"]);
    assert_eq!(header("x-forwarded-access-token"), ["forwarded"]);
    assert_eq!(header("x-forwarded-user"), ["1@2"]);
    assert_eq!(header("x-forwarded-preferred-username"), ["Me"]);
    assert_eq!(header("x-forwarded-host"), [url.trim_start_matches("http://")]);
    assert_eq!(header("cookie"), ["theme=dark"]);
    assert_ne!(header("x-request-id"), ["mine"]);
    assert!(header("authorization").is_empty() && header("x_forwarded_user").is_empty());

    let env = facts["env"].as_object().unwrap();
    assert_eq!(env["WAREHOUSE"], "warehouse-1");
    assert_eq!(env["DATABRICKS_CLIENT_SECRET"], "s3cret");
    assert!(!env.contains_key("DATABRICKS_TOKEN") && !env.contains_key("CARGO_MANIFEST_DIR"));
    let port = &env["DATABRICKS_APP_PORT"];
    assert_eq!(&env["UVICORN_PORT"], port);
    assert_eq!(facts["argv"][2], *port);
    assert_eq!(facts["argv"][3], "$HOME", "there is no shell");
    assert!(facts["cwd"].as_str().unwrap().ends_with("web/deployments/d1/source"));
    assert!(playground.log().contains("APP: listening"), "{}", playground.log());

    let h2c = Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();
    assert_eq!(self::facts(&h2c, &url).await["pid"], facts["pid"]);

    let echoed = client.post(&url).bearer_auth("good").body("x".repeat(300_000) + "y").send().await.unwrap();
    let echoed = echoed.text().await.unwrap();
    assert!(echoed.starts_with("yx") && echoed.len() == 300_001);
    playground.host.shutdown().await;
    assert!(!is_running(&facts["pid"]));
    assert!(client.get(&url).send().await.is_err(), "the address is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_have_to_sign_in() {
    let playground = Playground::new();
    let url = playground.open_proxy(LONG).await;
    playground.deploy("d1", &[("server.py", SERVER)]).await.unwrap();
    let client = client();

    let get = |path: &str| client.get(format!("{url}{path}"));
    assert_eq!(get("/facts").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(get("/facts").bearer_auth("bad").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(get("/facts").bearer_auth("stranger").send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let page = get("/a?b=c&d").header("accept", "text/html,*/*").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::FOUND);
    assert_eq!(page.headers()[LOCATION], "http://host.example/local/sign-in?app=web&next=%2Fa%3Fb%3Dc%26d");

    let back = get("/.local/callback?code=code1&next=%2Ffacts").send().await.unwrap();
    assert_eq!((back.status(), &back.headers()[LOCATION]), (StatusCode::FOUND, &"/facts".parse().unwrap()));
    let cookie = back.headers()[SET_COOKIE].to_str().unwrap();
    assert_eq!(cookie, "databricksapps-web=session1; Path=/; HttpOnly; SameSite=Lax");
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(get("/facts").header("cookie", cookie).send().await.unwrap().status(), StatusCode::OK);
    let foreign_page =
        client.post(&url).header("cookie", cookie).header("origin", "http://127.0.0.1:1").body("x");
    assert_eq!(foreign_page.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let own_page = client.post(&url).header("cookie", cookie).header("origin", &url).body("x");
    assert_eq!(own_page.send().await.unwrap().status(), StatusCode::OK);

    for refused in ["/.local/callback?code=code1", "/.local/callback?code=guess", "/.local/callback"] {
        let response = get(refused).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{refused}");
        assert!(response.headers().get(SET_COOKIE).is_none());
    }
    playground.host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_reported_with_status_and_last_words() {
    let playground = Playground::new();
    let script = "import sys\nprint('cannot find my database')\nsys.exit(3)\n";
    let failure = playground.deploy("d1", &[("main.py", script)]).await.unwrap_err();
    let crashed = "Error: app crashed unexpectedly. Please check /logz for more details";
    assert_eq!(failure.message, crashed);
    let log = playground.log();
    assert!(log.contains("APP: cannot find my database"), "{log}");
    assert!(log.contains("SYSTEM: The app has ended (exit status: 3)"), "{log}");
    let message = "App crashed unexpectedly".to_owned();
    assert_eq!(playground.host.process_state("web"), ProcessState::Crashed { message });
    let absent = playground.deploy("d2", &[("app.yaml", "command: [no-such-program]")]).await.unwrap_err();
    assert_eq!(absent.message, crashed);
    assert!(playground.log().contains("\"no-such-program\" cannot run"));
    assert!(playground.host.restart("web", Vec::new()).await.is_err(), "there is nothing good to run");

    // one that crashes later
    playground.deploy("d3", &[("main.py", SERVER)]).await.unwrap();
    let url = playground.open_proxy(LONG).await;
    let client = client();
    let response = client.get(format!("{url}/crash")).bearer_auth("good").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    while !playground.log().contains("it has ended (exit status: 7)") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(matches!(playground.host.process_state("web"), ProcessState::Crashed { .. }));
    assert!(playground.log().contains("about to crash"));
    playground.host.restart("web", Vec::new()).await.unwrap();
    assert_eq!(playground.host.process_state("web"), ProcessState::Running);
    playground.host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_does_not_listen_is_ended() {
    let playground = Playground::with(Duration::from_millis(500));
    let script = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n";
    let failure = playground.deploy("d1", &[("main.py", script)]).await.unwrap_err();
    assert!(failure.message.starts_with("App did not start in time"), "{failure}");
    assert!(failure.message.contains("DATABRICKS_APP_PORT"), "{failure}");
    assert!(matches!(playground.host.process_state("web"), ProcessState::Crashed { .. }));
    let pid = playground.host.logs("web").iter().find(|line| line.source == "APP").unwrap().message.clone();
    assert!(!is_running(&pid.parse().unwrap()));
    playground.host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_deployment_replaces_the_old_one_only_when_it_is_built() {
    let playground = Playground::new();
    let url = playground.open_proxy(LONG).await;
    let client = client();
    let version =
        |version: &str| format!("command: [python, server.py]\nenv: [{{name: VERSION, value: {version}}}]");
    playground.deploy("d1", &[("server.py", SERVER), ("app.yaml", &version("one"))]).await.unwrap();
    let first = facts(&client, &url).await;

    let begun = Instant::now();
    let broken = [("server.py", SERVER), ("requirements.txt", "./does-not-exist-1.0-py3-none-any.whl\n")];
    let failure = playground.deploy("d2", &broken).await.unwrap_err();
    println!("failed build: {:?}", begun.elapsed());
    assert_eq!(failure.message, "Error installing packages. Please check /logz for more details");
    let log = playground.log();
    assert!(log.contains("does-not-exist") && log.contains("pip ended with exit status: 1"), "{log}");
    let bad_env = [("server.py", SERVER), ("app.yaml", "env: [{name: X, valueFrom: nowhere}]")];
    let failure = playground.deploy("d3", &bad_env).await.unwrap_err();
    assert!(failure.message.contains("nowhere"), "{failure}");
    assert_eq!(facts(&client, &url).await["pid"], first["pid"], "the old one has not noticed");

    playground.deploy("d4", &[("server.py", SERVER), ("app.yaml", &version("two"))]).await.unwrap();
    let second = facts(&client, &url).await;
    assert_eq!(second["version"], "two");
    assert!(!is_running(&first["pid"]));
    let deployments: Vec<_> = std::fs::read_dir(playground.dir.path().join("apps/web/deployments"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(deployments, ["d4"], "builds do not pile up");

    // a restart of the workspace
    playground.host.shutdown().await;
    assert!(!is_running(&second["pid"]));
    let host = AppHost::new(playground.dir.path(), Vec::new(), LONG);
    assert_eq!(host.process_state("web"), ProcessState::NotRunning);
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    let gatekeeper = Arc::new(Gatekeeper { redeemed: AtomicUsize::new(0) });
    let address = host.open_proxy("web", Some(port), gatekeeper, LONG).await.unwrap();
    assert_eq!(address.port(), port, "the same address again");
    host.restart("web", Vec::new()).await.unwrap();
    assert_eq!(facts(&client, &url).await["version"], "two");
    host.remove("web").await;
    assert!(!playground.dir.path().join("apps/web").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_come_from_the_wheel_folders_and_the_source() {
    let playground = Playground::new();
    let wheels = playground.dir.path().join("wheels");
    std::fs::create_dir(&wheels).unwrap();
    make_wheel(&wheels, "from_the_folder");
    let source_wheel = make_wheel(playground.dir.path(), "from_the_source");
    let name = source_wheel.file_name().unwrap().to_str().unwrap().to_owned();
    let script = format!("import from_the_folder, from_the_source\n{SERVER}");
    // a package index is neither needed nor asked
    let requirements = format!("--no-index\nfrom-the-folder==1.0\n./{name}\n");
    let mut order = order("d1", &[("server.py", &script), ("requirements.txt", &requirements)]);
    order.files.push((name, std::fs::read(source_wheel).unwrap()));
    let said = Arc::new(Mutex::new(Vec::new()));
    let hear = said.clone();
    order.progress = Arc::new(move |words| hear.lock().unwrap().push(words.to_owned()));
    let begun = Instant::now();
    playground.host.deploy(order).await.unwrap();
    println!("deployment with two wheels: {:?}", begun.elapsed());
    assert!(said.lock().unwrap().iter().any(|words| words.contains("requirements.txt")));
    assert!(playground.log().contains("SYSTEM: Successfully installed"), "{}", playground.log());
    playground.host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identical_build_is_taken_over_and_any_other_is_not() {
    let playground = Playground::new();
    let wheels = playground.dir.path().join("wheels");
    std::fs::create_dir(&wheels).unwrap();
    make_wheel(&wheels, "reused");
    let ask = "import reused, sys, pip\nprint('prefix', sys.prefix, pip.__file__, flush=True)\n";
    let server = format!("{ask}{SERVER}");
    let command = "command: [sh, -c, \"head -1 $(command -v pip); exec python server.py\"]\n";
    let deploy = async |id: &str, app_yaml: &str| {
        let files = [("server.py", &*server), ("requirements.txt", "reused\n"), ("app.yaml", app_yaml)];
        playground.deploy(id, &files).await.unwrap();
        let log = playground.log();
        let lines = log.lines().skip_while(|line| !line.contains("Starting app")).map(str::to_owned);
        (log.matches("Successfully installed").count(), lines.collect::<Vec<_>>().join("\n"))
    };
    deploy("d1", command).await;
    let (installs, log) = deploy("d2", &format!("{command}env: [{{name: X, value: y}}]")).await;
    assert_eq!(installs, 1, "{log}");
    assert!(log.contains("/d2/venv"), "{log}");
    let of_the_second = log.rsplit("Starting app").next().unwrap();
    assert!(!of_the_second.contains("/d1/") && !of_the_second.contains(".cache/built"), "{of_the_second}");
    assert_eq!(of_the_second.matches("/d2/venv").count(), 3, "{of_the_second}");

    make_wheel(&wheels, "another");
    assert_eq!(deploy("d3", command).await.0, 2, "there may be something newer to install");
    playground.host.shutdown().await;
}

/// A wheel with one empty module.
fn make_wheel(dir: &Path, module: &str) -> PathBuf {
    let path = dir.join(format!("{module}-1.0-py3-none-any.whl"));
    let script = format!(
        "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], 'w')\nz.writestr('{module}.py', '')\n\
         z.writestr('{module}-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: {module}\\nVersion: 1.0\\n')\n\
         z.writestr('{module}-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n\
         z.writestr('{module}-1.0.dist-info/RECORD', '')\nz.close()\n"
    );
    let made = std::process::Command::new("python3").args(["-c", &script]).arg(&path).status().unwrap();
    assert!(made.success());
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stubborn_app_is_killed_and_leaves_nothing() {
    let playground = Playground::new();
    let url = playground.open_proxy(LONG).await;
    // a shell in between, which dies at once, and a child that does not care
    let yaml = "command: [sh, -c, 'python server.py && true']\nenv: [{name: STUBBORN, value: 'yes'}]";
    playground.deploy("d1", &[("server.py", SERVER), ("app.yaml", yaml)]).await.unwrap();
    let pid = facts(&client(), &url).await["pid"].clone();
    assert!(is_running(&pid));
    let app = playground.host.known("web").unwrap();
    let group = app.process.lock().await.take().unwrap();
    app.status.stopped();
    group.end(Duration::from_millis(300)).await;
    assert!(!is_running(&pid));
    playground.host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_cancels_the_deployment_in_flight() {
    let playground = Arc::new(Playground::new());
    let script = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n";
    let deploying = playground.clone();
    let deployment = tokio::spawn(async move { deploying.deploy("d1", &[("main.py", script)]).await });
    let pid = loop {
        if let Some(line) = playground.host.logs("web").iter().find(|line| line.source == "APP") {
            break line.message.clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    playground.host.stop("web").await;
    assert!(deployment.await.unwrap().unwrap_err().message.contains("cancelled"));
    assert_eq!(playground.host.process_state("web"), ProcessState::NotRunning);
    assert!(!is_running(&pid.parse().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_cut_and_streams_flow() {
    let playground = Playground::new();
    let url = playground.open_proxy(Duration::from_secs(1)).await;
    playground.deploy("d1", &[("server.py", SERVER)]).await.unwrap();
    let client = client();
    let get = |path: &str| client.get(format!("{url}{path}")).bearer_auth("good");

    // chunk by chunk: the second is made only after the first has arrived
    let mut stream = get("/stream").send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "data: one\n\n");
    assert_eq!(get("/go-on").send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "data: two\n\n");
    assert_eq!(stream.chunk().await.unwrap(), None);

    let hung = get("/hang").send().await.unwrap();
    assert_eq!(hung.status(), StatusCode::GATEWAY_TIMEOUT);
    let mut drip = get("/drip").send().await.unwrap();
    assert_eq!(drip.status(), StatusCode::OK);
    let cut = loop {
        match drip.chunk().await {
            Ok(Some(chunk)) => assert_eq!(chunk, "drop "),
            Ok(None) => panic!("a cut answer must not look complete"),
            Err(error) => break error,
        }
    };
    assert!(cut.is_body() || cut.is_decode(), "{cut:?}");
    playground.host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn upgraded_connections_pass_and_outlive_the_cut() {
    let playground = Playground::new();
    let url = playground.open_proxy(Duration::from_millis(300)).await;
    playground.deploy("d1", &[("server.py", SERVER)]).await.unwrap();
    let address = url.trim_start_matches("http://");
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /upgrade HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer good\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 101") && head.contains("upgrade: echo"), "{head}");
    for round in 0..3 {
        socket.write_all(format!("hello {round}").as_bytes()).await.unwrap();
        let mut answer = [0; 7];
        socket.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, format!("HELLO {round}").as_bytes());
        // longer than one request may take
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    playground.host.shutdown().await;
    assert_eq!(socket.read(&mut [0; 1]).await.unwrap_or(0), 0, "closed with the app");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_and_followed() {
    let playground = Playground::new();
    let url = playground.open_proxy(Duration::from_millis(200)).await;
    let failure = playground.deploy("d1", &[("main.py", "print('<b>gone</b>')")]).await.unwrap_err();
    let client = client();
    let log = client.get(format!("{url}/logz"));
    assert_eq!(log.try_clone().unwrap().send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let text = log.bearer_auth("good").send().await.unwrap();
    assert_eq!(text.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(text.text().await.unwrap().contains("[APP] <b>gone</b>\n"), "{failure}");

    let address = url.trim_start_matches("http://");
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /logz/stream HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer good\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    // a masked text frame with the term "gone"; the mask is zero
    socket.write_all(b"\x81\x84\0\0\0\0gone").await.unwrap();
    let first = text_frame(&mut socket).await;
    assert_eq!((&first["source"], &first["message"]), (&"APP".into(), &"<b>gone</b>".into()));
    assert!(first["timestamp"].as_f64().unwrap() > 1.7e9);
    playground.host.known("web").unwrap().log.push(log_ring::SYSTEM, "not asked for");
    playground.host.known("web").unwrap().log.push(log_ring::SYSTEM, "gone again");
    let next = text_frame(&mut socket).await;
    assert_eq!(next["message"], "gone again");
    playground.host.shutdown().await;
}

/// The JSON in the next frame, shorter than 64 KiB.
async fn text_frame(socket: &mut TcpStream) -> Value {
    assert_eq!(socket.read_u8().await.unwrap(), 0x81);
    let length = match socket.read_u8().await.unwrap() {
        126 => socket.read_u16().await.unwrap().into(),
        short => usize::from(short),
    };
    let mut text = vec![0; length];
    socket.read_exact(&mut text).await.unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[tokio::test]
async fn names_that_are_no_folder_names_are_refused() {
    let playground = Playground::new();
    for (app, id) in [("../x", "d"), ("web", "../d"), ("", "d"), ("web", "a/b"), ("web", &"x".repeat(101))] {
        let mut bad = order(id, &[("main.py", "")]);
        bad.app_name = app.into();
        let failure = playground.host.deploy(bad).await.unwrap_err();
        assert!(failure.message.contains("letters, digits"), "{failure}");
    }
    assert_eq!(playground.host.process_state("../x"), ProcessState::NotRunning);
}
