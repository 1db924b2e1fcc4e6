//! Removes folders in the background: what was built for an app is thousands of files.

use std::io;
use std::path::{Path, PathBuf};

use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// A folder for what is to be removed, on the same file system.
#[derive(Debug)]
pub(crate) struct Trash {
    dir: PathBuf,
    tasks: TaskTracker,
}

impl Trash {
    /// An empty one; removes what a former run has left in it.
    pub(crate) fn open(dir: PathBuf) -> Trash {
        let trash = Trash { dir, tasks: TaskTracker::new() };
        for entry in std::fs::read_dir(&trash.dir).into_iter().flatten().flatten() {
            trash.remove(entry.path());
        }
        trash
    }

    /// Takes the folder `path` away at once, if it is there, and removes it soon.
    pub(crate) fn throw(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(&self.dir)?;
        let target = self.dir.join(Uuid::new_v4().simple().to_string());
        match std::fs::rename(path, &target) {
            Ok(()) => {
                self.remove(target);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Waits until all is removed.
    pub(crate) async fn emptied(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn remove(&self, path: PathBuf) {
        self.tasks.spawn_blocking(move || {
            if let Err(error) = std::fs::remove_dir_all(&path) {
                tracing::warn!(path = %path.display(), %error, "cannot remove what an app has left");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_thrown_away_is_gone_at_once_and_later_altogether() {
        let dir = tempfile::tempdir().unwrap();
        let (bin, folder) = (dir.path().join("trash"), dir.path().join("folder"));
        std::fs::create_dir_all(folder.join("deep/er")).unwrap();
        // as a killed workspace leaves it
        std::fs::create_dir_all(bin.join("left")).unwrap();
        let trash = Trash::open(bin.clone());
        trash.throw(&folder).unwrap();
        trash.throw(&folder).unwrap();
        assert!(!folder.exists());
        trash.emptied().await;
        assert_eq!(std::fs::read_dir(&bin).unwrap().count(), 0);
    }
}
