//! What came back from a cache and must not have.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Key, Namespace};

/// A reply that breaks the cache's promise. It is counted by kind, logged without the value, and never handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Violation {
    /// An entry that a holder made for another key.
    OtherKey,
    /// An entry that a holder made for another namespace.
    OtherNamespace,
    /// An entry that a holder made in another schema.
    OtherSchema,
    /// Bytes that are no entry: cut off, or of another format.
    Malformed,
    /// An entry that no holder of the secret made, or that was changed.
    NotAuthentic,
    /// An entry that was written later than now, by more than clocks may differ.
    FromTheFuture,
    /// An entry that is authentic and has no value in it.
    Undecodable,
    /// A reply of the wrong form for what was asked.
    UnexpectedReply,
    /// A value that who asked could not use: see `Cache::refuse`.
    Refused,
}

impl Violation {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::OtherKey,
        Self::OtherNamespace,
        Self::OtherSchema,
        Self::Malformed,
        Self::NotAuthentic,
        Self::FromTheFuture,
        Self::Undecodable,
        Self::UnexpectedReply,
        Self::Refused,
    ];

    /// Its name, as in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OtherKey => "other_key",
            Self::OtherNamespace => "other_namespace",
            Self::OtherSchema => "other_schema",
            Self::Malformed => "malformed",
            Self::NotAuthentic => "not_authentic",
            Self::FromTheFuture => "from_the_future",
            Self::Undecodable => "undecodable",
            Self::UnexpectedReply => "unexpected_reply",
            Self::Refused => "refused",
        }
    }

    /// Whether replies of the connection that it came by are to be trusted no more. A clock that is wrong, or a value
    /// that its maker got wrong, is no fault of the connection.
    pub(crate) const fn condemns_connection(self) -> bool {
        match self {
            Self::OtherKey
            | Self::OtherNamespace
            | Self::OtherSchema
            | Self::Malformed
            | Self::NotAuthentic
            | Self::UnexpectedReply
            | Self::Refused => true,
            Self::FromTheFuture | Self::Undecodable => false,
        }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Who hears of a violation.
type Heard = Box<dyn Fn(Violation) + Send + Sync>;

/// How many there were of each kind.
#[derive(Default)]
pub(crate) struct Tally {
    counts: [AtomicU64; Violation::ALL.len()],
    heard: OnceLock<Heard>,
}

impl Tally {
    pub(crate) fn of(&self, violation: Violation) -> u64 {
        self.counts.get(violation as usize).map_or(0, |count| count.load(Ordering::SeqCst))
    }

    /// Who is told of each from now on; the first one stays.
    pub(crate) fn tell(&self, heard: Heard) {
        let _ = self.heard.set(heard);
    }

    /// Counts a violation, and logs it with a digest of the key, by which two lines can be found to be of one.
    pub(crate) fn report(&self, violation: Violation, asked: Option<(&Namespace, &Key)>) {
        if let Some(count) = self.counts.get(violation as usize) {
            count.fetch_add(1, Ordering::SeqCst);
        }
        crate::count::violation(violation);
        let digest = asked.map(|(_, key)| blake3::hash(key.as_bytes()).to_hex());
        tracing::error!(
            kind = %violation,
            namespace = asked.map(|(namespace, _)| namespace.as_str()),
            key = digest.as_ref().and_then(|digest| digest.get(..16)),
            "a cache answered with what was not asked for: nothing of it was handed out"
        );
        if let Some(heard) = self.heard.get() {
            heard(violation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_counted_by_itself() {
        let tally = Tally::default();
        for (index, violation) in Violation::ALL.into_iter().enumerate() {
            assert_eq!(violation as usize, index);
            assert_eq!(tally.of(violation), 0);
            tally.report(violation, None);
            assert_eq!(tally.of(violation), 1, "{violation}");
        }
    }
}
