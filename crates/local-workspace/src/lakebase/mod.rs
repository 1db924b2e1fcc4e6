//! The local Lakebase: for each instance (or project) a real PostgreSQL server of its own, behind a TLS
//! front whose passwords are tokens that expire.
//!
//! It knows PostgreSQL, not the REST API: who may ask for a token is decided by its caller.

mod address;
mod binaries;
mod cluster;
mod clusters_dir;
mod error;
mod front;
mod instance;
mod instance_file;
mod messages;
mod random;
mod roles;
mod run_as;
mod server;
mod session;
mod sql_commits;
mod startup;
#[cfg(test)]
mod tests;
mod tls;
mod tokens;
mod watched_relay;
mod wheel;

use std::collections::HashMap;
use std::fs::{File, Permissions, TryLockError};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio_util::task::TaskTracker;

pub(crate) use error::LakebaseError;

use crate::faults::Faults;

use binaries::Binaries;
use cluster::ClusterHome;
use instance::Instance;
use instance_file::AdminPassword;
use run_as::RunAs;

/// Where clients of an instance connect, with TLS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LakebaseAddress {
    /// a loopback address of the instance's own
    pub(crate) host: String,
    /// 5432
    pub(crate) port: u16,
}

/// What a role is given.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoleGrants {
    /// membership in `databricks_superuser`
    pub(crate) databricks_superuser: bool,
    /// CONNECT and CREATE on the database `databricks_postgres`
    pub(crate) connect_and_create: bool,
}

/// A password for one role, for a while; its `Debug` does not print it.
pub(crate) struct IssuedToken {
    /// the password
    pub(crate) token: String,
    /// from then on no new session opens with it
    pub(crate) expires: Timestamp,
}

impl std::fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedToken").field("expires", &self.expires).finish_non_exhaustive()
    }
}

type Slot = Arc<Mutex<Option<Instance>>>;

/// Supervises the PostgreSQL servers of one data folder.
pub(crate) struct Lakebase {
    /// what is saved about instances, one folder each
    instances_dir: PathBuf,
    home: ClusterHome,
    admin_password: AdminPassword,
    /// one at a time makes a cluster: they share a template
    preparing: Arc<Mutex<()>>,
    /// clusters made in this run
    made: AtomicUsize,
    /// what happens in the background
    tasks: TaskTracker,
    slots: Mutex<HashMap<String, Slot>>,
    faults: Arc<Faults>,
    /// held as long as this lives
    _lock: File,
}

impl Lakebase {
    /// Finds PostgreSQL (may download it) and takes the data folder; starts no server yet.
    ///
    /// The commits of deployers meet `faults`.
    pub(crate) async fn open(data_dir: &Path, faults: Arc<Faults>) -> Result<Lakebase, LakebaseError> {
        let run_as = RunAs::resolve()?;
        let binaries = Binaries::find(&run_as).await?;
        clusters_dir::sweep(&run_as).await;
        Lakebase::open_with(data_dir, run_as, binaries, faults)
    }

    fn open_with(
        data_dir: &Path,
        run_as: RunAs,
        binaries: Binaries,
        faults: Arc<Faults>,
    ) -> Result<Lakebase, LakebaseError> {
        let dir = data_dir.join("lakebase");
        let instances_dir = dir.join("instances");
        std::fs::create_dir_all(&instances_dir).map_err(LakebaseError::file("make", &instances_dir))?;
        let dir = dir.canonicalize().map_err(LakebaseError::file("find", &dir))?;
        // passable for the user that runs PostgreSQL, whose folder is in it; readable for nobody
        for (path, mode) in [(&dir, 0o711), (&instances_dir, 0o700)] {
            std::fs::set_permissions(path, Permissions::from_mode(mode))
                .map_err(LakebaseError::file("set the permissions of", path))?;
        }
        let lock = take_lock(&dir)?;
        let admin_password = AdminPassword::load_or_create(&dir.join(AdminPassword::FILE))?;
        let home =
            ClusterHome { dir: clusters_dir::place(&dir, &run_as, &admin_password)?, binaries, run_as };
        Ok(Lakebase {
            instances_dir,
            home,
            admin_password,
            preparing: Arc::default(),
            made: AtomicUsize::new(0),
            tasks: TaskTracker::new(),
            slots: Mutex::default(),
            faults,
            _lock: lock,
        })
    }

    /// Starts instance `id`, making it if it is new, with `owner` as a superuser of the platform's
    /// kind. Does nothing but ensure the owner's role when it runs already.
    pub(crate) async fn start(&self, id: &str, owner: &str) -> Result<LakebaseAddress, LakebaseError> {
        roles::check_name(owner)?;
        let slot = self.slot(id).await;
        let mut slot = slot.lock().await;
        if slot.is_none() {
            *slot = Some(self.start_instance(id).await?);
        }
        let instance = self.running(id, &mut slot).await?;
        let grants = RoleGrants { databricks_superuser: true, connect_and_create: true };
        instance.ensure_role(owner, grants).await?;
        Ok(instance.address())
    }

