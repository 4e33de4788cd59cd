//! Lockdowns on the record, as operators see them.

use ownsight_model::{LockdownScope, Timestamp};

/// A line of the record: something was closed, or opened again. For operators.
#[derive(Debug, Clone)]
pub struct LockdownNotice {
    /// Its number on the record.
    pub sequence: u64,
    /// When.
    pub time: Timestamp,
    /// For whom.
    pub scope: LockdownScope,
    /// By whom.
    pub by: String,
    /// What was closed; `None` if it was opened again.
    pub closes: Option<Vec<&'static str>>,
    /// Why, if it was closed.
    pub reason: Option<String>,
}
