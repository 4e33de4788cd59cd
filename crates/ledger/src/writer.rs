//! The one thread that writes: it takes everything that waits into one transaction, so that appends share a
//! sync, and answers after the commit.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::chain::{self, EntryHash, Head};
use crate::encoding::{self, Line};
use crate::entry::Entry;
use crate::notice::LockdownNotice;
use crate::query::{FoundBy, head};
use crate::recorded::Recorded;
use crate::schema;

pub(crate) enum Request {
    Append(Append),
    /// End after what was asked for before.
    Close,
}

/// What is to be recorded, and who waits for it.
pub(crate) enum Append {
    Opening { entry: Entry, reply: oneshot::Sender<Recorded> },
    Lockdown { notice: LockdownNotice, reply: oneshot::Sender<()> },
}

impl Append {
    fn is_waited_for(&self) -> bool {
        match self {
            Self::Opening { reply, .. } => !reply.is_closed(),
            Self::Lockdown { reply, .. } => !reply.is_closed(),
        }
    }

    fn line(&self) -> Line {
        match self {
            Self::Opening { entry, .. } => Line::Opening(entry.clone()),
            Self::Lockdown { notice, .. } => Line::Lockdown(notice.clone()),
        }
    }

    /// Who has gone away meanwhile leaves an entry for an opening that did not take place.
    fn answer(self, sequence: u64, hash: EntryHash) {
        match self {
            Self::Opening { entry, reply } => {
                let _ = reply.send(Recorded::new(sequence, hash, entry));
            }
            Self::Lockdown { reply, .. } => {
                let _ = reply.send(());
            }
        }
    }
}

/// What the writer tells without being asked.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) entries: AtomicU64,
    pub(crate) commits: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) failing: AtomicBool,
}

pub(crate) struct Writer {
    pub(crate) path: PathBuf,
    pub(crate) busy_timeout: Duration,
    pub(crate) batch_max: usize,
    pub(crate) requests: mpsc::Receiver<Request>,
    pub(crate) gauges: Arc<Gauges>,
    /// `None` after a failure: what the connection knows may not be what is in the file.
    pub(crate) connection: Option<Connection>,
}

impl Writer {
    /// Runs until it is told to close, or nobody can ask any more.
    pub(crate) fn run(mut self) {
        let mut open = true;
        while open {
            let Some(first) = self.requests.blocking_recv() else { return };
            let mut batch = Vec::new();
            open = take(first, &mut batch);
            while open && batch.len() < self.batch_max {
                match self.requests.try_recv() {
                    Ok(request) => open = take(request, &mut batch),
                    Err(_) => break,
                }
            }
            self.write(batch);
        }
    }

    fn write(&mut self, batch: Vec<Append>) {
        // Who has gone away opens nothing; under load these are many.
        let batch: Vec<Append> = batch.into_iter().filter(Append::is_waited_for).collect();
        if batch.is_empty() {
            return;
        }
        match self.commit(&batch) {
            Ok(places) => {
                self.gauges.entries.fetch_add(batch.len() as u64, Ordering::Relaxed);
                self.gauges.commits.fetch_add(1, Ordering::Relaxed);
                if self.gauges.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("the ledger records again");
                }
                for (append, (sequence, hash)) in batch.into_iter().zip(places) {
                    append.answer(sequence, hash);
                }
            }
            Err(error) => {
                // Dropping the batch tells everybody who waits.
                self.connection = None;
                self.gauges.failures.fetch_add(1, Ordering::Relaxed);
                self.gauges.failing.store(true, Ordering::Relaxed);
                tracing::error!(
                    error = &*error,
                    appends = batch.len(),
                    "the ledger cannot record: nothing is opened"
                );
            }
        }
    }

    fn commit(
        &mut self,
        batch: &[Append],
    ) -> Result<Vec<(u64, EntryHash)>, Box<dyn std::error::Error + Send + Sync>> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(schema::connect(&self.path, self.busy_timeout)?),
        };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut head = head(&transaction)?;
        let mut places = Vec::with_capacity(batch.len());
        for append in batch {
            head = insert(&transaction, head, &append.line())?;
            places.push((head.sequence, head.hash));
        }
        transaction
            .prepare_cached("UPDATE head SET sequence = ?1, hash = ?2")?
            .execute((head.sequence as i64, head.hash.as_bytes()))?;
        transaction.commit()?;
        Ok(places)
    }
}

/// Puts a request into the batch; false if it was the last one.
fn take(request: Request, batch: &mut Vec<Append>) -> bool {
    match request {
        Request::Append(append) => {
            batch.push(append);
            true
        }
        Request::Close => false,
    }
}

fn insert(transaction: &Transaction<'_>, head: Head, line: &Line) -> Result<Head, rusqlite::Error> {
    let sequence = head.sequence + 1;
    let bytes = encoding::encode(sequence, line);
    let hash = chain::next(head.hash, &bytes);
    let found_by = FoundBy::of(line);
    transaction
        .prepare_cached(
            "INSERT INTO entry (sequence, time, account, home, bytes, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            sequence as i64,
            found_by.time.as_micros(),
            found_by.account,
            found_by.home,
            &bytes,
            hash.as_bytes(),
        ))?;
    // A list may name an event twice.
    let mut find = transaction
        .prepare_cached("INSERT OR IGNORE INTO entry_event (event, camera, sequence) VALUES (?1, ?2, ?3)")?;
    for event in found_by.events {
        find.execute((event.event.as_bytes(), event.camera.as_bytes(), sequence as i64))?;
    }
    Ok(Head { sequence, hash })
}
