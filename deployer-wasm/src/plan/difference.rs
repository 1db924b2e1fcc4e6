//! What differs between a plan that somebody approved and the plan of now.

use std::fmt;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Action, FileContent, Plan, PlanRow};
use crate::app_files::{Manifest, app_yaml};

/// A plan as it was printed and approved.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ApprovedPlan {
    /// Its lines.
    pub rows: Vec<PlanRow>,
}

impl From<&Plan> for ApprovedPlan {
    fn from(plan: &Plan) -> Self {
        Self { rows: plan.rows.clone() }
    }
}

/// One line in which two plans differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It was approved, and is not planned any more.
    Gone(String),
    /// It is planned now, and was not approved.
    New(String),
    /// It reads the same, but what it does is different: the content of a file, for example.
    Content(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone(row) => write!(f, "approved: {row}"),
            Self::New(row) => write!(f, "now:      {row}"),
            Self::Content(row) => write!(f, "changed:  {row} (other content)"),
        }
    }
}

/// The lines in which `now` differs from what was approved. What is only kept or awaited counts for nothing by itself: a
/// database that has become ready meanwhile is no reason to refuse.
pub(crate) fn differences(approved: &ApprovedPlan, now: &Plan) -> Vec<Difference> {
    let mut left: Vec<&PlanRow> = now.rows.iter().collect();
    let mut found: Vec<(&PlanRow, Difference)> = Vec::new();
    for row in &approved.rows {
        let same_work = |other: &&&PlanRow| same_place(other, row) && other.digest == row.digest;
        if let Some(index) = left.iter().position(|other| same_work(&other)) {
            left.remove(index);
            continue;
        }
        let place = left.iter().position(|other| same_place(other, row) && in_words(other) == in_words(row));
        match place {
            Some(index) => {
                left.remove(index);
                found.push((row, Difference::Content(in_words(row))));
            }
            None => found.push((row, Difference::Gone(in_words(row)))),
        }
    }
    found.extend(left.into_iter().map(|row| (row, Difference::New(in_words(row)))));
    let acting: Vec<&str> =
        found.iter().filter(|(row, _)| row.change.acts()).map(|(row, _)| row.resource.as_str()).collect();
    let counts = |row: &PlanRow| acting.contains(&row.resource.as_str());
    found.iter().filter(|(row, _)| counts(row)).map(|(_, difference)| difference.clone()).collect()
}

fn same_place(one: &PlanRow, other: &PlanRow) -> bool {
    one.change == other.change && one.resource == other.resource
}

fn in_words(row: &PlanRow) -> String {
    format!("{} {}: {}", row.change.as_str(), row.resource, row.reason)
}

/// Digest of what a row does. Left out is what is new in every plan (one-time ids), and the reason: it may tell of something
/// that changes by itself, such as the number of tables.
pub(super) fn digest(row: &PlanRow) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{} {}", row.change.as_str(), row.resource));
    match &row.action {
        None => {}
        Some(Action::WriteFile { path, content }) => {
            hash.update(path);
            match content {
                FileContent::Bytes(bytes) => hash.update(bytes),
                FileContent::AppYaml(manifest) => {
                    hash.update(app_yaml(&Manifest { reset_id: None, ..(**manifest).clone() }));
                }
            }
        }
        Some(Action::ResetSchema { schema, .. }) => hash.update(schema.as_str()),
        // Secrets print nothing, and everything else that an action holds is in its debug form.
        Some(action) => hash.update(format!("{action:?}")),
    }
    format!("{:x}", hash.finalize()).chars().take(16).collect()
}
