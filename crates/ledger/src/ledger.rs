//! The ledger as the gate sees it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ownsight_model::{AccountId, HomeId, InstallationId};
use rusqlite::Connection;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::chain::Head;
use crate::entry::{Entry, EventRef, IDS_MAX};
use crate::error::{LedgerError, OpenError, ReadError};
use crate::notice::{LockdownNotice, TEXT_BYTES_MAX};
use crate::query::{self, KeptEntry, KeptNotice, Of};
use crate::recorded::Recorded;
use crate::schema;
use crate::verify::{self, Verification};
use crate::writer::{Append, Gauges, Request, Writer};

/// Readings that go on at once; others wait.
const READERS_MAX: usize = 4;

/// Limits of a ledger. The defaults are for production.
#[derive(Debug, Clone)]
pub struct LedgerConfig {
    /// Appends that wait for the writer; who comes then waits outside, until his deadline.
    pub queue_max: usize,
    /// Appends that share one commit at most.
    pub batch_max: usize,
    /// How long the writer waits for another process that has the database locked.
    pub busy_timeout: Duration,
}

impl Default for LedgerConfig {
    fn default() -> Self {
        Self { queue_max: 1024, batch_max: 512, busy_timeout: Duration::from_secs(2) }
    }
}

/// The record of every opening. Clones are the same ledger. Needs a tokio runtime.
#[derive(Debug, Clone)]
pub struct Ledger {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    installation: InstallationId,
    busy_timeout: Duration,
    requests: mpsc::Sender<Request>,
    writer: Mutex<Option<JoinHandle<()>>>,
    gauges: Arc<Gauges>,
    readers: Arc<Semaphore>,
}

/// What the ledger has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Entries that were recorded.
    pub entries: u64,
    /// Transactions in which they were.
    pub commits: u64,
    /// Transactions that failed.
    pub failures: u64,
    /// Whether the last transaction failed: the alarm.
    pub failing: bool,
}

