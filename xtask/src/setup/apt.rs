//! Packages of Debian and Ubuntu.

use std::fs;
use std::io::IsTerminal;
use std::process::Command;

use anyhow::{Context, bail};

use crate::browser::{BROWSERS, DRIVERS, first};
use crate::{command, say};

/// Something that only the distribution can give.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Package {
    /// Browser tests
    Chromium,
    /// Its WebDriver
    ChromiumDriver,
    /// The C compiler for static binaries
    MuslTools,
    /// Python's `venv` with pip in it
    PythonVenv,
    /// pip for the machine's own Python
    PythonPip,
    /// The server behind the local Lakebase
    Postgresql,
    /// Fetches the rules that pages are checked by
    Npm,
    /// A load generator
    Wrk,
}

/// Which of the two families of names the machine uses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Distribution {
    Debian,
    Ubuntu,
}

/// Installs what is missing; touches neither apt nor the network if nothing is.
pub(crate) fn ensure(packages: &[Package]) -> anyhow::Result<()> {
    let missing: Vec<Package> = packages.iter().copied().filter(|package| !package.is_present()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let distribution = Distribution::of(&fs::read_to_string("/etc/os-release").unwrap_or_default());
    let names: Vec<&str> = missing.iter().map(|package| package.name(distribution)).collect();
    for package in &missing {
        say::line(&format!("installing {} with apt: {}", package.name(distribution), package.purpose()));
    }
    install(&names)?;
    match missing.iter().find(|package| !package.is_present()) {
        None => Ok(()),
        Some(package) => bail!(
            "{} is installed and still cannot be used ({}); see above what apt said",
            package.name(distribution),
            package.purpose()
        ),
    }
}

fn install(names: &[&str]) -> anyhow::Result<()> {
    command::find("apt-get").with_context(|| {
        format!("this machine has no apt: please install what Debian calls {}", names.join(", "))
    })?;
    let wanted = format!("apt-get install {}", names.join(" "));
    command::run(privileged(&["update", "-q"])?.env("LC_ALL", "C.UTF-8"))
        .with_context(|| format!("for `{wanted}`"))?;
    command::run(privileged(&["install", "-y", "-q", "--no-install-recommends"])?.args(names))
}

/// `apt-get` as root: directly, or through sudo.
fn privileged(arguments: &[&str]) -> anyhow::Result<Command> {
    let is_root = nix::unistd::geteuid().is_root();
    let mut command = match (is_root, command::find("sudo")) {
        (true, _) => Command::new("env"),
        (false, Some(sudo)) => {
            let mut command = Command::new(sudo);
            // without a terminal nobody could type the password: fail at once instead of waiting
            if !std::io::stdin().is_terminal() {
                command.arg("--non-interactive");
            }
            command.arg("env");
            command
        }
        (false, None) => bail!(
            "packages are missing, this is not root, and there is no sudo: run `apt-get {}` as root",
            arguments.join(" ")
        ),
    };
    command.arg("DEBIAN_FRONTEND=noninteractive").arg("apt-get").args(arguments);
    Ok(command)
}

impl Package {
    fn is_present(self) -> bool {
        match self {
            Self::Chromium => first(&BROWSERS).is_some(),
            Self::ChromiumDriver => first(&DRIVERS).is_some(),
            Self::MuslTools => command::find("musl-gcc").is_some(),
            Self::PythonVenv => {
                command::succeeds(Command::new("python3").args(["-c", "import venv, ensurepip"]))
            }
            Self::PythonPip => command::succeeds(Command::new("python3").args(["-m", "pip", "--version"])),
            Self::Postgresql => postgres_is_present(),
            Self::Npm => command::find("npm").is_some(),
            Self::Wrk => command::find("wrk").is_some(),
        }
    }

    fn name(self, distribution: Distribution) -> &'static str {
        match (self, distribution) {
            (Self::Chromium, Distribution::Debian) => "chromium",
            (Self::Chromium, Distribution::Ubuntu) => "chromium-browser",
            (Self::ChromiumDriver, Distribution::Debian) => "chromium-driver",
            (Self::ChromiumDriver, Distribution::Ubuntu) => "chromium-chromedriver",
            (Self::MuslTools, _) => "musl-tools",
            (Self::PythonVenv, _) => "python3-venv",
            (Self::PythonPip, _) => "python3-pip",
            (Self::Postgresql, _) => "postgresql",
            (Self::Npm, _) => "npm",
            (Self::Wrk, _) => "wrk",
        }
    }

    fn purpose(self) -> &'static str {
        match self {
            Self::Chromium => "tests run in a real browser",
            Self::ChromiumDriver => "drives the browser in tests",
            Self::MuslTools => "the wheels carry static binaries",
            Self::PythonVenv => "wheels are built and tried in environments of their own",
            Self::PythonPip => "installs wheels",
            Self::Postgresql => {
                "the local workspace starts its own server from it; Debian's own cluster stays unused"
            }
            Self::Npm => "fetches the accessibility rules that pages are checked by",
            Self::Wrk => "measures requests per second",
        }
    }
}

fn postgres_is_present() -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian =
        versions.map(|version| version.path().join("bin/initdb")).any(|path| command::is_executable(&path));
    debian || command::find("initdb").is_some() || std::env::var_os("PG_BIN").is_some()
}

impl Distribution {
    /// From the text of `/etc/os-release`.
    fn of(os_release: &str) -> Self {
        let value = |key| {
            os_release
                .lines()
                .find_map(|line| line.strip_prefix(key))
                .map(|value| value.trim_matches('"'))
                .unwrap_or_default()
        };
        let is_ubuntu = value("ID=") == "ubuntu" || value("ID_LIKE=").split(' ').any(|like| like == "ubuntu");
        if is_ubuntu { Self::Ubuntu } else { Self::Debian }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_decides_the_names() {
        let debian = Distribution::of("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n");
        assert_eq!(Package::ChromiumDriver.name(debian), "chromium-driver");
        let ubuntu = Distribution::of("NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n");
        assert_eq!(Package::ChromiumDriver.name(ubuntu), "chromium-chromedriver");
        let mint = Distribution::of("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n");
        assert_eq!(Package::Chromium.name(mint), "chromium-browser");
    }
}
