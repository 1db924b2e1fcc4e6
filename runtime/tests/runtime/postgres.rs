//! A PostgreSQL server for the tests: one for the whole run, a fresh database for each test.
//!
//! It is the one that TELLR_TEST_DATABASE_URL names (a superuser's URL), or one that is started from the binaries on this
//! machine. The latter is a child of a shell that reads from a pipe: when the test process ends, however it ends, the pipe
//! closes and the shell stops the server and removes its data.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Whom the server runs as when the tests run as root, which Postgres refuses: `nobody`.
const UNPRIVILEGED: u32 = 65534;
const START_DEADLINE: Duration = Duration::from_secs(60);

/// A server and how its superuser gets in.
pub(crate) struct Server {
    superuser_url: url::Url,
    /// Its standard input is open as long as this process lives.
    _supervisor: Option<Child>,
}

/// One database of the server.
pub(crate) struct Database {
    server: &'static Server,
    pub(crate) name: String,
}

/// The server that tests share.
fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| match std::env::var("TELLR_TEST_DATABASE_URL") {
        Ok(url) => Server { superuser_url: url.parse().unwrap(), _supervisor: None },
        Err(_) => start(),
    })
}

/// A server with TLS that checks passwords and their expiry: always our own.
fn with_tls() -> &'static Server {
    static WITH_TLS: OnceLock<Server> = OnceLock::new();
    if std::env::var_os("TELLR_TEST_DATABASE_URL").is_none() { shared() } else { WITH_TLS.get_or_init(start) }
}

/// A name that no other test of any run uses.
pub(crate) fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Database {
    /// A fresh database on the shared server.
    pub(crate) async fn create() -> Self {
        Self::create_on(shared()).await
    }

    /// A fresh database on a server with TLS.
    pub(crate) async fn create_with_tls() -> Self {
        Self::create_on(with_tls()).await
    }

    async fn create_on(server: &'static Server) -> Self {
        let name = unique("tellr_test");
        let mut connection = connect(&server.superuser_url).await;
        run(&mut connection, &format!("CREATE DATABASE {name}")).await;
        Self { server, name }
    }

    /// The superuser's way in.
    pub(crate) fn url(&self) -> String {
        self.with_path().to_string()
    }

    /// The way in of `role`, whose password is `password`.
    pub(crate) fn url_of(&self, role: &str, password: &str) -> String {
        let mut url = self.with_path();
        url.set_username(role).unwrap();
        url.set_password(Some(password)).unwrap();
        url.to_string()
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.superuser_url.port().unwrap_or(5432)
    }

    fn with_path(&self) -> url::Url {
        let mut url = self.server.superuser_url.clone();
        url.set_path(&self.name);
        url
    }

    /// A superuser's connection.
    pub(crate) async fn connect(&self) -> PgConnection {
        connect(&self.with_path()).await
    }

    /// Runs statements as the superuser.
    pub(crate) async fn run(&self, sql: &str) {
        run(&mut self.connect().await, sql).await;
    }

    /// Runs statements as `role`.
    pub(crate) async fn run_as(&self, role: &str, sql: &str) {
        let mut connection = self.connect().await;
        run(&mut connection, &format!("SET SESSION AUTHORIZATION {role}")).await;
        run(&mut connection, sql).await;
    }

    /// The single value that a query gives, as text; `None` for NULL and for no row.
    pub(crate) async fn ask(&self, sql: &str) -> Option<String> {
        let sql = format!("SELECT answer::text FROM ({sql}) AS question (answer)");
        let row: Option<Option<String>> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_optional(&mut self.connect().await).await.unwrap();
        row.flatten()
    }

    /// A new role that may log in with the password `pw`, and may do nothing else.
    pub(crate) async fn create_role(&self, prefix: &str) -> String {
        let role = unique(prefix);
        self.run(&format!("CREATE ROLE {role} LOGIN PASSWORD 'pw'")).await;
        role
    }
}

