//! `tellr-app` by itself: preparing the database, starting, resting.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::json;

use super::RUNS;
use super::figures::{Figures, Unit};
use crate::command;
use crate::http::agent;
use crate::local_workspace::Workspace;

const START_DEADLINE: Duration = Duration::from_secs(30);
/// How long a server rests before its memory counts.
const REST: Duration = Duration::from_secs(2);

/// The program and a database for it.
pub(super) struct Runtime {
    program: PathBuf,
    database_url: String,
}

/// A server that runs until this is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) url: String,
    /// From the start of the process to the first answer that the database is ready, in milliseconds.
    started_in: f64,
}

/// `init-db` on new and on present schemas, start, memory at rest.
pub(super) fn measure(figures: &mut Figures, runtime: &Runtime) -> anyhow::Result<()> {
    let mut empty = Vec::new();
    let mut present = Vec::new();
    for run in 0..RUNS {
        let schema = format!("bench_{run}");
        empty.push(runtime.init_db(&schema)?);
        present.push(runtime.init_db(&schema)?);
    }
    figures.add("`init-db` on an empty database", "< 1,000 ms", Unit::Milliseconds, empty);
    figures.add("`init-db` on an existing schema", "", Unit::Milliseconds, present);
    let mut starts = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..RUNS {
        let server = runtime.serve(None)?;
        starts.push(server.started_in);
        sleep(REST);
        memory.push(server.resident_megabytes()?);
    }
    figures.add("start of the server to the first healthy answer", "< 300 ms", Unit::Milliseconds, starts);
    figures.add("memory, idle", "< 60 MB", Unit::Megabytes, memory);
    Ok(())
}

impl Runtime {
    /// Makes a Lakebase project in the workspace and takes a token for it.
    pub(super) fn with_database(workspace: &Workspace, program: &Path) -> anyhow::Result<Self> {
        let spec = json!({ "spec": { "display_name": "bench", "pg_version": "17" } });
        workspace.post("/api/2.0/postgres/projects?project_id=bench", &spec)?;
        let endpoint = "projects/bench/branches/production/endpoints/primary";
        let start = Instant::now();
        let host = loop {
            // until the project is there, its endpoint is not
            let host = workspace.get(&format!("/api/2.0/postgres/{endpoint}")).ok();
            match host.and_then(|found| found["status"]["hosts"]["host"].as_str().map(str::to_owned)) {
                Some(host) => break host,
                None if start.elapsed() > START_DEADLINE => {
                    bail!("the project has no endpoint after {START_DEADLINE:?}")
                }
                None => sleep(Duration::from_millis(50)),
            }
        };
        let credential = workspace.post("/api/2.0/postgres/credentials", &json!({ "endpoint": endpoint }))?;
        let token = credential["token"].as_str().context("the workspace gave no database token")?;
        let user = workspace.user().replace('@', "%40");
        let database_url =
            format!("postgresql://{user}:{token}@{host}:5432/databricks_postgres?sslmode=require");
        Ok(Self { program: program.to_owned(), database_url })
    }

    /// A server on a free port, held to one core if one is given.
    pub(super) fn serve(&self, core: Option<&str>) -> anyhow::Result<Server> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = match core {
            None => Command::new(&self.program),
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["--cpu-list", core]).arg(&self.program);
                command
            }
        };
        self.environment(&mut command, "bench_0");
        command.arg("serve").env("DATABRICKS_APP_PORT", port.to_string());
        let start = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut server = Server { child, url: format!("http://127.0.0.1:{port}"), started_in: 0.0 };
        server.wait_until_healthy(start)?;
        server.started_in = start.elapsed().as_secs_f64() * 1e3;
        Ok(server)
    }

    /// Milliseconds that `init-db` takes.
    fn init_db(&self, schema: &str) -> anyhow::Result<f64> {
        let mut command = Command::new(&self.program);
        self.environment(&mut command, schema);
        let start = Instant::now();
        command::output(command.arg("init-db"))?;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    }

    fn environment(&self, command: &mut Command, schema: &str) {
        command
            .env("DATABASE_URL", &self.database_url)
            .env("LAKEBASE_SCHEMA", schema)
            .env("TELLR_LOG", "warn");
    }
}

impl Server {
    fn wait_until_healthy(&mut self, start: Instant) -> anyhow::Result<()> {
        let agent = agent();
        while start.elapsed() < START_DEADLINE {
            let answer = agent.get(format!("{}/api/health/ready", self.url)).call();
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("`tellr-app serve` ended with {status}");
            }
            sleep(Duration::from_millis(1));
        }
        bail!("`tellr-app serve` is not healthy after {START_DEADLINE:?}")
    }

    fn resident_megabytes(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024.0 / 1e6)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // it holds nothing that would be lost; an error means that it has ended already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
