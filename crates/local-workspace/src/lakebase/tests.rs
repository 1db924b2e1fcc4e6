//! Against real servers: roles, tokens, expiry, restarts, what is refused.

use std::time::Instant;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

const OWNER: &str = "owner@example.com";
const LONG: Duration = Duration::from_secs(600);

/// A data folder whose clusters are gone afterwards, also when they had to be kept elsewhere.
struct Playground {
    dir: TempDir,
    /// of its own, so that no test running beside it wants the same address
    id: String,
}

impl Playground {
    fn new() -> Playground {
        Playground { dir: tempfile::tempdir().unwrap(), id: format!("x-{}", uuid::Uuid::new_v4()) }
    }

    fn id(&self) -> &str {
        &self.id
    }

    async fn open(&self) -> Lakebase {
        Lakebase::open(self.dir.path(), Arc::default()).await.unwrap()
    }
}

impl Drop for Playground {
    fn drop(&mut self) {
        // without its data folder, what had to be kept elsewhere is an orphan
        let _ = std::fs::remove_dir_all(self.dir.path());
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(clusters_dir::sweep(&RunAs::resolve().unwrap()));
        });
    }
}

fn options(address: &LakebaseAddress, role: &str, token: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .host(&address.host)
        .port(address.port)
        .ssl_mode(PgSslMode::Require)
        .database("databricks_postgres")
        .username(role)
        .password(token)
}

async fn connect(address: &LakebaseAddress, role: &str, token: &str) -> Result<PgConnection, sqlx::Error> {
    options(address, role, token).connect().await
}

async fn run(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.map(|_| ())
}

