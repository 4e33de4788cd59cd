//! Who may see what since when: the one authority, on SQLite.
//!
//! Start with [`Registry::open`]. Reads for a person take what finds a session and answer [`Authorised`]: the
//! session, its account, the account's live grants and shares, and data of those only, all from one transaction on
//! the primary. Writes for a person take an [`Authority`], which is checked in the transaction that writes.
//!
//! What always holds:
//! - rows only *find*: they carry sealed bytes, and who opens those decides elsewhere. The registry holds no key
//!   and verifies no tag;
//! - what a caller was answered is durable (`synchronous = FULL`), and each write is whole or absent;
//! - each read sees one state of the primary: no cache stands in between;
//! - what belongs to another home looks exactly like what does not exist;
//! - erased bytes are overwritten in the file, and soon after in its log.
//!
//! All methods end within [`RegistryOptions::deadline`] and are cancel-safe: a write whose future is dropped is
//! committed as a whole or not at all. It is not a policy: which role may do what is the gate's, except that a
//! grant without the control key writes nothing.

mod access;
mod accounts;
mod camera_tests;
mod cameras;
mod changes;
mod check;
mod columns;
mod configurations;
#[cfg(feature = "conformance")]
pub mod conformance;
mod decode;
mod device_runs;
mod devices;
mod engine;
mod error;
mod events;
mod home_epochs;
mod homes;
mod ingest;
mod installation;
mod invitation_codes;
mod links;
mod lockdowns;
mod marks;
mod members;
#[cfg(doctest)]
mod never_cached;
mod operator_visits;
mod pairings;
mod reports;
mod restored;
mod retention;
mod rows;
mod sessions;
mod shares;
mod sql;
mod tokens;
mod uploads;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::Engine;

pub use access::{Authorised, Authority, Restored};
pub use cameras::{CameraUpdate, ErasedCamera};
pub use changes::{Change, ChangeKind};
pub use check::ObjectRow;
pub use devices::{LeftBehind, Remainder};
pub use engine::{back_up, installation_of};
pub use error::{RegistryError, StorageError};
pub use events::{DayRows, EventDetail, EventPage, EventPosition, EventQuery};
pub use home_epochs::{CameraRenewal, DeviceRenewal, HomeRenewal};
pub use homes::{Dropped, HomeDetail, HomePlan, HomeUpdate};
pub use ingest::{CameraForDevice, InsertOutcome, StoredEvent};
pub use installation::{Rewrap, Rewrapped};
pub use invitation_codes::{AskToJoin, CodeRenewal};
pub use links::{RedeemAccount, RedeemReset};
pub use marks::EventMarks;
pub use members::{Comes, Issue, JoinAs, Joining, MEMBERS_MAX};
pub use operator_visits::VisitRow;
pub use ownsight_model::HomeId;
pub use pairings::AnswerOutcome;
pub use reports::{FleetCamera, FleetDevice, NewReport, ReportSubject, ReportSummary};
pub use restored::Confirmation;
pub use retention::EventKey;
pub use rows::*;
pub use shares::{SHARES_MAX, ShareChange, ShareCount, ShareIssue, SharedEpoch};
pub use tokens::TOKENS_MAX;

/// The registry. Clones share its threads and connections.
#[derive(Debug, Clone)]
pub struct Registry {
    engine: Arc<Engine>,
    touched: Arc<devices::Touched>,
}

/// How a registry is run.
#[derive(Debug, Clone, Copy)]
pub struct RegistryOptions {
    /// Threads that read, each with a connection of its own, and as many connections for reads of microseconds that their
    /// callers run themselves; at least one.
    pub readers: usize,
    /// After this time a call gives up with [`RegistryError::Unavailable`].
    pub deadline: Duration,
    /// Calls that may wait for the readers, and as many for the writer; the others wait for room.
    pub queue_max: usize,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self { readers: 4, deadline: Duration::from_secs(5), queue_max: 1024 }
    }
}

impl Registry {
    /// Opens the registry in this database file, or makes it. Blocks: for as long as an upgrade takes.
    ///
    /// Refuses a file with a newer schema ([`RegistryError::Schema`]), and with [`RegistryError::Unsuitable`] a
    /// file of another program, a network file system, and a SQLite library before 3.51.3.
    pub fn open(path: impl AsRef<Path>, options: RegistryOptions) -> Result<Self, RegistryError> {
        let engine = Engine::open(path.as_ref(), &options)?;
        Ok(Self { engine: Arc::new(engine), touched: Arc::default() })
    }

    /// Finishes what was begun, refuses all else with [`RegistryError::Unavailable`], and empties the log.
    pub async fn close(&self) {
        let engine = self.engine.clone();
        // The threads end within the deadlines of their work; a panic among them ends them too.
        let _ = tokio::task::spawn_blocking(move || engine.close()).await;
    }
}
