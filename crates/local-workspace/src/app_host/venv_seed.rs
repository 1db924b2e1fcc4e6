//! Python environments by copying: `python3 -m venv` takes seconds of unpacking pip, a copy takes a fraction.
//!
//! A seed is made once for each Python of the machine, in the user's cache, by `python3 -m venv` itself. The few files
//! that hold the environment's path are rewritten in the copy.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use uuid::Uuid;

use super::log_ring::LogRing;
use super::venv::{BuildError, run_step};

const IDENTIFY_DEADLINE: Duration = Duration::from_secs(30);
const VENV_DEADLINE: Duration = Duration::from_secs(120);
const PYTHON: &str = "python3";
/// Whatever is longer is a program.
const LONGEST_SCRIPT: u64 = 1024 * 1024;
/// Names the path that the seed was made at.
const MADE_AT: &str = ".made-at";

/// Makes the environment `venv`; what goes wrong is in `log`, too.
pub(crate) async fn make(
    venv: &Path,
    fallback_cache: &Path,
    known_python: &OnceCell<String>,
    log: &LogRing,
) -> Result<(), BuildError> {
    let seeds = cache_dir().unwrap_or_else(|| fallback_cache.to_path_buf()).join("venv-seeds");
    make_with(Path::new(PYTHON), known_python, &seeds, venv, log).await
}

/// `known_python` is what [`identify`] has said before.
async fn make_with(
    python: &Path,
    known_python: &OnceCell<String>,
    seeds: &Path,
    venv: &Path,
    log: &LogRing,
) -> Result<(), BuildError> {
    let seed = seeds.join(known_python.get_or_try_init(|| identify(python)).await?);
    if !seed.join(MADE_AT).is_file() {
        grow(python, seeds, &seed, log).await?;
    }
    let (from, to) = (seed, venv.to_path_buf());
    let copied = tokio::task::spawn_blocking(move || copy_seed(&from, &to)).await.map_err(io::Error::other);
    copied.flatten().map_err(|source| BuildError::File { path: venv.to_path_buf(), source })
}

/// A name for the Python that this is: another version or place needs another seed.
async fn identify(python: &Path) -> Result<String, BuildError> {
    let mut command = Command::new(python);
    command
        .args(["-c", "import sys; print(sys.base_prefix, sys.version)"])
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    let output = timeout(IDENTIFY_DEADLINE, command.output())
        .await
        .map_err(|_| BuildError::NoPython { reason: "`python3 -c …` does not end".to_owned() })?
        .map_err(|error| BuildError::NoPython { reason: error.to_string() })?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(BuildError::NoPython { reason });
    }
    Ok(Sha256::digest(&output.stdout).iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

async fn grow(python: &Path, seeds: &Path, seed: &Path, log: &LogRing) -> Result<(), BuildError> {
    let failed = |source| BuildError::File { path: seeds.to_path_buf(), source };
    std::fs::create_dir_all(seeds).map_err(failed)?;
    // made aside, so that nobody copies half a seed
    let partial = seeds.join(format!("partial-{}", Uuid::new_v4().simple()));
    let mut command = Command::new(python);
    command.args(["-m", "venv"]).arg(&partial).current_dir(seeds);
    let (status, tail) = run_step(command, VENV_DEADLINE, log).await.map_err(failed)?;
    let made = if status.is_some_and(|status| status.success()) {
        std::fs::write(partial.join(MADE_AT), partial.as_os_str().as_encoded_bytes())
            .and_then(|()| std::fs::rename(&partial, seed))
            .or_else(|error| if seed.join(MADE_AT).is_file() { Ok(()) } else { Err(error) })
            .map_err(failed)
    } else {
        Err(BuildError::NoVenv { tail })
    };
    match std::fs::remove_dir_all(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(dir = %partial.display(), %error, "cannot remove a partial Python environment");
        }
        _ => {}
    }
    made
}

fn copy_seed(seed: &Path, venv: &Path) -> io::Result<()> {
    let made_at = std::fs::read_to_string(seed.join(MADE_AT))?;
    copy_environment(seed, Path::new(&made_at), venv)?;
    std::fs::remove_file(venv.join(MADE_AT))
}

