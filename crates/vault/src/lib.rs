//! Sealed objects on local disk: one file for each event, opaque bytes to the vault.
//!
//! Start with [`Vault::start`]. An object is written by [`Vault::begin`], [`VaultWriter::write`] and
//! [`VaultWriter::commit`], and read by [`Vault::open`],
//! or piece by piece, by way of a cache, by [`Vault::pieces`]. Which objects should exist, who may have them and how
//! long they stay is decided elsewhere: the registry knows, `ingest` keeps retention, only the gate unlocks.
//!
//! What holds:
//! - After `commit` returned `Ok` the object is there, whole, whatever happens to process or power.
//! - A name of an object leads to a whole object at any time; what is half-written stands in a folder of its
//!   own and goes at the next start.
//! - Two deliveries of one event never meet: who begins holds the object's claim until the [`Stored`] is
//!   dropped, which the caller does after the registry has recorded the object.
//! - Memory for a write is one buffer, for a read the range asked for, whatever the object's size.
//! - New footage is refused before the disk is full ([`StoreError::Full`]), old footage stays readable and
//!   deletable, and it recovers by itself.
//!
//! One process owns the vault's folder. Layout:
//! ```text
//! <home>/<camera>/<first 5 digits of the event>/<event>.own     ids as UUIDs; 5 digits are 3 days of UUIDv7
//! .temporary/<number>                                           being written; emptied at each start
//! .reserve                                                      given up so that deleting works when full
//! ```

mod claim;
mod config;
mod delete;
mod error;
mod layout;
mod pieces;
mod reader;
mod space;
mod store;
mod sweep;
mod vault;
mod walk;
mod writer;

pub use config::VaultConfig;
pub use delete::Deletion;
pub use error::{ReadError, StoreError, SweepError};
pub use layout::ObjectRef;
pub use ownsight_cache::{Caches, Violation};
pub use pieces::{Piece, Pieces};
pub use reader::VaultReader;
pub use space::SpaceState;
pub use sweep::SweepReport;
pub use vault::Vault;
pub use walk::{StoredObject, Visited};
pub use writer::{Stored, VaultWriter};
