//! Revisions: a deck, and where it came from.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::content::hexadecimal;
use super::deck::{Deck, Stamp};
use super::difference::difference;
use super::operation::{Operation, Refusal};

/// The name of a revision: the SHA-256 of its deck and of its parent's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RevisionId(String);

impl RevisionId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A deck that does not change any more, in a chain of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    id: RevisionId,
    parent: Option<RevisionId>,
    number: u64,
    stamp: Option<Stamp>,
    summary: String,
    deck: Arc<Deck>,
}

impl Revision {
    /// The first revision of a deck.
    #[must_use]
    pub fn first(deck: Deck, stamp: Option<Stamp>) -> Self {
        let summary = format!("{} slides", deck.slides().len());
        Self::new(None, 1, deck, stamp, summary)
    }

    fn new(
        parent: Option<RevisionId>,
        number: u64,
        deck: Deck,
        stamp: Option<Stamp>,
        summary: String,
    ) -> Self {
        let mut hash = Sha256::new();
        hash.update(parent.as_ref().map_or("", RevisionId::as_str));
        hash.update(deck.to_json());
        Self {
            id: RevisionId(hexadecimal(&hash.finalize())),
            parent,
            number,
            stamp,
            summary,
            deck: Arc::new(deck),
        }
    }

    /// The revision after all of these operations, one after the other; all or none.
    ///
    /// # Errors
    /// The first operation that does not fit, with its index.
    pub fn apply(&self, operations: &[Operation], stamp: Option<&Stamp>) -> Result<Self, (usize, Refusal)> {
        let mut deck = Deck::clone(&self.deck);
        for (index, operation) in operations.iter().enumerate() {
            deck = deck.apply(operation, stamp).map_err(|refusal| (index, refusal))?;
        }
        let summary = difference(&self.deck, &deck);
        Ok(Self::new(Some(self.id.clone()), self.number.saturating_add(1), deck, stamp.cloned(), summary))
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &RevisionId {
        &self.id
    }

    /// The revision it was made from.
    #[must_use]
    pub fn parent(&self) -> Option<&RevisionId> {
        self.parent.as_ref()
    }

    /// How many revisions there are up to it.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Who made it, and when.
    #[must_use]
    pub fn stamp(&self) -> Option<&Stamp> {
        self.stamp.as_ref()
    }

    /// What changed, in words.
    #[must_use]
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// The deck.
    #[must_use]
    pub fn deck(&self) -> &Deck {
        &self.deck
    }
}
