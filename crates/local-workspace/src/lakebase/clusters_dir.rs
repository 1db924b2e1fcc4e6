//! Where the clusters of a data folder are kept: in it, or in `/var/tmp` if the user that runs PostgreSQL cannot get there.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::LakebaseError;
use super::instance_file::AdminPassword;
use super::random::{digest, hex};
use super::run_as::RunAs;
use super::server::stop_leftover;

const ELSEWHERE: &str = "/var/tmp";
const PREFIX: &str = "tellr-workspace-";
/// In a folder elsewhere: the path of the `lakebase` folder it belongs to.
const BELONGS_TO: &str = "belongs-to";

/// The folder of all clusters, made if need be. `lakebase_dir` is absolute.
pub(crate) fn place(
    lakebase_dir: &Path,
    run_as: &RunAs,
    admin: &AdminPassword,
) -> Result<PathBuf, LakebaseError> {
    if run_as.can_enter(lakebase_dir) {
        let dir = lakebase_dir.join("clusters");
        run_as.make_private_dir(&dir)?;
        return Ok(dir);
    }
    let dir = Path::new(ELSEWHERE).join(name_for(admin));
    refuse_foreign(&dir, run_as)?;
    run_as.make_private_dir(&dir)?;
    let mark = dir.join(BELONGS_TO);
    std::fs::write(&mark, lakebase_dir.as_os_str().as_encoded_bytes())
        .map_err(LakebaseError::file("write", &mark))?;
    tracing::info!(
        data = %lakebase_dir.display(), clusters = %dir.display(),
        "the user that runs PostgreSQL may not enter the data folder, so the databases are kept elsewhere"
    );
    Ok(dir)
}

/// The clusters know one password only, so another one needs another folder.
fn name_for(admin: &AdminPassword) -> String {
    format!("{PREFIX}{}", hex(&digest(&[b"clusters", admin.expose().as_bytes()])[..8]))
}

/// Everybody may write to `/var/tmp`: what waits there must be ours already.
fn refuse_foreign(dir: &Path, run_as: &RunAs) -> Result<(), LakebaseError> {
    match std::fs::symlink_metadata(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(LakebaseError::file("look at", dir)(error)),
        Ok(meta) if run_as.may_be_ours(&meta) => Ok(()),
        Ok(_) => {
            Err(LakebaseError::ForeignDirectory { path: dir.to_path_buf(), user: run_as.name().to_owned() })
        }
    }
}

/// Removes clusters elsewhere whose data folder is gone; what cannot be removed is only mentioned.
pub(crate) async fn sweep(run_as: &RunAs) {
    let Ok(entries) = std::fs::read_dir(ELSEWHERE) else { return };
    for dir in entries.flatten().map(|entry| entry.path()) {
        if !is_orphan(&dir, run_as) {
            continue;
        }
        tracing::info!(dir = %dir.display(), "removing the databases of a data folder that is gone");
        if let Err(error) = remove(&dir).await {
            tracing::warn!(dir = %dir.display(), %error, "cannot remove them");
        }
    }
}

/// Ours, marked, and the marked folder has another password by now, or is no more.
fn is_orphan(dir: &Path, run_as: &RunAs) -> bool {
    let Some(name) = dir.file_name().and_then(|name| name.to_str()).filter(|name| name.starts_with(PREFIX))
    else {
        return false;
    };
    if !std::fs::symlink_metadata(dir).is_ok_and(|meta| run_as.may_be_ours(&meta)) {
        return false;
    }
    let Ok(belongs_to) = std::fs::read_to_string(dir.join(BELONGS_TO)) else { return false };
    match AdminPassword::load(&Path::new(&belongs_to).join(AdminPassword::FILE)) {
        Ok(Some(admin)) => name_for(&admin) != name,
        Ok(None) => true,
        Err(_) => false,
    }
}

async fn remove(dir: &Path) -> Result<(), LakebaseError> {
    for entry in std::fs::read_dir(dir).map_err(LakebaseError::file("read", dir))?.flatten() {
        if entry.path().is_dir() {
            stop_leftover(&entry.path()).await?;
        }
    }
    std::fs::remove_dir_all(dir).map_err(LakebaseError::file("remove", dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_folder_is_refused() {
        let run_as = RunAs::resolve().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("/tmp", &link).unwrap();
        assert!(matches!(refuse_foreign(&link, &run_as), Err(LakebaseError::ForeignDirectory { .. })));
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(matches!(refuse_foreign(&file, &run_as), Err(LakebaseError::ForeignDirectory { .. })));
        assert!(refuse_foreign(&dir.path().join("absent"), &run_as).is_ok());
    }

    #[tokio::test]
    async fn only_folders_without_an_owner_are_swept() {
        let run_as = RunAs::resolve().unwrap();
        let data = tempfile::tempdir().unwrap();
        let admin = AdminPassword::load_or_create(&data.path().join(AdminPassword::FILE)).unwrap();
        let dir = Path::new(ELSEWHERE).join(name_for(&admin));
        let unmarked = Path::new(ELSEWHERE).join(format!("{PREFIX}test-{}", uuid::Uuid::new_v4()));
        for dir in [&dir, &unmarked] {
            std::fs::create_dir(dir).unwrap();
        }
        std::fs::create_dir(dir.join("cluster")).unwrap();
        std::fs::write(dir.join(BELONGS_TO), data.path().to_str().unwrap()).unwrap();
        sweep(&run_as).await;
        assert!(dir.exists(), "its owner is there");
        data.close().unwrap();
        sweep(&run_as).await;
        assert!(!dir.exists());
        assert!(unmarked.exists(), "whose it is cannot be told");
        std::fs::remove_dir(unmarked).unwrap();
    }
}