    async fn start_instance(&self, id: &str) -> Result<Instance, LakebaseError> {
        let name = random::folder_name(id);
        let dir = self.instances_dir.join(&name);
        std::fs::create_dir_all(&dir).map_err(LakebaseError::file("make", &dir))?;
        let data = {
            let _alone = self.preparing.lock().await;
            self.home.ensure(&name, &self.admin_password).await?
        };
        let started = Instance::start(id, &dir, &self.home, &data, &self.admin_password, &self.faults).await;
        // whoever makes two will make more
        if self.made.fetch_add(1, Ordering::Relaxed) > 0 {
            self.prepare_spare();
        }
        started
    }

    /// Makes the next cluster in the background.
    fn prepare_spare(&self) {
        let (preparing, home, admin) =
            (Arc::clone(&self.preparing), self.home.clone(), self.admin_password.clone());
        self.tasks.spawn(async move {
            let _alone = preparing.lock().await;
            if let Err(error) = home.prepare_spare(&admin).await {
                tracing::warn!(%error, "the next cluster is made when it is needed");
            }
        });
    }

    /// Makes `role` unless it is there, and adds `grants`; takes nothing away.
    pub(crate) async fn ensure_role(
        &self,
        id: &str,
        role: &str,
        grants: RoleGrants,
    ) -> Result<(), LakebaseError> {
        let slot = self.slot(id).await;
        self.running(id, &mut *slot.lock().await).await?.ensure_role(role, grants).await
    }

    /// Drops `role` with its privileges, and ends its sessions; refuses if it owns anything.
    pub(crate) async fn drop_role(&self, id: &str, role: &str) -> Result<(), LakebaseError> {
        let slot = self.slot(id).await;
        self.running(id, &mut *slot.lock().await).await?.drop_role(role).await
    }

    /// Whether `role` exists in the instance.
    pub(crate) async fn role_exists(&self, id: &str, role: &str) -> Result<bool, LakebaseError> {
        let slot = self.slot(id).await;
        self.running(id, &mut *slot.lock().await).await?.role_exists(role).await
    }

    /// A password for `role` that opens sessions for `ttl` (1 s to 1 day). Sessions outlive it.
    pub(crate) async fn issue_token(
        &self,
        id: &str,
        role: &str,
        ttl: Duration,
    ) -> Result<IssuedToken, LakebaseError> {
        let slot = self.slot(id).await;
        self.running(id, &mut *slot.lock().await).await?.issue_token(role, ttl).await
    }

    /// Ends all tokens of all running instances.
    pub(crate) async fn expire_tokens(&self) -> Result<(), LakebaseError> {
        let slots: Vec<Slot> = self.slots.lock().await.values().cloned().collect();
        for slot in slots {
            if let Some(instance) = &*slot.lock().await {
                instance.expire_tokens()?;
            }
        }
        Ok(())
    }

    /// Stops instance `id` and deletes its data; fine if there is none.
    pub(crate) async fn remove(&self, id: &str) -> Result<(), LakebaseError> {
        let slot = self.slot(id).await;
        let mut slot = slot.lock().await;
        let name = random::folder_name(id);
        match slot.take() {
            Some(instance) => instance.discard().await,
            None => server::stop_leftover(&self.home.dir.join(&name)).await?,
        }
        self.home.remove(&name).await?;
        let dir = self.instances_dir.join(&name);
        match std::fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(LakebaseError::file("remove", &dir)(error));
            }
            _ => {}
        }
        self.slots.lock().await.remove(id);
        Ok(())
    }

    /// Stops all servers; their data stays.
    pub(crate) async fn shutdown(&self) {
        let slots: Vec<Slot> = self.slots.lock().await.drain().map(|(_, slot)| slot).collect();
        let stops = slots.iter().map(|slot| async move {
            if let Some(instance) = slot.lock().await.take() {
                instance.stop().await;
            }
        });
        futures::future::join_all(stops).await;
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The instance in a slot; its server is started again if it has ended by itself.
    async fn running<'a>(
        &self,
        id: &str,
        slot: &'a mut Option<Instance>,
    ) -> Result<&'a Instance, LakebaseError> {
        if let Some(ended) = slot.take_if(|instance| !instance.is_running()) {
            tracing::warn!(id, "PostgreSQL had ended by itself; starting it again");
            ended.stop().await;
            *slot = Some(self.start_instance(id).await?);
        }
        slot.as_ref().ok_or_else(|| LakebaseError::NotStarted { id: id.to_owned() })
    }

    async fn slot(&self, id: &str) -> Slot {
        self.slots.lock().await.entry(id.to_owned()).or_default().clone()
    }
}

/// Two workspaces must not run servers on the same clusters.
fn take_lock(dir: &Path) -> Result<File, LakebaseError> {
    let path = dir.join("lock");
    let file = File::create(&path).map_err(LakebaseError::file("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LakebaseError::InUse { path: dir.to_path_buf() }),
        Err(TryLockError::Error(error)) => Err(LakebaseError::file("lock", &path)(error)),
    }
}
