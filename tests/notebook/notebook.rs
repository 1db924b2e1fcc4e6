//! A notebook: a real kernel with the package in it, and an outer page that shows what its cell has displayed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use system_tests::python::Venv;
use system_tests::{LocalWorkspace, binaries, repository};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::sync::OnceCell;

/// What notebooks have, pinned.
const REQUIREMENTS: [&str; 3] = ["anywidget==0.11.0", "ipykernel==7.4.0", "jupyter_client==8.10.0"];
const START_DEADLINE: Duration = Duration::from_secs(120);
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// A notebook whose cell has run.
pub(crate) struct Notebook {
    /// Of the outer page.
    pub(crate) address: String,
    record: PathBuf,
    child: Child,
}

impl Notebook {
    /// Runs a cell as the workspace's user.
    pub(crate) async fn show(workspace: &LocalWorkspace, cell: &str) -> anyhow::Result<Self> {
        let record = workspace.scratch()?.join("messages");
        let folder = repository::root().join("tests/notebook");
        let mut command = workspace.command(python().await?.as_os_str())?;
        command.arg(folder.join("host.py")).arg(&record).arg(&folder).arg(cell);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("the notebook cannot be started")?;
        let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
        let line = tokio::time::timeout(START_DEADLINE, lines.next_line()).await;
        match line.context("the notebook's cell does not end")?? {
            Some(address) => Ok(Self { address, record, child }),
            None => bail!("the notebook's cell failed; the test's output says why"),
        }
    }

    /// Everything that kernel and page have said to each other.
    pub(crate) fn messages(&self) -> anyhow::Result<Vec<u8>> {
        Ok(std::fs::read(&self.record)?)
    }

    /// Ends the kernel and waits until it is gone.
    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        let pid = self.child.id().context("it has ended already")?;
        kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGTERM)?;
        let ended = tokio::time::timeout(STOP_DEADLINE, self.child.wait()).await;
        ended.context("the notebook does not end")??;
        Ok(())
    }
}

/// What the notebook for users imports, and its cell that holds `text`.
pub(crate) fn documented(text: &str) -> anyhow::Result<String> {
    let notebook = std::fs::read(repository::root().join("docs/deploy-tellr.ipynb"))?;
    let notebook: Value = serde_json::from_slice(&notebook)?;
    let cells = notebook["cells"].as_array().context("no cells")?.iter();
    let code = cells.filter(|cell| cell["cell_type"] == "code").filter_map(|cell| {
        let lines = cell["source"].as_array()?.iter().filter_map(Value::as_str);
        Some(lines.collect::<String>())
    });
    let code: Vec<String> = code.collect();
    let cell = |wanted: &str| {
        let found = code.iter().find(|cell| cell.contains(wanted));
        found.with_context(|| format!("no cell of the notebook holds `{wanted}`"))
    };
    Ok(format!("{}\n{}", cell("import databricks_tellr")?, cell(text)?))
}

/// The Python of an environment with the package and what notebooks have. It is kept from one run to the next.
async fn python() -> anyhow::Result<&'static Path> {
    static PYTHON: OnceCell<PathBuf> = OnceCell::const_new();
    let python = PYTHON.get_or_try_init(|| async {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("notebook-python");
        let marker = folder.join("installed.txt");
        let wanted = REQUIREMENTS.join("\n");
        let is_there = std::fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted);
        if !is_there && folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        let venv = if is_there { Venv::existing(&folder) } else { Venv::create(&folder).await? };
        if !is_there {
            venv.install(&REQUIREMENTS).await?;
            std::fs::write(&marker, &wanted)?;
        }
        let wheel = binaries::wheel("databricks-tellr")?;
        let arguments = ["--force-reinstall", "--no-deps", "--no-index"].map(PathBuf::from);
        venv.install(&arguments.into_iter().chain([wheel]).collect::<Vec<_>>()).await?;
        anyhow::Ok(venv.program("python"))
    });
    Ok(python.await?.as_path())
}
