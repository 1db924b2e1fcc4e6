//! The user PostgreSQL runs as: it refuses root, so as root it runs as `postgres` or `nobody`.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};
use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::error::LakebaseError;

/// Who runs `initdb` and `postgres`, and owns their folders.
#[derive(Clone, Debug)]
pub(crate) struct RunAs {
    /// `None` when the workspace itself is an ordinary user
    other: Option<OtherUser>,
}

#[derive(Clone, Debug)]
struct OtherUser {
    uid: u32,
    gid: u32,
    name: String,
}

impl RunAs {
    /// The present user, or an unprivileged one when the present user is root.
    pub(crate) fn resolve() -> Result<RunAs, LakebaseError> {
        if !geteuid().is_root() {
            return Ok(RunAs { other: None });
        }
        for name in ["postgres", "nobody"] {
            let found =
                User::from_name(name).map_err(|error| LakebaseError::UserLookup(error.to_string()))?;
            if let Some(user) = found
                && !user.uid.is_root()
            {
                return Ok(RunAs {
                    other: Some(OtherUser {
                        uid: user.uid.as_raw(),
                        gid: user.gid.as_raw(),
                        name: user.name,
                    }),
                });
            }
        }
        Err(LakebaseError::NoUnprivilegedUser)
    }

    /// Lets `command` run as this user.
    pub(crate) fn apply(&self, command: &mut Command) {
        if let Some(user) = &self.other {
            command.uid(user.uid).gid(user.gid);
        }
    }

    /// Gives `path` to this user.
    pub(crate) fn own(&self, path: &Path) -> Result<(), LakebaseError> {
        match &self.other {
            Some(user) => {
                chown(path, Some(user.uid), Some(user.gid)).map_err(LakebaseError::file("give away", path))
            }
            None => Ok(()),
        }
    }

    /// Makes a folder that only this user may enter.
    pub(crate) fn make_private_dir(&self, path: &Path) -> Result<(), LakebaseError> {
        std::fs::create_dir_all(path).map_err(LakebaseError::file("make", path))?;
        std::fs::set_permissions(path, Permissions::from_mode(0o700))
            .map_err(LakebaseError::file("set the permissions of", path))?;
        self.own(path)
    }

    /// Whether this user may pass through `path` and all folders above it.
    pub(crate) fn can_enter(&self, path: &Path) -> bool {
        let Some(user) = &self.other else { return true };
        path.ancestors().filter(|dir| !dir.as_os_str().is_empty()).all(|dir| {
            std::fs::metadata(dir).is_ok_and(|meta| {
                let bit = if meta.uid() == user.uid {
                    0o100
                } else if meta.gid() == user.gid {
                    0o010
                } else {
                    0o001
                };
                meta.mode() & bit != 0
            })
        })
    }

    /// Where clusters live: under `lakebase_dir` if this user can get there, else in `/var/tmp`.
    pub(crate) fn clusters_dir(&self, lakebase_dir: &Path) -> Result<PathBuf, LakebaseError> {
        if self.can_enter(lakebase_dir) {
            let dir = lakebase_dir.join("clusters");
            self.make_private_dir(&dir)?;
            return Ok(dir);
        }
        let digest = Sha256::digest(lakebase_dir.as_os_str().as_encoded_bytes());
        let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let dir = PathBuf::from(format!("/var/tmp/tellr-workspace-{hash}"));
        self.refuse_foreign(&dir)?;
        self.make_private_dir(&dir)?;
        tracing::info!(
            data = %lakebase_dir.display(), clusters = %dir.display(),
            "the user that runs PostgreSQL may not enter the data folder, so the databases are kept elsewhere"
        );
        Ok(dir)
    }

    /// `/var/tmp` is writable for everybody: a folder that waits there must be ours already.
    fn refuse_foreign(&self, dir: &Path) -> Result<(), LakebaseError> {
        let Some(user) = &self.other else { return Ok(()) };
        match std::fs::symlink_metadata(dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(LakebaseError::file("look at", dir)(error)),
            Ok(meta) if meta.is_dir() && (meta.uid() == user.uid || meta.uid() == 0) => Ok(()),
            Ok(_) => {
                Err(LakebaseError::ForeignDirectory { path: dir.to_path_buf(), user: user.name.clone() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_root() {
        let run_as = RunAs::resolve().unwrap();
        if geteuid().is_root() {
            assert_ne!(run_as.other.unwrap().uid, 0);
        } else {
            assert!(run_as.other.is_none());
        }
    }

    #[test]
    fn a_closed_parent_is_noticed() {
        let other =
            RunAs { other: Some(OtherUser { uid: 4_000_001, gid: 4_000_001, name: "stranger".into() }) };
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::set_permissions(&inner, Permissions::from_mode(0o755)).unwrap();
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        assert!(other.can_enter(&inner));
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
        assert!(!other.can_enter(&inner));
        assert!(RunAs { other: None }.can_enter(&inner));
    }

    #[test]
    fn a_foreign_folder_in_var_tmp_is_refused() {
        let other =
            RunAs { other: Some(OtherUser { uid: 4_000_001, gid: 4_000_001, name: "stranger".into() }) };
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("/tmp", &link).unwrap();
        assert!(matches!(other.refuse_foreign(&link), Err(LakebaseError::ForeignDirectory { .. })));
        assert!(other.refuse_foreign(&dir.path().join("absent")).is_ok());
    }
}
