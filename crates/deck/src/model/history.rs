//! Undo and redo.

use std::sync::Arc;

use super::deck::Stamp;
use super::operation::{Operation, Refusal};
use super::revision::Revision;

/// A chain of revisions and the one that is shown. Revisions share what is the same in them.
#[derive(Debug, Clone)]
pub struct History {
    revisions: Vec<Arc<Revision>>,
    shown: usize,
}

impl History {
    /// A history that begins with a revision.
    #[must_use]
    pub fn new(first: Revision) -> Self {
        Self { revisions: vec![Arc::new(first)], shown: 0 }
    }

    /// The revision that is shown.
    #[must_use]
    pub fn current(&self) -> Option<&Revision> {
        self.revisions.get(self.shown).map(Arc::as_ref)
    }

    /// The revisions, oldest first.
    #[must_use]
    pub fn revisions(&self) -> &[Arc<Revision>] {
        &self.revisions
    }

    /// Adds the revision after these operations. What was undone before can no longer be redone.
    ///
    /// # Errors
    /// The first operation that does not fit, with its index; nothing has changed then.
    pub fn apply(&mut self, operations: &[Operation], stamp: Option<&Stamp>) -> Result<(), (usize, Refusal)> {
        let Some(current) = self.current() else { return Ok(()) };
        let next = current.apply(operations, stamp)?;
        self.revisions.truncate(self.shown + 1);
        self.revisions.push(Arc::new(next));
        self.shown += 1;
        Ok(())
    }

    /// Shows the revision before; whether there is one.
    pub fn undo(&mut self) -> bool {
        let can = self.shown > 0;
        self.shown -= usize::from(can);
        can
    }

    /// Shows the revision after; whether there is one.
    pub fn redo(&mut self) -> bool {
        let can = self.shown + 1 < self.revisions.len();
        self.shown += usize::from(can);
        can
    }
}
