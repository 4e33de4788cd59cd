//! What can go wrong in the registry, told apart by what the caller can do.

use std::fmt;
use std::sync::Arc;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::rows::LockdownRow;

/// A registry operation that failed. Nothing of it was written, unless the variant says otherwise.
///
/// Callers decide by variant, so adding one is meant to break them.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RegistryError {
    /// The session has ended, or the grant is revoked, is another account's or may not write: sign in again.
    #[error("the session or the grant is not live")]
    NotLive,
    /// Something that was named does not exist in that home.
    #[error("what was named does not exist")]
    NotFound,
    /// It was changed meanwhile, or the id is taken: read again, then decide anew.
    #[error("it was changed meanwhile, or exists already")]
    Conflict,
    /// An account with this e-mail address exists.
    #[error("the e-mail address has an account already")]
    EmailTaken,
    /// The link was used, has expired, or never was.
    #[error("the link was used or has expired")]
    LinkUsed,
    /// The account is a member of the home already.
    #[error("the account is a member already")]
    AlreadyMember,
    /// The home would be left without an owner: hand it over first.
    #[error("a home needs an owner")]
    LastOwner,
    /// The home has as many members and invitations, or shares, as it may have.
    #[error("the home has {max} of these, and may have no more")]
    TooMany {
        /// How many it may have.
        max: u32,
    },
    /// An operator has closed this: say so, and come back when it was lifted.
    #[error("this is locked down since {}", .0.begun_at.as_micros())]
    LockedDown(Box<LockdownRow>),
    /// The home came back from a backup: an owner must confirm first who belongs to it.
    #[error("the home waits to be confirmed after a restore")]
    Restored,
    /// No space on disk: free some and try again.
    #[error("the disk of the registry is full")]
    DiskFull,
    /// Too busy, or closed. For a write that timed out it is unknown whether it was committed: read, or
    /// repeat what may be repeated.
    #[error("the registry is busy or closed")]
    Unavailable,
    /// The disk or the database file is broken.
    #[error("the registry's storage failed")]
    Storage(#[source] StorageError),
    /// The file was written by a newer version: start that version, or restore the copy made before the upgrade.
    #[error("the registry has schema {found}, and this version knows up to {known}: start the newer version")]
    Schema {
        /// The file's version.
        found: u32,
        /// The latest that this program knows.
        known: u32,
    },
    /// A value in the database is not of its column's form. The row cannot be used; run `ownsight check`.
    #[error("a value in `{table}.{column}` is not of its form")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The registry cannot be kept in this file, or not by this program. Only from opening.
    #[error("the registry cannot be opened: {reason}")]
    Unsuitable {
        /// What is wrong, and the remedy.
        reason: String,
    },
}

/// What the storage said: for logs, not for decisions.
#[derive(Clone)]
pub struct StorageError(Arc<dyn std::error::Error + Send + Sync>);

impl StorageError {
    pub(crate) fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Arc::from(source.into()))
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for StorageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// A failure inside the engine, where errors of the database and our own meet.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) RegistryError);

/// What steps inside a transaction return.
pub(crate) type Step<T> = Result<T, Failure>;

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        Self(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self(classify(error))
    }
}

fn classify(error: rusqlite::Error) -> RegistryError {
    let rusqlite::Error::SqliteFailure(code, _) = &error else {
        return RegistryError::Storage(StorageError::new(error));
    };
    match (code.code, code.extended_code) {
        (ErrorCode::DiskFull, _) => RegistryError::DiskFull,
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OperationInterrupted, _) => {
            RegistryError::Unavailable
        }
        (
            ErrorCode::ConstraintViolation,
            ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_ROWID,
        ) => RegistryError::Conflict,
        // A row names another one that is not there.
        (ErrorCode::ConstraintViolation, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => RegistryError::NotFound,
        _ => RegistryError::Storage(StorageError::new(error)),
    }
}
