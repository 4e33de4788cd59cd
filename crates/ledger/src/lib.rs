//! The record of every opening: append-only, hash-chained, on the record before the first byte leaves.
//!
//! Start with [`Ledger::open`] and [`Ledger::append`]. `append` returns a [`Recorded`]: proof that an entry is
//! durable, which unlocking consumes and which says what it is for ([`Recorded::covers`]). It cannot be made
//! outside this crate and cannot be copied. If the ledger cannot take an entry there is no proof, and nothing
//! leaves.
//!
//! What holds:
//! - A [`Recorded`] exists only after its entry was committed and synced.
//! - Entries are numbered from 1 without gaps; each entry's hash covers its bytes and the hash before it, so
//!   that a change, removal, insertion or exchange of entries breaks the chain ([`Ledger::verify`] says where).
//! - The first hash covers the installation: another installation's ledger does not continue here.
//!
//! What it cannot show by itself: that its *tail* was cut off, or the whole chain written anew, by somebody who
//! may write its file and recomputes every hash, the head's row included. That takes a head which was signed,
//! or is kept, elsewhere: [`Ledger::head`] is what will be signed, and the format has room (table `head`).
//!
//! Beside openings, the record says what an operator closed and opened again ([`Ledger::note`]). That proves nothing to the gate.
//!
//! Appends that wait are committed together by one writer thread, so that they share one sync.

mod chain;
mod encoding;
mod entry;
mod error;
mod ledger;
mod notice;
mod query;
mod recorded;
mod schema;
mod verify;
mod writer;

pub use chain::{EntryHash, Head};
pub use encoding::DecodeError;
pub use entry::{Action, ByteRange, Entry, EventRef, IDS_MAX, Opening, Origin};
pub use error::{LedgerError, OpenError, ReadError};
pub use ledger::{Counts, Ledger, LedgerConfig};
pub use notice::{LockdownNotice, LockdownStep, TEXT_BYTES_MAX};
pub use query::{KeptEntry, KeptNotice};
pub use recorded::Recorded;
pub use verify::{Break, Fault, Verification};
