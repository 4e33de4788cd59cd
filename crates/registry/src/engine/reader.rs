//! Reader threads: each owns a read-only connection with its prepared statements.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::queue::Queue;
use crate::RegistryError;
use crate::error::{Step, StorageError};

/// A read, type-erased: it runs and answers by itself.
pub(super) type ReadJob = Box<dyn FnOnce(&Connection) + Send>;

/// Whether a read is one statement, or several that must see one state of the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Statement,
    Snapshot,
}

pub(super) fn job<T, F>(span: Span, work: F) -> (ReadJob, oneshot::Receiver<Result<T, RegistryError>>)
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> Step<T> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let job: ReadJob = Box::new(move |connection| {
        if reply.is_closed() {
            return;
        }
        let result = catch_unwind(AssertUnwindSafe(|| match span {
            Span::Statement => work(connection),
            Span::Snapshot => snapshot(connection, work),
        }));
        let result = match result {
            Ok(result) => result.map_err(|failure| failure.0),
            Err(_) => Err(RegistryError::Storage(StorageError::new("a read panicked"))),
        };
        // Who went away does not want the answer.
        let _ = reply.send(result);
    });
    (job, answer)
}

fn snapshot<T>(connection: &Connection, work: impl FnOnce(&Connection) -> Step<T>) -> Step<T> {
    // Ends with the guard, also when `work` panics: a snapshot left open would keep the log from being reset.
    let transaction = connection.unchecked_transaction()?;
    let result = work(connection);
    transaction.finish()?;
    result
}

pub(super) fn run(connection: &Connection, queue: &Arc<Queue<ReadJob>>) {
    while let Some(jobs) = queue.take(1, None) {
        for job in jobs {
            job(connection);
        }
    }
}
