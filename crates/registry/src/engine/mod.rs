//! SQLite underneath: one writer thread, some reader threads, a deadline on every call.

mod backup;
mod migrations;
mod open;
mod queue;
mod quick;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{broadcast, oneshot, watch};

use crate::RegistryError;
use crate::changes::Change;
use crate::error::Step;
pub use backup::{back_up, installation_of};
use queue::Queue;
use quick::{Quick, Tried};
use reader::{ReadJob, Span};
pub(crate) use writer::Tx;
use writer::WriteJob;

/// The threads and the way to them.
pub(crate) struct Engine {
    reads: Arc<Queue<ReadJob>>,
    quick: Quick,
    writes: Arc<Queue<Box<dyn WriteJob>>>,
    pub(crate) changes: broadcast::Sender<Change>,
    pub(crate) ended: watch::Sender<u64>,
    deadline: Duration,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Engine {
    /// Reads with several statements that see one state of the primary. Cancel-safe.
    pub(crate) async fn snapshot<T, F>(&self, work: F) -> Result<T, RegistryError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Step<T> + Send + 'static,
    {
        let (job, answer) = reader::job(Span::Snapshot, work);
        self.answered(self.reads.push(job), answer).await
    }

    /// Reads with a single statement. Cancel-safe.
    pub(crate) async fn statement<T, F>(&self, work: F) -> Result<T, RegistryError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Step<T> + Send + 'static,
    {
        let (job, answer) = reader::job(Span::Statement, work);
        self.answered(self.reads.push(job), answer).await
    }

    /// As [`Engine::statement`], for one that takes microseconds whatever the database holds: run where it is asked for, if
    /// nothing speaks against it. Cancel-safe.
    pub(crate) async fn quick_statement<T, F>(&self, work: F) -> Result<T, RegistryError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Step<T> + Send + 'static,
    {
        match self.quick.run(work) {
            Tried::Done(result) => result,
            Tried::NotNow(work) => self.statement(work).await,
        }
    }

    /// Runs a transaction and waits until it is durable. Cancel-safe in this sense: when the future is dropped,
    /// the transaction is committed as a whole or not at all.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, RegistryError>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Step<T> + Send + 'static,
    {
        let (job, answer) = writer::job(work);
        self.answered(self.writes.push(job), answer).await
    }

    async fn answered<T>(
        &self,
        pushed: impl Future<Output = Result<(), RegistryError>>,
        answer: oneshot::Receiver<Result<T, RegistryError>>,
    ) -> Result<T, RegistryError> {
        let both = async {
            pushed.await?;
            answer.await.map_err(|_| RegistryError::Unavailable)?
        };
        tokio::time::timeout(self.deadline, both).await.map_err(|_| RegistryError::Unavailable)?
    }

    /// Refuses new work, lets the threads finish what they have, and waits for them. Blocks.
    pub(crate) fn close(&self) {
        self.quick.close();
        self.reads.close();
        self.writes.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // The engine's threads catch panics of their jobs; there is nothing to do for one that died.
            let _ = thread.join();
        }
    }
}

impl Drop for Engine {
    /// Work that waits is still done; the threads end by themselves after it.
    fn drop(&mut self) {
        self.reads.close();
        self.writes.close();
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}
