//! The user PostgreSQL runs as: it refuses root, so as root it runs as `postgres` or `nobody`.

use std::fs::{Metadata, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use nix::unistd::{User, geteuid};
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

    /// Lets `command` run as this user, with nothing of the workspace's environment, which may hold credentials.
    pub(crate) fn apply(&self, command: &mut Command) {
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LANG", "C");
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

    /// Whether a folder with this metadata may be ours: this user's, or made by root.
    pub(crate) fn may_be_ours(&self, meta: &Metadata) -> bool {
        let user = self.other.as_ref().map_or_else(|| geteuid().as_raw(), |user| user.uid);
        meta.is_dir() && (meta.uid() == user || meta.uid() == geteuid().as_raw())
    }

    /// The user's name, for messages.
    pub(crate) fn name(&self) -> &str {
        self.other.as_ref().map_or("that runs the workspace", |user| &user.name)
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
}
