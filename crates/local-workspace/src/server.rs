//! Starting and stopping the workspace.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app_host::AppHost;
use crate::auth::{AccessTokens, PersonGrants, SignIns};
use crate::connection::{ConnectionControl, SeverableListener};
use crate::error::WorkspaceError;
use crate::faults::Faults;
use crate::lakebase::Lakebase;
use crate::options::Options;
use crate::ready::Ready;
use crate::records::{Store, StoreError};
use crate::rest::request_log::RequestLog;
use crate::router::router;
use crate::workspace::Workspace;
use crate::workspace_files::Contents;
use crate::{apps, database_api, postgres_api};

/// How long open requests may take to end when the workspace stops.
const GRACE: Duration = Duration::from_secs(5);

/// A workspace that accepts calls. Dropping it leaves its processes behind; [`stop`](RunningWorkspace::stop) it.
pub struct RunningWorkspace {
    workspace: Arc<Workspace>,
    ready: Ready,
    server: JoinHandle<io::Result<()>>,
}

impl std::fmt::Debug for RunningWorkspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunningWorkspace").field("ready", &self.ready).finish_non_exhaustive()
    }
}

/// Starts a local workspace; it accepts calls when this returns.
///
/// What ran when the workspace of this data folder stopped runs again: its Lakebase servers now, its apps soon.
///
/// # Errors
/// If the address is taken, the data folder cannot be used, or PostgreSQL cannot be started.
pub async fn start(options: Options) -> Result<RunningWorkspace, WorkspaceError> {
    let store = Store::open(&options.data_dir)?;
    let listener = bind(options.port, store.read(|records| records.port)).await?;
    let port =
        listener.local_addr().map_err(|source| WorkspaceError::Bind { port: options.port, source })?.port();
    let workspace = Arc::new(open(options, store, port).await?);
    let started = restore(&workspace, port).await;
    if let Err(error) = started {
        shut_down(&workspace).await;
        return Err(error);
    }
    let stopping = workspace.stopping.clone();
    let service = router(Arc::clone(&workspace)).into_make_service_with_connect_info::<ConnectionControl>();
    let server = tokio::spawn(async move {
        axum::serve(SeverableListener(listener), service)
            .with_graceful_shutdown(stopping.cancelled_owned())
            .await
    });
    let ready = announce(&workspace);
    if let Some(path) = &workspace.options.ready_file
        && let Err(error) = ready.write(path)
    {
        RunningWorkspace { workspace, ready, server }.stop().await;
        return Err(error);
    }
    Ok(RunningWorkspace { workspace, ready, server })
}

/// Listens on the port that was asked for, else on that of the last run, else on any.
async fn bind(asked: u16, last: Option<u16>) -> Result<TcpListener, WorkspaceError> {
    if asked == 0
        && let Some(last) = last
        && let Ok(listener) = TcpListener::bind(("127.0.0.1", last)).await
    {
        return Ok(listener);
    }
    TcpListener::bind(("127.0.0.1", asked))
        .await
        .map_err(|source| WorkspaceError::Bind { port: asked, source })
}

async fn open(options: Options, store: Store, port: u16) -> Result<Workspace, WorkspaceError> {
    let host = format!("http://127.0.0.1:{port}");
    let (key, digests) = store.read(|records| {
        let digests: BTreeSet<String> =
            records.files.values().filter_map(|node| node.digest().map(str::to_owned)).collect();
        (records.identity.signing_key.clone(), digests)
    });
    let contents = Contents::open(&options.data_dir, &digests).map_err(|source| StoreError::Io {
        what: "use the contents in",
        path: options.data_dir.clone(),
        source,
    })?;
    let faults = Arc::new(Faults::default());
    Ok(Workspace {
        access_tokens: AccessTokens::new(&key, &host, options.token_ttl),
        lakebase: Lakebase::open(&options.data_dir, Arc::clone(&faults)).await?,
        faults,
        app_host: AppHost::new(&options.data_dir, options.wheels.clone(), options.start_deadline),
        sign_ins: SignIns::default(),
        person_grants: PersonGrants::default(),
        request_log: RequestLog::default(),
        tasks: TaskTracker::new(),
        stopping: CancellationToken::new(),
        contents,
        host,
        store,
        options,
    })
}

async fn restore(workspace: &Arc<Workspace>, port: u16) -> Result<(), WorkspaceError> {
    workspace.store.write(|records| {
        records.port = Some(port);
        postgres_api::abandon_pending(records);
        Ok::<_, StoreError>(())
    })?;
    database_api::instances::restore(workspace).await?;
    postgres_api::projects::restore(workspace).await?;
    apps::restore::restore(workspace).await
}

fn announce(workspace: &Workspace) -> Ready {
    workspace.store.read(|records| {
        let identity = &records.identity;
        let principal = records.service_principals.get(&identity.client_id);
        Ready {
            host: workspace.host.clone(),
            token: identity.token.expose().to_owned(),
            user: identity.user_name.clone(),
            workspace_id: identity.workspace_id.clone(),
            client_id: identity.client_id.clone(),
            client_secret: principal
                .map_or_else(String::new, |found| found.client_secret.expose().to_owned()),
        }
    })
}

async fn shut_down(workspace: &Workspace) {
    workspace.stopping.cancel();
    workspace.tasks.close();
    workspace.tasks.wait().await;
    workspace.app_host.shutdown().await;
    workspace.lakebase.shutdown().await;
}

impl RunningWorkspace {
    /// Where it listens and who may call it.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Stops taking calls, then the apps, then Postgres; what they have stored stays.
    pub async fn stop(mut self) {
        if let Some(path) = &self.workspace.options.ready_file
            && let Err(error) = std::fs::remove_file(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("the ready file {} stays behind: {error}", path.display());
        }
        self.workspace.stopping.cancel();
        match tokio::time::timeout(GRACE, &mut self.server).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::error!("the server ended with an error: {error}"),
            Ok(Err(error)) => tracing::error!("the server did not end cleanly: {error}"),
            // somebody keeps a connection open
            Err(_) => self.server.abort(),
        }
        shut_down(&self.workspace).await;
    }
}
