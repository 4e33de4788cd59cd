//! The faults that a test can arm. Those with a number strike once.

use std::collections::{HashMap, HashSet};

#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) ignored_syncs: HashSet<usize>,
    pub(super) failing_syncs: HashSet<usize>,
    pub(super) cut_writes: HashMap<usize, usize>,
    pub(super) failing_changes: HashSet<usize>,
    pub(super) capacity: Option<u64>,
    pub(super) copy_on_write: bool,
}
