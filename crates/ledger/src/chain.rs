//! The chain of hashes.
//!
//! ```text
//! start  = SHA-256("ownsight ledger start v1" 00 ‖ installation: kind code and 16 bytes)
//! hash 1 = SHA-256("ownsight ledger entry v1" 00 ‖ start ‖ canonical bytes of entry 1)
//! hash n = SHA-256("ownsight ledger entry v1" 00 ‖ hash n-1 ‖ canonical bytes of entry n)
//! ```

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use ownsight_model::InstallationId;

const START: &[u8] = b"ownsight ledger start v1\0";
const ENTRY: &[u8] = b"ownsight ledger entry v1\0";

/// A hash in the chain. Prints as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntryHash([u8; 32]);

/// The end of the chain: what to keep, or sign, elsewhere, so that a tail that was cut off is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of the last entry; 0 if there is none.
    pub sequence: u64,
    /// Its hash; the chain's start if there is none.
    pub hash: EntryHash,
}

impl EntryHash {
    /// The hash with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash's 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn of(parts: &[&[u8]]) -> Self {
        let mut context = Context::new(&SHA256);
        for part in parts {
            context.update(part);
        }
        let mut hash = [0; 32];
        hash.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        Self(hash)
    }
}

impl fmt::Display for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryHash({self})")
    }
}

/// Where the chain of an installation starts.
pub(crate) fn start(installation: InstallationId) -> EntryHash {
    EntryHash::of(&[START, &[InstallationId::KIND.code()], installation.as_bytes()])
}

/// The hash of the entry with these bytes, behind this hash.
pub(crate) fn next(before: EntryHash, bytes: &[u8]) -> EntryHash {
    EntryHash::of(&[ENTRY, before.as_bytes(), bytes])
}
