//! The lock that this program shares with the official tool: `flock` on `token-cache.lock`. A process that dies lets go.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(20);

/// Held until it is dropped.
#[derive(Debug)]
pub(crate) struct CacheLock {
    _file: File,
}

impl CacheLock {
    /// Waits up to `patience` for whoever holds it.
    pub(super) async fn take(path: &Path, patience: Duration) -> Result<Self, String> {
        let file =
            open(path).map_err(|error| format!("its lock {} cannot be opened: {error}", path.display()))?;
        let until = tokio::time::Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if tokio::time::Instant::now() < until => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(format!(
                        "another program has held its lock {} for {} s",
                        path.display(),
                        patience.as_secs()
                    ));
                }
                Err(TryLockError::Error(error)) => {
                    return Err(format!("its lock {} cannot be taken: {error}", path.display()));
                }
            }
        }
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}
