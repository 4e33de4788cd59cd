//! The writer thread: waiting transactions share one commit, and each has its own answer.
//!
//! Each member of a group runs in a savepoint: one that fails is rolled back alone and learns its own error;
//! the others commit together. Nobody is answered before the commit is durable.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{broadcast, oneshot, watch};

use super::queue::Queue;
use crate::changes::{Change, ChangeKind};
use crate::error::{Failure, Step, StorageError};
use crate::restored::ended;
use crate::{HomeId, RegistryError};

/// Most transactions that share a commit.
const GROUP_MAX: usize = 256;
/// How long erased bytes may stay in the log: emptying it after each erasure would cost each of them two syncs.
const SCRUB_EVERY: Duration = Duration::from_secs(1);
/// How long overwriting erased bytes in the log may wait for readers before it is put off.
const SCRUB_WAIT: Duration = Duration::from_millis(100);

/// An open transaction, and what is to happen once it is committed.
pub(crate) struct Tx<'c> {
    connection: &'c Connection,
    changes: RefCell<Vec<Change>>,
    scrub: Cell<bool>,
}

impl Tx<'_> {
    /// Announces that something of this home changed, after the commit.
    pub(crate) fn changed(&self, home: HomeId, what: ChangeKind) {
        let change = Change { home, what };
        let mut changes = self.changes.borrow_mut();
        if !changes.contains(&change) {
            changes.push(change);
        }
    }

    /// Something was erased: overwrite it in the write-ahead log too, soon after the commit.
    pub(crate) fn scrub(&self) {
        self.scrub.set(true);
    }
}

impl std::ops::Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

/// A transaction that waits for its turn.
pub(super) trait WriteJob: Send {
    /// Whether the caller went away before it began.
    fn abandoned(&self) -> bool;
    /// Runs it once. The error stays inside for [`Self::answer`].
    fn run(&mut self, tx: &Tx<'_>) -> Result<(), RegistryError>;
    /// Answers the caller: with its own result, or with `failure` if it succeeded and could not be committed.
    fn answer(self: Box<Self>, failure: Option<&RegistryError>);
}

struct Job<T, F> {
    work: Option<F>,
    result: Option<Result<T, RegistryError>>,
    reply: oneshot::Sender<Result<T, RegistryError>>,
}

pub(super) fn job<T, F>(work: F) -> (Box<dyn WriteJob>, oneshot::Receiver<Result<T, RegistryError>>)
where
    T: Send + 'static,
    F: FnOnce(&Tx<'_>) -> Step<T> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Job { work: Some(work), result: None, reply }), answer)
}

impl<T, F> WriteJob for Job<T, F>
where
    T: Send + 'static,
    F: FnOnce(&Tx<'_>) -> Step<T> + Send + 'static,
{
    fn abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(&mut self, tx: &Tx<'_>) -> Result<(), RegistryError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let result = match catch_unwind(AssertUnwindSafe(|| work(tx))) {
            Ok(result) => result.map_err(|failure| failure.0),
            Err(_) => Err(RegistryError::Storage(StorageError::new("a transaction panicked"))),
        };
        let outcome = match &result {
            Ok(_) => Ok(()),
            Err(error) => Err(error.clone()),
        };
        self.result = Some(result);
        outcome
    }

    fn answer(self: Box<Self>, failure: Option<&RegistryError>) {
        let result = match (self.result, failure) {
            (Some(Err(error)), _) => Err(error),
            (_, Some(error)) => Err(error.clone()),
            (Some(result), None) => result,
            (None, None) => Err(RegistryError::Unavailable),
        };
        // Who went away does not want the answer.
        let _ = self.reply.send(result);
    }
}

/// The writer's thread.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) queue: Arc<Queue<Box<dyn WriteJob>>>,
    pub(super) changes: broadcast::Sender<Change>,
    pub(super) ended: watch::Sender<u64>,
    pub(super) busy: Duration,
}

