//! Reads that do not see the last change yet.

use std::sync::Arc;

use super::board::Faults;
use crate::records::Records;

/// Paths whose next reads are answered from older records.
#[derive(Debug, Default)]
pub(super) struct StaleReads(Vec<StaleRead>);

#[derive(Debug)]
struct StaleRead {
    path: String,
    left: u32,
    records: Arc<Records>,
}

/// More than this are forgotten, the oldest first: each keeps a copy of all records.
const MOST: usize = 50;

impl Faults {
    /// Has the next `times` reads of `path` answered from `records`.
    pub(super) fn make_stale(&self, path: String, times: u32, records: Records) {
        let StaleReads(reads) = &mut self.lock().stale;
        reads.retain(|read| read.path != path);
        if reads.len() >= MOST {
            reads.remove(0);
        }
        reads.push(StaleRead { path, left: times, records: Arc::new(records) });
    }

    /// The records that this read of `path` sees, if not those of now.
    pub(super) fn stale_records(&self, path: &str) -> Option<Arc<Records>> {
        let StaleReads(reads) = &mut self.lock().stale;
        let read = reads.iter_mut().find(|read| read.path == path)?;
        read.left -= 1;
        let records = Arc::clone(&read.records);
        reads.retain(|read| read.left > 0);
        Some(records)
    }
}