impl Ledger {
    /// Opens the ledger in this file, makes it if it is not there, and starts its writer. The file must be on
    /// a local disk, and its folder must exist. Blocks: for the start.
    pub fn open(path: &Path, installation: InstallationId, config: &LedgerConfig) -> Result<Self, OpenError> {
        let connection = schema::open(path, installation, config.busy_timeout)?;
        let (sender, requests) = mpsc::channel(config.queue_max.max(1));
        let gauges = Arc::new(Gauges::default());
        let writer = Writer {
            path: path.to_path_buf(),
            busy_timeout: config.busy_timeout,
            batch_max: config.batch_max.max(1),
            requests,
            gauges: Arc::clone(&gauges),
            connection: Some(connection),
        };
        let thread = std::thread::Builder::new().name("ledger-writer".to_owned());
        let writer = thread.spawn(move || writer.run()).map_err(OpenError::Thread)?;
        let shared = Shared {
            path: path.to_path_buf(),
            installation,
            busy_timeout: config.busy_timeout,
            requests: sender,
            writer: Mutex::new(Some(writer)),
            gauges,
            readers: Arc::new(Semaphore::new(READERS_MAX)),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Copies the ledger in the file `path`, as it is at one moment, to the file `to`, which must be empty or not there. Who
    /// works on it goes on meanwhile. Blocks. The copy is durable; its name in its folder is the caller's to sync.
    pub fn back_up(path: &Path, to: &Path) -> Result<(), OpenError> {
        schema::create(to).map_err(OpenError::File)?;
        let connection = schema::connect_for_reading(path, LedgerConfig::default().busy_timeout)?;
        connection.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
        File::open(to).and_then(|file| file.sync_all()).map_err(OpenError::File)
    }

    /// Records an opening. `Ok` means that the entry is durable; with any error nothing may be opened.
    ///
    /// Cancel-safe: a dropped call, like one that meets its deadline, may leave an entry for an opening that
    /// did not take place, and never a proof without an entry.
    pub async fn append(&self, entry: Entry, deadline: Instant) -> Result<Recorded, LedgerError> {
        let ids = entry.opening.action.listed();
        if ids > IDS_MAX {
            return Err(LedgerError::TooManyIds { ids });
        }
        let (reply, recorded) = oneshot::channel();
        self.answered(Append::Opening { entry, reply }, recorded, deadline).await
    }

    /// Records what an operator closed or opened again. `Ok` means that it is durable; it proves nothing to the gate.
    ///
    /// Cancel-safe: a dropped call, like one that meets its deadline, may have recorded it.
    pub async fn note(&self, notice: LockdownNotice, deadline: Instant) -> Result<(), LedgerError> {
        let bytes = notice.text_bytes();
        if bytes > TEXT_BYTES_MAX {
            return Err(LedgerError::TooLong { bytes });
        }
        let (reply, recorded) = oneshot::channel();
        self.answered(Append::Lockdown { notice, reply }, recorded, deadline).await
    }

    /// Hands something to the writer and waits for its answer.
    async fn answered<T>(
        &self,
        append: Append,
        recorded: oneshot::Receiver<T>,
        deadline: Instant,
    ) -> Result<T, LedgerError> {
        let append = async {
            self.shared.requests.send(Request::Append(append)).await.ok()?;
            recorded.await.ok()
        };
        let in_time = tokio::time::timeout_at(deadline.into(), append).await;
        in_time.ok().flatten().ok_or(LedgerError::Unavailable)
    }

    /// The end of the chain, as recorded last.
    ///
    /// Cancel-safe: a dropped call changes nothing.
    pub async fn head(&self) -> Result<Head, ReadError> {
        self.read(|connection, _| Ok(query::head(connection)?)).await
    }

    /// Whether entries can be recorded, as far as is known: the writer runs, and its last transaction did not fail.
    pub fn is_recording(&self) -> bool {
        !self.shared.requests.is_closed() && !self.counts().failing
    }

    /// Walks over the whole ledger and says what is wrong first, if anything is. Takes time in proportion to
    /// the ledger's length.
    ///
    /// Cancel-safe: a dropped call goes on in its thread.
    pub async fn verify(&self) -> Result<Verification, ReadError> {
        self.read(|connection, installation| Ok(verify::verify(connection, installation)?)).await
    }

    /// At most `limit` entries that name this event, whatever home they were made for, the newest first; with
    /// `before`, those with smaller numbers.
    ///
    /// Cancel-safe: a dropped call changes nothing.
    pub async fn entries_for_event(
        &self,
        event: EventRef,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<KeptEntry>, ReadError> {
        self.read(move |connection, _| query::entries(connection, Of::Event(event), before, limit)).await
    }

    /// At most `limit` entries of this home, the newest first; with `before`, those with smaller numbers.
    ///
    /// Cancel-safe: a dropped call changes nothing.
    pub async fn entries_for_home(
        &self,
        home: HomeId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<KeptEntry>, ReadError> {
        self.read(move |connection, _| query::entries(connection, Of::Home(home), before, limit)).await
    }

    /// At most `limit` entries of this account, the newest first; with `before`, those with smaller numbers.
    ///
    /// Cancel-safe: a dropped call changes nothing.
    pub async fn entries_for_account(
        &self,
        account: AccountId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<KeptEntry>, ReadError> {
        self.read(move |connection, _| query::entries(connection, Of::Account(account), before, limit)).await
    }

    /// At most `limit` notices on lockdowns, the newest first; with `before`, those with smaller numbers.
    ///
    /// Cancel-safe: a dropped call changes nothing.
    pub async fn notices(&self, before: Option<u64>, limit: usize) -> Result<Vec<KeptNotice>, ReadError> {
        self.read(move |connection, _| query::notices(connection, before, limit)).await
    }

    /// What was done since the ledger was opened, for metrics and the alarm.
    pub fn counts(&self) -> Counts {
        let gauges = &self.shared.gauges;
        Counts {
            entries: gauges.entries.load(Ordering::Relaxed),
            commits: gauges.commits.load(Ordering::Relaxed),
            failures: gauges.failures.load(Ordering::Relaxed),
            failing: gauges.failing.load(Ordering::Relaxed),
        }
    }

    /// Records what waits and ends the writer; later appends are [`LedgerError::Unavailable`]. A ledger that is
    /// dropped instead ends in the same way, without anybody waiting for it.
    ///
    /// Cancel-safe: a dropped call may have ended the writer.
    pub async fn close(&self) {
        // Fails only if the writer has ended.
        let _ = self.shared.requests.send(Request::Close).await;
        let writer = self.shared.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let joined = tokio::task::spawn_blocking(move || writer.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the ledger's writer ended by a panic");
            }
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        reading: impl FnOnce(&mut Connection, InstallationId) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let slot = Arc::clone(&self.shared.readers).acquire_owned().await.map_err(|_| ReadError::Closing)?;
        let (path, installation) = (self.shared.path.clone(), self.shared.installation);
        let busy_timeout = self.shared.busy_timeout;
        let task = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            let mut connection = schema::connect_for_reading(&path, busy_timeout)?;
            reading(&mut connection, installation)
        });
        match task.await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(ReadError::Closing),
        }
    }
}