/// Makes the environment `to` like `from`, whose scripts name the path `made_at`.
pub(super) fn copy_environment(from: &Path, made_at: &Path, to: &Path) -> io::Result<()> {
    let text = |path: &Path| {
        path.to_str().map(str::to_owned).ok_or_else(|| io::Error::other("the path is not UTF-8"))
    };
    let (made_at, target) = (text(made_at)?, text(to)?);
    let rewritten = |source: &Path, copy: &Path| copy_rewritten(source, copy, &made_at, &target);
    copy_tree(from, to, &rewritten)
}

/// The folders anew, links as links, files by `place`.
fn copy_tree(from: &Path, to: &Path, place: &dyn Fn(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (kind, source, target) = (entry.file_type()?, entry.path(), to.join(entry.file_name()));
        if kind.is_dir() {
            // libraries are never written in place: pip and Python replace files by new ones
            let place = if entry.file_name() == "lib" { &link_or_copy } else { place };
            copy_tree(&source, &target, place)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(&source)?, &target)?;
        } else {
            place(&source, &target)?;
        }
    }
    Ok(())
}

/// A hard link costs next to nothing, but the cache may be on another file system.
fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::hard_link(from, to).or_else(|_| std::fs::copy(from, to).map(|_| ()))
}

/// Replaces the path in scripts and settings; a program is linked as it is.
fn copy_rewritten(from: &Path, to: &Path, made_at: &str, target: &str) -> io::Result<()> {
    if std::fs::metadata(from)?.len() > LONGEST_SCRIPT {
        return link_or_copy(from, to);
    }
    match String::from_utf8(std::fs::read(from)?) {
        Ok(text) => {
            // with the permissions
            std::fs::copy(from, to)?;
            if text.contains(made_at) { std::fs::write(to, text.replace(made_at, target)) } else { Ok(()) }
        }
        Err(_) => link_or_copy(from, to),
    }
}

/// The user's cache, shared by all data folders.
fn cache_dir() -> Option<PathBuf> {
    let xdg = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    xdg.or_else(home).map(|dir| dir.join("tellr-workspace"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_copy_is_an_environment_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let venv = dir.path().join("venv");
        let begun = std::time::Instant::now();
        make(&venv, dir.path(), &OnceCell::new(), &LogRing::default()).await.unwrap();
        println!("environment: {:?}", begun.elapsed());
        let ask = "import sys, pip; print(sys.prefix, pip.__file__)";
        let output = Command::new(venv.join("bin/python")).args(["-c", ask]).output().await.unwrap();
        let words = String::from_utf8(output.stdout).unwrap();
        let home = venv.display().to_string();
        assert!(words.split_whitespace().all(|path| path.starts_with(&home)), "{words}");
        // the script, by its first line
        let output = Command::new(venv.join("bin/pip")).arg("--version").output().await.unwrap();
        assert!(String::from_utf8(output.stdout).unwrap().contains(&home));
        assert!(!venv.join(MADE_AT).exists());
    }

    #[tokio::test]
    async fn what_is_missing_is_said_with_the_package_to_install() {
        let dir = tempfile::tempdir().unwrap();
        let make = async |python: &Path| {
            let (seeds, venv) = (dir.path().join("seeds"), dir.path().join("venv"));
            make_with(python, &OnceCell::new(), &seeds, &venv, &LogRing::default())
                .await
                .unwrap_err()
                .to_string()
        };
        let absent = make(&dir.path().join("no-python")).await;
        assert!(absent.contains("apt-get install python3 python3-venv"), "{absent}");

        // as on Debian without the package
        let python = dir.path().join("python3");
        let script = "#!/bin/sh\nif [ \"$1\" = -m ]; then echo 'ensurepip is not available'; exit 1; fi\n";
        // by another process: a file that this one has just had open for writing may be too busy to run
        let write = "printf %s \"$2\" > \"$1\" && chmod +x \"$1\"";
        let mut writer = Command::new("/bin/sh");
        assert!(writer.args(["-c", write, "sh"]).arg(&python).arg(script).status().await.unwrap().success());
        let without_venv = make(&python).await;
        assert!(without_venv.contains("`apt-get install python3-venv`"), "{without_venv}");
        assert!(without_venv.contains("ensurepip is not available"), "{without_venv}");
        assert_eq!(
            std::fs::read_dir(dir.path().join("seeds")).unwrap().count(),
            0,
            "nothing half made is left"
        );
    }
}
