//! Wheels of the app that break in one way each.

use std::path::{Path, PathBuf};
use std::time::Duration;

use system_tests::process;
use tokio::process::Command;

/// Writes a wheel: its file, further metadata, and the program `tellr-app`.
const WRITE: &str = r#"
import sys, zipfile
path, metadata, program = sys.argv[1:]
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
    def add(name, text, mode=0o644):
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (0o100000 | mode) << 16
        wheel.writestr(entry, text)
    info = "databricks_tellr_app-9.9.9.dist-info/"
    add("databricks_tellr_app-9.9.9.data/scripts/tellr-app", program, 0o755)
    add(info + "METADATA", "Metadata-Version: 2.1\nName: databricks-tellr-app\nVersion: 9.9.9\n" + metadata + "\n")
    add(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    add(info + "RECORD", "")
"#;

/// What is wrong with a wheel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Defect {
    /// pip refuses it.
    NotInstallable,
    /// The program ends at once.
    Crashes,
    /// The program never listens.
    NeverHealthy,
}

impl Defect {
    /// Writes such a wheel into a folder of its own below `scratch`.
    pub(crate) async fn wheel(self, scratch: &Path) -> anyhow::Result<PathBuf> {
        let folder = scratch.join(format!("{self:?}"));
        std::fs::create_dir_all(&folder)?;
        let path = folder.join("databricks_tellr_app-9.9.9-py3-none-any.whl");
        let (metadata, program) = match self {
            Self::NotInstallable => ("Requires-Python: >=99", "#!/bin/sh\n"),
            Self::Crashes => ("", "#!/bin/sh\necho 'thread main panicked: no configuration' >&2\nexit 3\n"),
            Self::NeverHealthy => ("", "#!/bin/sh\n[ \"$1\" = serve ] || exit 0\nexec sleep 600\n"),
        };
        let mut command = Command::new("python3");
        command.args(["-c", WRITE]).arg(&path).args([metadata, program]);
        process::run(command, Duration::from_secs(60)).await?.successful()?;
        Ok(path)
    }
}