fn sqlstate(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_work_with_tokens_as_passwords() {
    let playground = Playground::new();
    let begun = Instant::now();
    let lakebase = playground.open().await;
    let address = lakebase.start(playground.id(), OWNER).await.unwrap();
    println!("first start of an instance: {:?}", begun.elapsed());
    assert_eq!(
        lakebase.start(playground.id(), OWNER).await.unwrap(),
        address,
        "starting again changes nothing"
    );
    assert_eq!(address.port, 5432);

    let principal = "0b9f1c1e-8f0b-4d2e-9d56-5d1f1a2b3c4d";
    let grants = RoleGrants { connect_and_create: true, ..RoleGrants::default() };
    lakebase.ensure_role(playground.id(), principal, grants).await.unwrap();
    lakebase.ensure_role(playground.id(), principal, grants).await.unwrap();
    assert!(lakebase.role_exists(playground.id(), principal).await.unwrap());

    let token = lakebase.issue_token(playground.id(), OWNER, LONG).await.unwrap().token;
    let mut owner = connect(&address, OWNER, &token).await.unwrap();
    run(&mut owner, "CREATE SCHEMA shared; CREATE TABLE shared.t (x int); INSERT INTO shared.t VALUES (7)")
        .await
        .unwrap();

    let token = lakebase.issue_token(playground.id(), principal, LONG).await.unwrap().token;
    let mut app = connect(&address, principal, &token).await.unwrap();
    run(&mut app, "CREATE SCHEMA mine; CREATE TABLE mine.t (x int)").await.unwrap();
    let refused = run(&mut app, "SELECT * FROM shared.t").await.unwrap_err();
    assert_eq!(sqlstate(&refused), "42501", "no more rights than it needs: {refused}");
    let seen: i32 = sqlx::query_scalar("SELECT x FROM shared.t").fetch_one(&mut owner).await.unwrap();
    assert_eq!(seen, 7);
    // the owner reads what the app made, as a member of databricks_superuser
    run(&mut owner, "SELECT * FROM mine.t").await.unwrap();

    let (_, server_port) = (address.port, address::SERVER_PORT);
    let direct = options(&address, OWNER, &token).port(server_port).ssl_mode(PgSslMode::Disable);
    assert_eq!(sqlstate(&direct.connect().await.unwrap_err()), "28P01", "the server knows no tokens");
    lakebase.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_tokens_open_no_session_but_sessions_live_on() {
    let playground = Playground::new();
    let lakebase = playground.open().await;
    let address = lakebase.start(playground.id(), OWNER).await.unwrap();
    lakebase.ensure_role(playground.id(), "second", RoleGrants::default()).await.unwrap();
    let ttl = Duration::from_secs(2);
    let first = lakebase.issue_token(playground.id(), OWNER, ttl).await.unwrap();
    let second = lakebase.issue_token(playground.id(), "second", ttl).await.unwrap();
    let mut lives_on = connect(&address, OWNER, &first.token).await.unwrap();
    connect(&address, "second", &second.token).await.unwrap();

    let crossed = connect(&address, OWNER, &second.token).await.unwrap_err();
    assert_eq!(sqlstate(&crossed), "28P01", "a token is for its role: {crossed}");

    while Timestamp::now() <= second.expires {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for (role, token) in [(OWNER, &first.token), ("second", &second.token)] {
        let error = connect(&address, role, token).await.unwrap_err();
        assert_eq!(sqlstate(&error), "28P01", "{error}");
    }
    run(&mut lives_on, "SELECT 1").await.unwrap();

    // the server itself would refuse too, even with the password that only the front knows
    let password = session::BackendPasswords::new(lakebase.admin_password.expose()).of("second");
    let direct =
        options(&address, "second", &password).port(address::SERVER_PORT).ssl_mode(PgSslMode::Disable);
    assert_eq!(sqlstate(&direct.connect().await.unwrap_err()), "28P01");

    // a longer token brings no earlier one back
    let fresh = lakebase.issue_token(playground.id(), OWNER, LONG).await.unwrap();
    assert!(connect(&address, OWNER, &first.token).await.is_err());
    connect(&address, OWNER, &fresh.token).await.unwrap();
    direct.connect().await.unwrap_err();
    lakebase.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_plaintext_are_refused_in_the_servers_words() {
    let playground = Playground::new();
    let lakebase = playground.open().await;
    let address = lakebase.start(playground.id(), OWNER).await.unwrap();
    let token = lakebase.issue_token(playground.id(), OWNER, LONG).await.unwrap().token;

    let unknown = connect(&address, "nobody@example.com", &token).await.unwrap_err();
    assert_eq!(sqlstate(&unknown), "28P01", "{unknown}");
    assert!(unknown.to_string().contains("nobody@example.com"), "{unknown}");
    let admin = connect(&address, cluster::ADMIN, lakebase.admin_password.expose()).await.unwrap_err();
    assert_eq!(sqlstate(&admin), "28P01", "not even with its own password: {admin}");
    let plain = options(&address, OWNER, &token).ssl_mode(PgSslMode::Disable).connect().await.unwrap_err();
    assert_eq!(sqlstate(&plain), "28000");
    assert!(plain.to_string().contains("sslmode=require"), "{plain}");
    let database = options(&address, OWNER, &token).database("absent").connect().await.unwrap_err();
    assert_eq!(sqlstate(&database), "3D000", "{database}");

    assert!(matches!(
        lakebase.issue_token(playground.id(), "nobody@example.com", LONG).await,
        Err(LakebaseError::NoSuchRole { .. })
    ));
    for name in [cluster::ADMIN, roles::SUPERUSER_GROUP, "pg_monitor"] {
        assert!(matches!(
            lakebase.issue_token(playground.id(), name, LONG).await,
            Err(LakebaseError::RoleName { .. })
        ));
    }
    for ttl in [Duration::ZERO, Duration::from_secs(1_000_000)] {
        assert!(matches!(
            lakebase.issue_token(playground.id(), OWNER, ttl).await,
            Err(LakebaseError::TokenLifetime { .. })
        ));
    }
    assert!(matches!(lakebase.issue_token("y", OWNER, LONG).await, Err(LakebaseError::NotStarted { .. })));
    lakebase.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_role_names_are_only_names() {
    let playground = Playground::new();
    let lakebase = playground.open().await;
    let address = lakebase.start("../hostile; id", OWNER).await.unwrap();
    for role in
        [r#"x"; DROP DATABASE databricks_postgres; --"#, "o'neil@example.com", r"back\slash'", "ünï", " "]
    {
        let id = "../hostile; id";
        let grants = RoleGrants { connect_and_create: true, databricks_superuser: true };
        lakebase.ensure_role(id, role, grants).await.unwrap();
        let token = lakebase.issue_token(id, role, LONG).await.unwrap().token;
        let mut connection = connect(&address, role, &token).await.unwrap();
        let me: String =
            sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut connection).await.unwrap();
        assert_eq!(me, role);
        connection.close().await.unwrap();
        lakebase.drop_role(id, role).await.unwrap();
        assert!(!lakebase.role_exists(id, role).await.unwrap());
        assert_eq!(sqlstate(&connect(&address, role, &token).await.unwrap_err()), "28P01");
    }
    lakebase.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_owns_something_is_not_dropped() {
    let playground = Playground::new();
    let lakebase = playground.open().await;
    let address = lakebase.start(playground.id(), OWNER).await.unwrap();
    let grants = RoleGrants { connect_and_create: true, ..RoleGrants::default() };
    lakebase.ensure_role(playground.id(), "app", grants).await.unwrap();
    let token = lakebase.issue_token(playground.id(), "app", LONG).await.unwrap().token;
    let mut app = connect(&address, "app", &token).await.unwrap();
    run(&mut app, "CREATE SCHEMA mine").await.unwrap();
    assert!(matches!(
        lakebase.drop_role(playground.id(), "app").await,
        Err(LakebaseError::RoleOwnsObjects { .. })
    ));
    run(&mut app, "SELECT 1").await.unwrap();

    let token = lakebase.issue_token(playground.id(), OWNER, LONG).await.unwrap().token;
    let mut owner = connect(&address, OWNER, &token).await.unwrap();
    run(&mut app, "DROP SCHEMA mine").await.unwrap();
    run(&mut owner, r#"CREATE SCHEMA theirs; GRANT USAGE ON SCHEMA theirs TO app"#).await.unwrap();
    lakebase.drop_role(playground.id(), "app").await.unwrap();
    assert!(run(&mut app, "SELECT 1").await.is_err(), "its sessions are ended");
    assert!(matches!(
        lakebase.drop_role(playground.id(), "app").await,
        Err(LakebaseError::NoSuchRole { .. })
    ));
    lakebase.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_data_address_and_tokens() {
    let playground = Playground::new();
    let lakebase = playground.open().await;
    let address = lakebase.start(playground.id(), OWNER).await.unwrap();
    let token = lakebase.issue_token(playground.id(), OWNER, LONG).await.unwrap().token;
    let mut owner = connect(&address, OWNER, &token).await.unwrap();
    run(&mut owner, "CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 42 AS x").await.unwrap();
    assert!(matches!(
        Lakebase::open(playground.dir.path(), Arc::default()).await,
        Err(LakebaseError::InUse { .. })
    ));
    lakebase.shutdown().await;
    assert!(run(&mut owner, "SELECT 1").await.is_err());
    assert!(connect(&address, OWNER, &token).await.is_err());
    drop(lakebase);

    let lakebase = playground.open().await;
    let begun = Instant::now();
    assert_eq!(lakebase.start(playground.id(), OWNER).await.unwrap(), address);
    println!("start of an existing instance: {:?}", begun.elapsed());
    let mut owner = connect(&address, OWNER, &token).await.unwrap();
    let kept: i32 = sqlx::query_scalar("SELECT x FROM s.t").fetch_one(&mut owner).await.unwrap();
    assert_eq!(kept, 42);

    let begun = Instant::now();
    let other = lakebase.start(&format!("{}-other", playground.id()), OWNER).await.unwrap();
    println!("second instance, from the template: {:?}", begun.elapsed());
    assert_ne!(other.host, address.host);
    assert!(connect(&other, OWNER, &token).await.is_err(), "instances share nothing");
    lakebase.remove(playground.id()).await.unwrap();
    lakebase.remove("never there").await.unwrap();
    assert!(connect(&address, OWNER, &token).await.is_err());
    let address = lakebase.start(playground.id(), OWNER).await.unwrap();
    let token = lakebase.issue_token(playground.id(), OWNER, LONG).await.unwrap().token;
    let mut owner = connect(&address, OWNER, &token).await.unwrap();
    assert_eq!(
        sqlstate(&run(&mut owner, "SELECT * FROM s.t").await.unwrap_err()),
        "42P01",
        "the data is gone"
    );
    lakebase.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leftover_server_is_stopped_and_its_data_kept() {
    let playground = Playground::new();
    let lakebase = playground.open().await;
    let address = lakebase.start(playground.id(), OWNER).await.unwrap();
    let token = lakebase.issue_token(playground.id(), OWNER, LONG).await.unwrap().token;
    let mut owner = connect(&address, OWNER, &token).await.unwrap();
    run(&mut owner, "CREATE SCHEMA s").await.unwrap();

    // as if the workspace had been killed, and its guard with it: the server goes on by itself
    let slot = lakebase.slot(playground.id()).await.lock().await.take().unwrap();
    slot.abandon().await;
    drop(lakebase);

    let lakebase = playground.open().await;
    assert_eq!(lakebase.start(playground.id(), OWNER).await.unwrap(), address);
    let mut owner = connect(&address, OWNER, &token).await.unwrap();
    run(&mut owner, "DROP SCHEMA s").await.unwrap();
    lakebase.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_died_is_started_again() {
    let playground = Playground::new();
    let lakebase = playground.open().await;
    lakebase.start(playground.id(), OWNER).await.unwrap();
    let data = lakebase.home.dir.join(random::folder_name(playground.id()));
    let pid = std::fs::read_to_string(data.join("postmaster.pid")).unwrap();
    let pid = nix::unistd::Pid::from_raw(pid.lines().next().unwrap().parse().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
    let slot = lakebase.slot(playground.id()).await;
    while slot.lock().await.as_ref().unwrap().is_running() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let token = lakebase.issue_token(playground.id(), OWNER, LONG).await.unwrap().token;
    let address = lakebase.start(playground.id(), OWNER).await.unwrap();
    connect(&address, OWNER, &token).await.unwrap();
    lakebase.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_can_be_cancelled_over_the_front() {
    let playground = Playground::new();
    let lakebase = playground.open().await;
    let address = lakebase.start(playground.id(), OWNER).await.unwrap();
    let token = lakebase.issue_token(playground.id(), OWNER, LONG).await.unwrap().token;

    // a session by hand, because sqlx does not tell its cancellation key
    let (mut session, key) = raw_session(&address, OWNER, &token).await;
    let mut query = b"Q\0\0\0\0SELECT pg_sleep(600)\0".to_vec();
    let length = (query.len() - 1) as u32;
    query[1..5].copy_from_slice(&length.to_be_bytes());
    session.write_all(&query).await.unwrap();
    session.flush().await.unwrap();

    let mut watcher = connect(&address, OWNER, &token).await.unwrap();
    let sleeping =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'";
    while sqlx::query_scalar::<_, i64>(sleeping).fetch_one(&mut watcher).await.unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut cancel = TcpStream::connect((address.host.as_str(), address.port)).await.unwrap();
    let mut request = 16u32.to_be_bytes().to_vec();
    request.extend(80_877_102u32.to_be_bytes());
    request.extend(key);
    cancel.write_all(&request).await.unwrap();
    assert_eq!(cancel.read(&mut [0; 1]).await.unwrap(), 0, "closed without an answer");
    let mut answer = messages::Message::read(&mut session).await.unwrap();
    while answer.kind != b'E' {
        // the row's description may come before
        assert_eq!(answer.kind, b'T', "{answer:?}");
        answer = messages::Message::read(&mut session).await.unwrap();
    }
    assert!(String::from_utf8_lossy(&answer.body).contains("57014"), "{answer:?}");
    lakebase.shutdown().await;
}

/// Logs in by hand, with a GSSAPI request first as libpq does; gives the cancellation key.
async fn raw_session(
    address: &LakebaseAddress,
    role: &str,
    token: &str,
) -> (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin, Vec<u8>) {
    let mut socket = TcpStream::connect((address.host.as_str(), address.port)).await.unwrap();
    for (code, answer) in [(80_877_104u32, b'N'), (80_877_103, b'S')] {
        let request = [8u32.to_be_bytes(), code.to_be_bytes()].concat();
        socket.write_all(&request).await.unwrap();
        assert_eq!(socket.read_u8().await.unwrap(), answer);
    }
    let mut stream = insecure_tls(socket).await;
    let parameters = format!("user\0{role}\0database\0databricks_postgres\0\0");
    let mut startup = ((8 + parameters.len()) as u32).to_be_bytes().to_vec();
    startup.extend((3u32 << 16).to_be_bytes());
    startup.extend(parameters.as_bytes());
    stream.write_all(&startup).await.unwrap();
    stream.flush().await.unwrap();
    let mut key = Vec::new();
    loop {
        let message = messages::Message::read(&mut stream).await.unwrap();
        match message.kind {
            b'R' if message.authentication_code() == Some(3) => {
                messages::Message::from_password(token).write(&mut stream).await.unwrap();
            }
            b'K' => key = message.body,
            b'Z' => return (stream, key),
            b'E' => panic!("{}", String::from_utf8_lossy(&message.body)),
            _ => {}
        }
    }
}

/// TLS as `sslmode=require` does it: encrypted, whoever the server is.
async fn insecure_tls(socket: TcpStream) -> tokio_rustls::client::TlsStream<TcpStream> {
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{DigitallySignedStruct, Error, SignatureScheme};

    #[derive(Debug)]
    struct Anybody;
    impl ServerCertVerifier for Anybody {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }
        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }
        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
        }
    }

    let name = ServerName::IpAddress(socket.peer_addr().unwrap().ip().into());
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody))
            .with_no_client_auth();
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_of_another_password_say_so_at_once() {
    let playground = Playground::new();
    let lakebase = playground.open().await;
    lakebase.start(playground.id(), OWNER).await.unwrap();
    lakebase.shutdown().await;
    let (home, lakebase_dir) = (lakebase.home.clone(), playground.dir.path().join("lakebase"));
    drop(lakebase);
    std::fs::write(lakebase_dir.join(AdminPassword::FILE), "another").unwrap();
    let mut lakebase = Lakebase::open_with(
        playground.dir.path(),
        home.run_as.clone(),
        home.binaries.clone(),
        Arc::default(),
    )
    .unwrap();
    let elsewhere = std::mem::replace(&mut lakebase.home, home).dir;
    let error = lakebase.start(playground.id(), OWNER).await.unwrap_err();
    assert!(error.to_string().contains("password authentication failed"), "{error}");
    lakebase.shutdown().await;
    if elsewhere != lakebase.home.dir {
        std::fs::remove_dir_all(&lakebase.home.dir).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_made_ahead_share_nothing() {
    let playground = Playground::new();
    let lakebase = playground.open().await;
    let mut ids = Vec::new();
    // the second one has a third made
    for number in 0..4 {
        let id = format!("{}-{number}", playground.id());
        let address = lakebase.start(&id, OWNER).await.unwrap();
        let token = lakebase.issue_token(&id, OWNER, LONG).await.unwrap().token;
        let mut owner = connect(&address, OWNER, &token).await.unwrap();
        run(&mut owner, "CREATE SCHEMA s").await.unwrap();
        ids.push(id);
    }
    let spare = lakebase.home.dir.join(format!("spare-{}", lakebase.home.binaries.major));
    lakebase.tasks.close();
    lakebase.tasks.wait().await;
    assert!(spare.join("PG_VERSION").is_file());
    for id in &ids {
        let data = lakebase.home.dir.join(random::folder_name(id));
        let pid = server::server_of(&data).unwrap();
        lakebase.remove(id).await.unwrap();
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "its process is gone at once");
    }
    lakebase.shutdown().await;
}
