//! The journal of an app's deployments, which is also the lock against two of them at once.
//!
//! It lies in the workspace, in a folder beside the app's own (`<folder>.history`), so that any host can go on with what
//! another has begun:
//!
//! - `run-000012.json`: one file for each run ([`RunRecord`]). A run begins by making the file with the next number, which
//!   the workspace lets only one caller do; it is written again after each confirmed step, at each sign of life and at
//!   the end. Only the run itself writes its file. Whoever takes over from a run that has fallen silent makes the next
//!   number, and the old run, should it wake, sees that number and stops.
//! - `version-<deployment id>.json` and the folder `version-<deployment id>`: the files of a version that ran, kept before
//!   an update overwrites them ([`SavedVersion`]).
//!
//! Times in the files are for people: whether a run is alive is told by watching its file change, not by comparing clocks.

mod begin;
mod folder;
mod keeper;
mod observe;
mod run_record;
mod settings;
mod version;

pub use folder::HistoryFolder;
pub(crate) use folder::is_plain_id;
pub use observe::{JournalSeen, VersionSeen};
pub use run_record::{Operation, RunRecord, RunState, StepRecord};
pub use settings::{Settings, SourceRecord};
pub use version::SavedVersion;

pub(crate) use begin::{Begun, begin};
pub(crate) use keeper::{End, Keeper};
pub(crate) use observe::{last_success, read_version, see_journal};
pub(crate) use run_record::FORMAT;
pub(crate) use version::saved_app_yaml;
