//! Lockdowns as operators see them: on the socket, and on their visits.

use ownsight_model::{LockdownScope, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

view! {
    /// A visit of the operator in a browser.
    Visit {
        /// Who asked for its link.
        by: String,
        /// When it began.
        begun_at: Timestamp as i64,
        /// When it ends.
        expires_at: Timestamp as i64,
    }
}
view! {
    /// All that is closed now.
    ClosedNow {
        /// Oldest first.
        lockdowns: Vec<ClosedFor>,
    }
}
view! {
    /// Something that is closed.
    ClosedFor {
        /// For whom: `{"scope":"installation"}`, or `home`, `camera` or `account` with its `id`.
        of: LockdownScope as Object,
        /// What is closed.
        closes: Vec<&'static str> as Vec<String>,
        /// Since when.
        since: Timestamp as i64,
        /// Why, as people read it.
        reason: String,
        /// By whom.
        by: String,
    }
}
view! {
    /// Lines of the record, the newest first.
    LockdownRecord {
        /// At most as many as are shown at a time.
        lines: Vec<LockdownLine>,
    }
}
view! {
    /// Something that was closed, or opened again.
    LockdownLine {
        /// Its number on the record.
        sequence: u64,
        /// When.
        at: Timestamp as i64,
        /// For whom.
        of: LockdownScope as Object,
        /// By whom.
        by: String,
        /// What was closed; null if it was opened again.
        closes: Option<Vec<&'static str>> as Option<Vec<String>>,
        /// Why, if it was closed.
        reason: Option<String>,
    }
}
