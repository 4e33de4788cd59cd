//! The ledger's errors, told apart by what the caller can do.

use crate::encoding::DecodeError;

/// Why there is no [`crate::Recorded`]: nothing may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The deadline passed, the queue is full, the disk failed or is full, or the ledger is closing: come back
    /// later (503). An entry may have been written all the same.
    #[error("the ledger cannot record this now")]
    Unavailable,
    /// A list with more ids than [`crate::IDS_MAX`]: ask for a smaller page.
    #[error("a list of {ids} ids is too long for one entry")]
    TooManyIds {
        /// How many ids it has.
        ids: usize,
    },
    /// A text of more than [`crate::TEXT_BYTES_MAX`] bytes: say it shorter.
    #[error("a text of {bytes} bytes is too long for one entry")]
    TooLong {
        /// How many bytes it has.
        bytes: usize,
    },
}

/// Why a ledger was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// This SQLite library can corrupt a WAL database.
    #[error("SQLite {found} can corrupt a database in WAL mode: 3.51.3 or newer is needed")]
    SqliteTooOld {
        /// Its version.
        found: &'static str,
    },
    /// The file was written by a newer version of Ownsight.
    #[error("the ledger has schema version {found}, this program knows {known}: use a newer program")]
    NewerSchema {
        /// The file's version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The file is another installation's ledger.
    #[error("the ledger belongs to another installation: put this installation's file back")]
    OtherInstallation,
    /// The file system does not let SQLite use a write-ahead log.
    #[error("SQLite cannot use a write-ahead log here (journal mode is `{mode}`): use a local disk")]
    NotWal {
        /// The journal mode that SQLite gave instead.
        mode: String,
    },
    /// The writer's thread could not be started.
    #[error("cannot start the ledger's writer")]
    Thread(#[source] std::io::Error),
    /// SQLite failed.
    #[error("cannot open the ledger")]
    Sqlite(#[from] rusqlite::Error),
    /// The file could not be made.
    #[error("cannot make the ledger's file")]
    File(#[source] std::io::Error),
    /// The folder's names could not be synced.
    #[error("cannot sync the ledger's folder")]
    Folder(#[source] std::io::Error),
}

/// Why entries could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// An entry is not one: [`crate::Ledger::verify`] says more.
    #[error("entry {sequence} is damaged")]
    Damaged {
        /// Its number.
        sequence: u64,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// The process is shutting down.
    #[error("the ledger is closing")]
    Closing,
    /// SQLite failed.
    #[error("cannot read the ledger")]
    Sqlite(#[from] rusqlite::Error),
}
