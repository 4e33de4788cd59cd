//! The proof that an opening is on the record.

use crate::chain::EntryHash;
use crate::entry::{Entry, Opening};

/// Proof that an entry is durable. Unlocking takes it, after asking whether it [`covers`](Self::covers) exactly
/// what is to be unlocked.
///
/// Only this crate makes one, and only after the commit; it cannot be copied, so that one entry is good for one
/// opening.
#[must_use = "an opening is on the record, and nothing was opened"]
#[derive(Debug)]
pub struct Recorded {
    sequence: u64,
    hash: EntryHash,
    entry: Entry,
}

impl Recorded {
    /// INVARIANT: called by the writer only, after the transaction with this entry was committed.
    pub(crate) const fn new(sequence: u64, hash: EntryHash, entry: Entry) -> Self {
        Self { sequence, hash, entry }
    }

    /// Whether the entry is for this opening: the same account, session and home, and all of its action.
    pub fn covers(&self, opening: &Opening) -> bool {
        self.entry.opening.includes(opening)
    }

    /// The entry's number.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The entry's hash.
    pub const fn hash(&self) -> EntryHash {
        self.hash
    }

    /// The entry.
    pub const fn entry(&self) -> &Entry {
        &self.entry
    }
}
