//! One running Lakebase instance: its server, its front, its roles and tokens.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};

use super::address::{self, CLIENT_PORT, SERVER_PORT};
use super::cluster::{ADMIN, ClusterHome};
use super::error::LakebaseError;
use super::front::Front;
use super::instance_file::{AdminPassword, InstanceFile};
use super::random::random_secret;
use super::roles;
use super::server::{Server, stop_leftover};
use super::session::{BackendPasswords, Gate};
use super::tls;
use super::tokens::TokenStore;
use super::{IssuedToken, LakebaseAddress, RoleGrants};
use crate::faults::Faults;

const LONGEST_TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 3600);
const ACQUIRE_DEADLINE: Duration = Duration::from_secs(10);

/// A running instance.
pub(crate) struct Instance {
    id: String,
    address: Ipv4Addr,
    file: PathBuf,
    server: Server,
    front: Front,
    admin: PgPool,
    passwords: BackendPasswords,
    tokens: Arc<TokenStore>,
}

impl Instance {
    /// Starts the server with the cluster `data`, makes what every instance has, opens the front.
    /// `dir` holds what is saved about the instance.
    pub(crate) async fn start(
        id: &str,
        dir: &Path,
        home: &ClusterHome,
        data: &Path,
        admin_password: &AdminPassword,
        faults: &Arc<Faults>,
    ) -> Result<Instance, LakebaseError> {
        stop_leftover(data).await?;
        let file = dir.join("instance.json");
        let saved = InstanceFile::read(&file)?;
        let before = saved.as_ref().map(|saved| saved.address);
        let (listener, address) = address::claim(id, before).await?;
        if before.is_some_and(|before| before != address) {
            tracing::warn!(id, %address, "the instance's earlier address is taken; it has a new one");
        }
        let tls = tls::acceptor(dir, address)?;
        let server = Server::spawn(id, home, data, address)?;
        let options = admin_options(address, admin_password);
        let admin = match prepare(id, &server, &options).await {
            Ok(admin) => admin,
            Err(error) => {
                server.stop().await;
                return Err(error);
            }
        };
        let tokens = Arc::new(TokenStore::import(saved.map(|saved| saved.tokens).unwrap_or_default()));
        let passwords = BackendPasswords::new(admin_password.expose());
        let gate = Gate {
            id: id.to_owned(),
            faults: Arc::clone(faults),
            tls,
            server: SocketAddr::from((address, SERVER_PORT)),
            tokens: tokens.clone(),
            passwords: passwords.clone(),
        };
        let front = Front::start(listener, gate);
        let instance = Instance { id: id.to_owned(), address, file, server, front, admin, passwords, tokens };
        instance.save()?;
        tracing::info!(id, %address, "Lakebase instance started");
        Ok(instance)
    }

    /// Whether the server still runs.
    pub(crate) fn is_running(&self) -> bool {
        self.server.ended().is_none()
    }

    /// Where clients connect.
    pub(crate) fn address(&self) -> LakebaseAddress {
        LakebaseAddress { host: self.address.to_string(), port: CLIENT_PORT }
    }

    /// See [`super::Lakebase::ensure_role`].
    pub(crate) async fn ensure_role(&self, role: &str, grants: RoleGrants) -> Result<(), LakebaseError> {
        roles::check_name(role)?;
        roles::ensure(&self.admin, role, grants).await.map_err(self.sql("make a role"))
    }

    /// See [`super::Lakebase::role_exists`].
    pub(crate) async fn role_exists(&self, role: &str) -> Result<bool, LakebaseError> {
        roles::role_exists(&self.admin, role).await.map_err(self.sql("look for a role"))
    }

    /// See [`super::Lakebase::drop_role`].
    pub(crate) async fn drop_role(&self, role: &str) -> Result<(), LakebaseError> {
        roles::check_name(role)?;
        self.require_role(role).await?;
        let failed = || self.sql("drop a role");
        if roles::owns_objects(&self.admin, role).await.map_err(failed())? {
            return Err(LakebaseError::RoleOwnsObjects { role: role.to_owned() });
        }
        for database in roles::databases_with_privileges(&self.admin, role).await.map_err(failed())? {
            let options = self.admin.connect_options().as_ref().clone().database(&database);
            let mut there = options.connect().await.map_err(failed())?;
            roles::drop_privileges(&mut there, role).await.map_err(failed())?;
            there.close().await.map_err(failed())?;
        }
        roles::drop_role(&self.admin, role).await.map_err(failed())?;
        self.tokens.forget(role);
        self.save()
    }

