//! What must survive a restart of the workspace, per instance and for all of them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::LakebaseError;
use super::random::random_secret;
use super::tokens::TokenRecord;
use crate::private_file;

/// The saved facts of one instance.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct InstanceFile {
    /// the id it was started with
    pub(crate) id: String,
    /// its loopback address
    pub(crate) address: Ipv4Addr,
    /// hashes of issued tokens, by role
    #[serde(default)]
    pub(crate) tokens: BTreeMap<String, Vec<TokenRecord>>,
}

impl InstanceFile {
    /// The saved instance, or `None` if there is none.
    pub(crate) fn read(path: &Path) -> Result<Option<InstanceFile>, LakebaseError> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LakebaseError::file("read", path)(error)),
        };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| LakebaseError::State { path: path.to_path_buf(), reason: error.to_string() })
    }

    /// Saves it, readable for the owner only.
    pub(crate) fn write(&self, path: &Path) -> Result<(), LakebaseError> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| LakebaseError::State { path: path.to_path_buf(), reason: error.to_string() })?;
        private_file::write(path, &text).map_err(LakebaseError::file("write", path))
    }
}

/// The superuser's password of all clusters of one data folder; its `Debug` prints nothing.
#[derive(Clone)]
pub(crate) struct AdminPassword(String);

impl AdminPassword {
    /// Its file's name in the `lakebase` folder.
    pub(crate) const FILE: &'static str = "admin-password";

    /// The saved password, if there is one.
    pub(crate) fn load(path: &Path) -> Result<Option<AdminPassword>, LakebaseError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some(AdminPassword(text.trim().to_owned()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LakebaseError::file("read", path)(error)),
        }
    }

    /// The saved password, or a new one, saved readable for the owner only.
    pub(crate) fn load_or_create(path: &Path) -> Result<AdminPassword, LakebaseError> {
        if let Some(saved) = AdminPassword::load(path)? {
            return Ok(saved);
        }
        let password = random_secret();
        private_file::write(path, password.as_bytes()).map_err(LakebaseError::file("write", path))?;
        Ok(AdminPassword(password))
    }

    /// The password itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for AdminPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_password_is_kept_private_and_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("admin-password");
        let first = AdminPassword::load_or_create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(AdminPassword::load_or_create(&path).unwrap().expose(), first.expose());
        assert_eq!(format!("{first:?}"), "[redacted]");
    }

    #[test]
    fn a_broken_file_names_itself() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("instance.json");
        assert!(InstanceFile::read(&path).unwrap().is_none());
        std::fs::write(&path, "{").unwrap();
        let error = InstanceFile::read(&path).unwrap_err().to_string();
        assert!(error.contains("instance.json") && error.contains("remove it"), "{error}");
    }
}