impl Writer {
    pub(super) fn run(self) {
        let mut scrub_at = None;
        while let Some(jobs) = self.queue.take(GROUP_MAX, scrub_at) {
            let mut waiting = VecDeque::from(jobs);
            while !waiting.is_empty() {
                if self.group(&mut waiting) {
                    scrub_at.get_or_insert_with(|| Instant::now() + SCRUB_EVERY);
                }
            }
            if scrub_at.is_some_and(|at| at <= Instant::now()) {
                scrub_at = if self.empty_log() { None } else { Some(Instant::now() + SCRUB_EVERY) };
            }
        }
        self.empty_log();
    }

    /// Runs and commits a group from the front of `waiting`; whether it erased something.
    fn group(&self, waiting: &mut VecDeque<Box<dyn WriteJob>>) -> bool {
        if let Err(error) = self.sql("BEGIN IMMEDIATE") {
            for job in waiting.drain(..) {
                job.answer(Some(&error));
            }
            return false;
        }
        let tx =
            Tx { connection: &self.connection, changes: RefCell::new(Vec::new()), scrub: Cell::new(false) };
        let mut members = Vec::new();
        let mut failure = None;
        while let Some(mut job) = waiting.pop_front() {
            if job.abandoned() {
                continue;
            }
            let ran = self.member(&tx, job.as_mut());
            members.push(job);
            if let Err(error) = ran {
                failure = Some(error);
                break;
            }
        }
        let committed = match failure {
            None => self.sql("COMMIT"),
            Some(error) => Err(error),
        };
        match committed {
            Ok(()) => {
                self.note_ended();
                for change in tx.changes.take() {
                    // Nobody listens: fine.
                    let _ = self.changes.send(change);
                }
                for job in members {
                    job.answer(None);
                }
                tx.scrub.get()
            }
            Err(error) => {
                tracing::error!(error = %error, members = members.len(), "a group of transactions was rolled back");
                if !self.connection.is_autocommit() {
                    let _ = self.sql("ROLLBACK");
                }
                for job in members {
                    job.answer(Some(&error));
                }
                false
            }
        }
    }

    /// Tells who keeps the mark of it that something ended. What cannot be read now is told with the next commit.
    fn note_ended(&self) {
        match ended(&self.connection) {
            Ok(ended) => {
                self.ended.send_if_modified(|known| std::mem::replace(known, ended) != ended);
            }
            Err(Failure(error)) => tracing::warn!(%error, "how often access ended could not be read"),
        }
    }

    /// Runs one member in a savepoint. `Err` when the whole group is lost, because SQLite rolled it back.
    fn member(&self, tx: &Tx<'_>, job: &mut dyn WriteJob) -> Result<(), RegistryError> {
        self.sql("SAVEPOINT member")?;
        let announced = tx.changes.borrow().len();
        let scrub = tx.scrub.get();
        let Err(error) = job.run(tx) else { return self.sql("RELEASE member") };
        // A full disk and some other failures end the transaction as a whole.
        if self.connection.is_autocommit() {
            return Err(error);
        }
        tx.changes.borrow_mut().truncate(announced);
        tx.scrub.set(scrub);
        self.sql("ROLLBACK TO member")?;
        self.sql("RELEASE member")
    }

    /// Moves the log into the database and cuts it to nothing; `false` if readers were in the way.
    fn empty_log(&self) -> bool {
        let _ = self.connection.busy_timeout(SCRUB_WAIT);
        let busy =
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        let _ = self.connection.busy_timeout(self.busy);
        match busy {
            Ok(busy) => busy == 0,
            Err(error) => {
                tracing::warn!(%error, "the registry's log could not be emptied");
                false
            }
        }
    }

    fn sql(&self, sql: &str) -> Result<(), RegistryError> {
        let run = || -> Step<()> {
            self.connection.prepare_cached(sql)?.execute([])?;
            Ok(())
        };
        run().map_err(|Failure(error)| error)
    }
}
