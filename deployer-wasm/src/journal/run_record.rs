//! What a run writes down about itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Settings;
use crate::moment;
use crate::spec::Request;

/// The format that this engine writes. A file of a later format is not touched.
pub(crate) const FORMAT: u32 = 1;

/// The largest run file that is read, in bytes.
pub(super) const SIZE_LIMIT: usize = 1024 * 1024;

/// One run: who does what since when, how far it is, and how it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Format of the file.
    pub format: u32,
    /// Number of the run; the highest one is the latest.
    pub number: u64,
    /// Unique id of the run.
    pub run_id: String,
    /// What it does.
    pub operation: Operation,
    /// User name of the person or service principal.
    pub user: String,
    /// The machine or page it runs on, for people.
    pub origin: String,
    /// The process, in a form that the same machine can look up; absent where there are no processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    /// The program and its version.
    pub program: String,
    /// When it began.
    #[serde(with = "crate::moment")]
    pub started_at: Timestamp,
    /// When it last gave a sign of life.
    #[serde(with = "crate::moment")]
    pub beat_at: Timestamp,
    /// Number of signs of life so far.
    pub beat: u64,
    /// Whether and how it has ended.
    pub state: RunState,
    /// Name of the app.
    pub app_name: String,
    /// What was asked for.
    pub settings: Settings,
    /// The run that it goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<u64>,
    /// The one-time id of its reset. A run that goes on with this one uses the same id, so that the reset is done once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_id: Option<String>,
    /// The app's deployment when the work began; any other one is the work of this run or of those that go on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_before: Option<String>,
    /// The deployment that it has brought to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<String>,
    /// The former deployment whose files it has put back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<String>,
    /// The steps that have been confirmed.
    #[serde(default)]
    pub steps: Vec<StepRecord>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One confirmed step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Stable name of the step.
    pub step: String,
    /// What it did, for people.
    pub title: String,
    /// What was true afterwards.
    pub message: String,
    /// When.
    #[serde(with = "crate::moment")]
    pub done_at: Timestamp,
}

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Puts Tellr into the workspace.
    Create,
    /// Brings a new version.
    Update,
    /// Takes the app away.
    Delete,
    /// Puts a former version back.
    Rollback,
}

/// Whether a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Not yet, or it was interrupted and could not say so.
    Running,
    /// All of its steps were confirmed.
    Succeeded,
    /// It gave up; `error` says why.
    Failed,
}

impl Operation {
    /// The operation of a request.
    pub fn of(request: &Request) -> Self {
        match request {
            Request::Create(_) => Self::Create,
            Request::Update(_) => Self::Update,
            Request::Delete(_) => Self::Delete,
            Request::Rollback(_) => Self::Rollback,
        }
    }

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Rollback => "rollback",
        }
    }
}

impl RunRecord {
    /// Reads a run file; the error says why it cannot be used.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        if text.len() > SIZE_LIMIT {
            return Err(format!("it has {} bytes, more than {SIZE_LIMIT}", text.len()));
        }
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if format > FORMAT {
            return Err(format!("its format {format} is of a newer tellr"));
        }
        serde_json::from_slice(text).map_err(|error| error.to_string())
    }

    /// Whether it has not said that it ended.
    pub fn is_open(&self) -> bool {
        self.state == RunState::Running
    }

    /// What it is, for people: "run 12 (update) of me@example.com from laptop, begun 2026-11-23T10:02:11Z".
    pub fn in_words(&self) -> String {
        let Self { number, user, origin, .. } = self;
        let operation = self.operation.as_str();
        let begun = moment::in_words(self.started_at);
        format!("run {number} ({operation}) of {user} from {origin}, begun {begun}")
    }

    /// How far it came, for people.
    pub fn progress_in_words(&self) -> String {
        match self.steps.last() {
            None => "no step was confirmed".into(),
            Some(last) => {
                format!("{} confirmed, the last: {}", counted(self.steps.len(), "step"), last.title)
            }
        }
    }
}

fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
