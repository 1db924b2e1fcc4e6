//! The running workspace: what all handlers and background tasks share.

use std::future::Future;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app_host::AppHost;
use crate::auth::{AccessTokens, PersonGrants, SignIns};
use crate::faults::Faults;
use crate::lakebase::Lakebase;
use crate::options::Options;
use crate::records::Store;
use crate::rest::request_log::RequestLog;
use crate::workspace_files::Contents;

/// Everything a running local workspace consists of.
pub(crate) struct Workspace {
    pub(crate) options: Options,
    /// Base URL of the REST API.
    pub(crate) host: String,
    pub(crate) store: Store,
    pub(crate) contents: Contents,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) sign_ins: SignIns,
    pub(crate) person_grants: PersonGrants,
    pub(crate) request_log: RequestLog,
    pub(crate) faults: Arc<Faults>,
    pub(crate) lakebase: Lakebase,
    pub(crate) app_host: AppHost,
    pub(crate) tasks: TaskTracker,
    pub(crate) stopping: CancellationToken,
}

impl Workspace {
    /// Runs `work` in the background until it is done or the workspace stops.
    pub(crate) fn spawn<F>(self: &Arc<Self>, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stopping = self.stopping.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                () = stopping.cancelled() => {}
            }
        });
    }

    /// Lets the time pass that a change of state takes here at least.
    pub(crate) async fn state_delay(&self) {
        tokio::time::sleep(self.options.state_delay).await;
    }
}
