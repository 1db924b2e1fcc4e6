//! What a caller may choose when it starts a local workspace.

use std::path::PathBuf;
use std::time::Duration;

/// How a local workspace is set up. [`Options::new`] gives the platform's own times.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port of the REST API on 127.0.0.1; 0 takes the port of the last run if it is free, else any.
    pub port: u16,
    /// Folder that holds everything that survives a restart; made if missing, readable by its owner only.
    pub data_dir: PathBuf,
    /// File that is written (mode 0600) when the workspace accepts calls, and removed when it stops.
    pub ready_file: Option<PathBuf>,
    /// Lifetime of OAuth access tokens and of Lakebase credentials (1 h on the platform).
    pub token_ttl: Duration,
    /// How long each change of state takes at least (STARTING to ACTIVE, an operation, a deletion).
    pub state_delay: Duration,
    /// After how long an app's proxy gives up on a request (120 s on the platform).
    pub request_timeout: Duration,
    /// Folders with wheels that `pip` may use besides its index when it builds an app.
    pub wheels: Vec<PathBuf>,
    /// Which answers carry CORS headers.
    pub cors: CorsMode,
    /// How long a deployed app may take until it listens (10 min on the platform).
    pub start_deadline: Duration,
}

impl Options {
    /// Options with the platform's times, any port, no artificial delays.
    pub fn new(data_dir: impl Into<PathBuf>) -> Options {
        Options {
            port: 0,
            data_dir: data_dir.into(),
            ready_file: None,
            token_ttl: Duration::from_secs(3600),
            state_delay: Duration::ZERO,
            request_timeout: Duration::from_secs(120),
            wheels: Vec::new(),
            cors: CorsMode::None,
            start_deadline: Duration::from_secs(600),
        }
    }
}

/// Which answers of the REST API a page of another origin may read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CorsMode {
    /// None: what Databricks documents, and the default.
    #[default]
    None,
    /// All of them.
    Star,
    /// Only those of the Files API (`/api/2.0/fs/`), as was measured on AWS.
    FilesOnly,
}
