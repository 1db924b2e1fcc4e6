//! Makes the data folder of a PostgreSQL server: `initdb` and what every instance has once, then copies.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::binaries::Binaries;
use super::error::LakebaseError;
use super::instance_file::AdminPassword;
use super::roles;
use super::run_as::RunAs;
use crate::private_file;

/// The bootstrap superuser; no client can log in as it, because no token is ever issued for it.
pub(crate) const ADMIN: &str = "local_workspace_admin";

/// Everybody has to give a password, and only from this machine.
const PG_HBA: &str = "# written by the local workspace\nhost all all 127.0.0.0/8 password\n";

/// Where the clusters of one data folder are, and how they are made.
#[derive(Clone, Debug)]
pub(crate) struct ClusterHome {
    /// the folder of all clusters, owned by the user that runs PostgreSQL
    pub(crate) dir: PathBuf,
    pub(crate) binaries: Binaries,
    pub(crate) run_as: RunAs,
}

impl ClusterHome {
    /// The data folder `name`, made if it is not there yet.
    pub(crate) async fn ensure(&self, name: &str, admin: &AdminPassword) -> Result<PathBuf, LakebaseError> {
        let data = self.dir.join(name);
        if data.join("PG_VERSION").is_file() {
            self.check_version(&data)?;
            return Ok(data);
        }
        let spare = self.spare();
        let made = if spare.join("PG_VERSION").is_file() { spare } else { self.copy_template(admin).await? };
        std::fs::rename(&made, &data).map_err(LakebaseError::file("move into place", &data))?;
        Ok(data)
    }

    /// Makes the next data folder before it is needed, if there is none to spare.
    pub(crate) async fn prepare_spare(&self, admin: &AdminPassword) -> Result<(), LakebaseError> {
        let spare = self.spare();
        if spare.join("PG_VERSION").is_file() {
            return Ok(());
        }
        let made = self.copy_template(admin).await?;
        std::fs::rename(&made, &spare).map_err(LakebaseError::file("move into place", &spare))
    }

    fn spare(&self) -> PathBuf {
        self.dir.join(format!("spare-{}", self.binaries.major))
    }

    /// A copy of the template that is in nobody's way yet.
    async fn copy_template(&self, admin: &AdminPassword) -> Result<PathBuf, LakebaseError> {
        let template = self.ensure_template(admin).await?;
        let partial = self.dir.join("cluster.partial");
        remove_dir(&partial)?;
        let (run_as, copy_to) = (self.run_as.clone(), partial.clone());
        tokio::task::spawn_blocking(move || copy_tree(&template, &copy_to, &run_as)).await??;
        Ok(partial)
    }

    /// Removes the data folder `name`.
    pub(crate) async fn remove(&self, name: &str) -> Result<(), LakebaseError> {
        let data = self.dir.join(name);
        tokio::task::spawn_blocking(move || remove_dir(&data)).await?
    }

    async fn ensure_template(&self, admin: &AdminPassword) -> Result<PathBuf, LakebaseError> {
        let template = self.dir.join(format!("template-{}", self.binaries.major));
        if template.join("PG_VERSION").is_file() {
            return Ok(template);
        }
        let partial = self.dir.join("template.partial");
        remove_dir(&partial)?;
        let password_file = self.dir.join("initdb-password");
        private_file::write(&password_file, admin.expose().as_bytes())
            .map_err(LakebaseError::file("write", &password_file))?;
        self.run_as.own(&password_file)?;
        let made = self.initdb(&partial, &password_file).await;
        std::fs::remove_file(&password_file).map_err(LakebaseError::file("remove", &password_file))?;
        made?;
        self.single_user(&partial, &roles::instance_statements()).await?;
        let hba = partial.join("pg_hba.conf");
        std::fs::write(&hba, PG_HBA).map_err(LakebaseError::file("write", &hba))?;
        std::fs::rename(&partial, &template).map_err(LakebaseError::file("move into place", &template))?;
        Ok(template)
    }

    async fn initdb(&self, data: &Path, password_file: &Path) -> Result<(), LakebaseError> {
        let mut command = Command::new(self.binaries.program("initdb"));
        command
            .arg("-D")
            .arg(data)
            .args(["-U", ADMIN, "-A", "password", "-E", "UTF8", "--locale=C", "--no-sync"])
            // an eighth of the usual size: each cluster is a copy, and a small database fills little
            .arg("--wal-segsize=2")
            .arg(format!("--pwfile={}", password_file.display()))
            .stdin(Stdio::null())
            .current_dir(&self.dir)
            .kill_on_drop(true);
        self.run_as.apply(&mut command);
        let output =
            command.output().await.map_err(LakebaseError::file("run", &self.binaries.program("initdb")))?;
        if output.status.success() {
            return Ok(());
        }
        Err(LakebaseError::Initdb {
            status: output.status.to_string(),
            output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }

    /// Runs statements in a cluster that no server has open.
    async fn single_user(&self, data: &Path, statements: &[String]) -> Result<(), LakebaseError> {
        let program = self.binaries.program("postgres");
        let mut command = Command::new(&program);
        command
            .args(["--single", "-c", "fsync=off", "-c", "exit_on_error=on", "-D"])
            .arg(data)
            .arg("postgres")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .current_dir(&self.dir)
            .kill_on_drop(true);
        self.run_as.apply(&mut command);
        let mut child = command.spawn().map_err(LakebaseError::file("run", &program))?;
        if let Some(mut stdin) = child.stdin.take() {
            // one line is one statement
            let script: String = statements.iter().map(|statement| format!("{statement}\n")).collect();
            stdin.write_all(script.as_bytes()).await.map_err(LakebaseError::file("talk to", &program))?;
        }
        let output = child.wait_with_output().await.map_err(LakebaseError::file("run", &program))?;
        if output.status.success() {
            return Ok(());
        }
        Err(LakebaseError::Initdb {
            status: output.status.to_string(),
            output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }

    fn check_version(&self, data: &Path) -> Result<(), LakebaseError> {
        let path = data.join("PG_VERSION");
        let made_by = std::fs::read_to_string(&path).map_err(LakebaseError::file("read", &path))?;
        let (made_by, found) = (made_by.trim().to_owned(), self.binaries.major.to_string());
        if made_by == found {
            return Ok(());
        }
        Err(LakebaseError::VersionMismatch {
            data: data.to_path_buf(),
            made_by,
            found,
            binaries: self.binaries.dir.clone(),
        })
    }
}

/// Removes a folder with all in it; none is fine too.
fn remove_dir(path: &Path) -> Result<(), LakebaseError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LakebaseError::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Copies a stopped cluster; everything in it belongs to the user that runs PostgreSQL.
fn copy_tree(from: &Path, to: &Path, run_as: &RunAs) -> Result<(), LakebaseError> {
    run_as.make_private_dir(to)?;
    for entry in std::fs::read_dir(from).map_err(LakebaseError::file("read", from))? {
        let entry = entry.map_err(LakebaseError::file("read", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().map_err(LakebaseError::file("look at", &source))?.is_dir() {
            copy_tree(&source, &target, run_as)?;
        } else {
            std::fs::copy(&source, &target).map_err(LakebaseError::file("copy", &source))?;
            run_as.own(&target)?;
        }
    }
    Ok(())
}