async fn connect(url: &url::Url) -> PgConnection {
    PgConnection::connect(url.as_str()).await.unwrap()
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Starts a server on a free port of the loopback interface.
fn start() -> Server {
    let binaries = find_binaries();
    let folder = tempfile::Builder::new().prefix("tellr-postgres-").tempdir().unwrap().keep();
    let owner = owner_of_server();
    chown(&folder, Some(owner), Some(owner)).unwrap();
    let data = folder.join("data");
    let initdb = as_owner(&binaries.join("initdb"), owner)
        .args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--username=postgres", "-D"])
        .arg(&data)
        .output()
        .unwrap();
    assert!(initdb.status.success(), "initdb: {}", String::from_utf8_lossy(&initdb.stderr));
    write_configuration(&data, owner);
    let port = free_port();
    let script = format!(
        r#"'{postgres}' -D '{data}' -p {port} -k '{folder}' -c listen_addresses=127.0.0.1 -c fsync=off \
               -c synchronous_commit=off -c max_connections=200 >'{folder}/log' 2>&1 </dev/null &
           read -r _
           kill -INT $!; wait $!
           rm -rf '{folder}'"#,
        postgres = binaries.join("postgres").display(),
        data = data.display(),
        folder = folder.display(),
    );
    let supervisor = as_owner(Path::new("/bin/sh"), owner)
        .args(["-c", &script])
        .stdin(Stdio::piped())
        // Ctrl-C reaches a whole process group; the shell has to outlive the tests for a moment
        .process_group(0)
        .spawn()
        .unwrap();
    wait_for(port, &folder);
    let superuser_url = format!("postgres://postgres@127.0.0.1:{port}/postgres").parse().unwrap();
    Server { superuser_url, _supervisor: Some(supervisor) }
}

/// TLS with a certificate of our own; the superuser enters freely, everybody else with a password.
fn write_configuration(data: &Path, owner: u32) {
    let certificate = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let files = [
        ("server.crt", certificate.cert.pem()),
        ("server.key", certificate.signing_key.serialize_pem()),
        (
            "pg_hba.conf",
            "local all postgres trust\nhost all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
                .to_owned(),
        ),
    ];
    for (name, content) in files {
        let path = data.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        chown(&path, Some(owner), Some(owner)).unwrap();
    }
    let configuration = data.join("postgresql.conf");
    let before = fs::read_to_string(&configuration).unwrap();
    fs::write(&configuration, before + "\nssl = on\npassword_encryption = 'scram-sha-256'\n").unwrap();
}

fn as_owner(program: &Path, owner: u32) -> Command {
    let mut command = Command::new(program);
    // a folder that the owner may enter
    command.current_dir("/");
    if owner != current_user() {
        command.uid(owner).gid(owner);
    }
    command
}

fn current_user() -> u32 {
    fs::metadata("/proc/self").unwrap().uid()
}

fn owner_of_server() -> u32 {
    if current_user() == 0 { UNPRIVILEGED } else { current_user() }
}

fn find_binaries() -> PathBuf {
    let debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path().join("bin"));
    let mut candidates: Vec<_> = debian.collect();
    candidates.sort();
    candidates.reverse();
    candidates.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    let found = candidates
        .into_iter()
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file());
    found.expect("PostgreSQL's initdb and postgres (apt install postgresql), or TELLR_TEST_DATABASE_URL")
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until the server accepts connections.
fn wait_for(port: u16, folder: &Path) {
    let deadline = Instant::now() + START_DEADLINE;
    let ready = folder.join("data/postmaster.pid");
    // the server writes `ready` as the last line of this file when it accepts connections
    while !fs::read_to_string(&ready).is_ok_and(|text| text.trim_end().ends_with("ready")) {
        let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert!(Instant::now() < deadline, "PostgreSQL on port {port} does not start: {}", log());
        std::thread::sleep(Duration::from_millis(20));
    }
}
