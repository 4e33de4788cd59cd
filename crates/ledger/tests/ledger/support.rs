//! A ledger in a folder of its own, and entries.

use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ownsight_ledger::{Action, Entry, EventRef, Ledger, LedgerConfig, Opening, Origin, Recorded};
use ownsight_model::{AccountId, CameraId, EventId, HomeId, InstallationId, SessionId, Timestamp};
use rusqlite::Connection;

pub(crate) struct Place {
    _folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        Self { _folder: folder, path }
    }

    pub(crate) fn open(&self) -> Ledger {
        self.open_with(&LedgerConfig::default())
    }

    pub(crate) fn open_with(&self, config: &LedgerConfig) -> Ledger {
        Ledger::open(&self.path, installation(), config).unwrap()
    }

    /// A connection that knows nothing of the ledger's rules.
    pub(crate) fn connect(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }
}

pub(crate) fn installation() -> InstallationId {
    InstallationId::from_bytes([1; 16])
}

pub(crate) fn event(camera: u8, event: u8) -> EventRef {
    EventRef { camera: CameraId::from_bytes([camera; 16]), event: EventId::from_bytes([event; 16]) }
}

pub(crate) fn opening(account: u8, home: u8, action: Action) -> Opening {
    Opening {
        account: AccountId::from_bytes([account; 16]),
        session: SessionId::from_bytes([account; 16]),
        home: HomeId::from_bytes([home; 16]),
        action,
    }
}

pub(crate) fn entry(account: u8, home: u8, action: Action) -> Entry {
    Entry {
        time: Timestamp::from_micros(i64::from(account) * 1000),
        origin: Origin::ApiClient,
        opening: opening(account, home, action),
    }
}

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

pub(crate) async fn append(ledger: &Ledger, entry: Entry) -> Recorded {
    ledger.append(entry, soon()).await.unwrap()
}

/// Appends, and opens nothing.
pub(crate) async fn record(ledger: &Ledger, entry: Entry) {
    drop(append(ledger, entry).await);
}

/// Appends thumbnails of events 1 to `count`, of camera 1.
pub(crate) async fn append_thumbnails(ledger: &Ledger, count: u8) {
    for number in 1..=count {
        let recorded = append(ledger, entry(number, 1, Action::Thumbnail(event(1, number)))).await;
        assert_eq!(recorded.sequence(), u64::from(number));
    }
}

pub(crate) fn run<T>(steps: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(steps)
}