    /// See [`super::Lakebase::issue_token`].
    pub(crate) async fn issue_token(&self, role: &str, ttl: Duration) -> Result<IssuedToken, LakebaseError> {
        if ttl < Duration::from_secs(1) || ttl > LONGEST_TOKEN_LIFETIME {
            return Err(LakebaseError::TokenLifetime { asked: ttl });
        }
        roles::check_name(role)?;
        self.require_role(role).await?;
        let lifetime =
            SignedDuration::try_from(ttl).map_err(|_| LakebaseError::TokenLifetime { asked: ttl })?;
        let now = Timestamp::now();
        let expires = now + lifetime;
        let token = format!("lakebase-{}", random_secret());
        let latest = self.tokens.add(role, &token, expires, now);
        roles::set_password(&self.admin, role, &self.passwords.of(role), latest)
            .await
            .map_err(self.sql("set a password"))?;
        self.save()?;
        Ok(IssuedToken { token, expires })
    }

    /// Ends all tokens; sessions outlive them.
    pub(crate) fn expire_tokens(&self) -> Result<(), LakebaseError> {
        self.tokens.expire_all();
        self.save()
    }

    /// Closes all sessions and ends the server.
    pub(crate) async fn stop(self) {
        self.front.stop().await;
        // the server's stop ends these sessions anyway; the pool must not wait for one in use
        let _ = tokio::time::timeout(Duration::from_secs(2), self.admin.close()).await;
        self.server.stop().await;
        tracing::info!(id = self.id, "Lakebase instance stopped");
    }

    /// Ends it at once, because its data goes, too.
    pub(crate) async fn discard(self) {
        self.front.stop().await;
        self.server.kill().await;
        let _ = tokio::time::timeout(Duration::from_secs(2), self.admin.close()).await;
        tracing::info!(id = self.id, "Lakebase instance deleted");
    }

    /// Leaves the server running without anybody to look after it, as a killed workspace does.
    #[cfg(test)]
    pub(crate) async fn abandon(self) {
        self.front.stop().await;
        self.server.abandon().await;
    }

    async fn require_role(&self, role: &str) -> Result<(), LakebaseError> {
        if self.role_exists(role).await? {
            return Ok(());
        }
        Err(LakebaseError::NoSuchRole { id: self.id.clone(), role: role.to_owned() })
    }

    fn save(&self) -> Result<(), LakebaseError> {
        InstanceFile { id: self.id.clone(), address: self.address, tokens: self.tokens.export() }
            .write(&self.file)
    }

    fn sql(&self, what: &'static str) -> impl FnOnce(sqlx::Error) -> LakebaseError + use<> {
        let id = self.id.clone();
        move |source| LakebaseError::Sql { id, what, source }
    }
}

/// Waits for the server, makes group role and database, and opens the pool of admin connections.
async fn prepare(id: &str, server: &Server, options: &PgConnectOptions) -> Result<PgPool, LakebaseError> {
    let first = options.clone().database("postgres");
    let mut connection = server.wait_ready(id, || first.connect()).await?;
    let sql = |source| LakebaseError::Sql { id: id.to_owned(), what: "prepare the instance", source };
    roles::prepare_instance(&mut connection).await.map_err(sql)?;
    connection.close().await.map_err(sql)?;
    let options = options.clone().database(roles::DATABASE);
    Ok(PgPoolOptions::new().max_connections(3).acquire_timeout(ACQUIRE_DEADLINE).connect_lazy_with(options))
}

fn admin_options(address: Ipv4Addr, password: &AdminPassword) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .host(&address.to_string())
        .port(SERVER_PORT)
        .username(ADMIN)
        .password(password.expose())
        .ssl_mode(PgSslMode::Disable)
        .application_name("local-workspace")
        // passwords are set by statements
        .disable_statement_logging()
}
