//! Which start of the device this is. The server tells two devices with one identity apart by it: a copy of the folder begins
//! runs of its own.
//!
//! A run is on disk before it is said, and counts as known only once an answer said so: a start after a crash in between says
//! the same run again, so that one device is never taken for two.

use data_encoding::BASE64URL_NOPAD;
use ownsight_disk::DiskError;
use serde::{Deserialize, Serialize};

use crate::error::LoadError;
use crate::state::Folder;

const FILE: &str = "run.json";

/// This start, and the last one that the server knows of. 16 random bytes each, in base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) before: Option<String>,
    acknowledged: bool,
}

impl Run {
    /// Begins a run, durably; or takes up one that the server may not have heard of.
    pub(crate) fn begin(folder: &Folder) -> Result<Self, LoadError> {
        let before = match folder.read::<Self>(FILE)? {
            Some(run) if !run.acknowledged => return Ok(run),
            Some(run) => Some(run.id),
            None => None,
        };
        let run = Self { id: new_id(), before, acknowledged: false };
        folder.write(FILE, &run)?;
        Ok(run)
    }

    /// Whether the server knows of this run.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.acknowledged
    }

    /// The server has answered a call of this run.
    pub(crate) fn acknowledge(&mut self, folder: &Folder) -> Result<(), DiskError> {
        folder.write(FILE, &Self { acknowledged: true, ..self.clone() })?;
        self.acknowledged = true;
        Ok(())
    }
}

fn new_id() -> String {
    BASE64URL_NOPAD.encode(&ownsight_seal::random_bytes::<16>())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ownsight_disk::ForgettingDisk;

    use super::*;

    fn folder() -> (ForgettingDisk, Folder) {
        let disk = ForgettingDisk::new();
        (disk.clone(), Folder::on(Arc::new(disk)))
    }

    #[test]
    fn a_start_after_an_answer_is_another_run_and_one_before_is_the_same() {
        let (_, folder) = folder();
        let mut first = Run::begin(&folder).unwrap();
        assert_eq!(first.before, None);
        assert_eq!(Run::begin(&folder).unwrap(), first, "the server may not have heard of it");
        first.acknowledge(&folder).unwrap();
        let second = Run::begin(&folder).unwrap();
        assert_eq!(second.before.as_ref(), Some(&first.id));
        assert_ne!(second.id, first.id);
    }

    #[test]
    fn a_crash_leaves_a_run_that_follows_what_the_server_knows() {
        let (disk, folder) = folder();
        // What the server may know by then: it hears of a run after that is on disk.
        let mut heard: Vec<(usize, String)> = Vec::new();
        let mut needed = Vec::new();
        for _ in 0..3 {
            let before = disk.syncs().len();
            let mut run = Run::begin(&folder).unwrap();
            needed.extend(disk.syncs().into_iter().skip(before));
            heard.push((disk.position(), run.id.clone()));
            // That it was answered may be forgotten: the same run is said again then.
            run.acknowledge(&folder).unwrap();
        }
        let follows = |disk: ForgettingDisk, position: usize| {
            let known = heard.iter().rev().find(|(from, _)| *from <= position).map(|(_, id)| id);
            let Ok(next) = Run::begin(&Folder::on(Arc::new(disk))) else { return false };
            known.is_none_or(|known| next.id == *known || next.before.as_ref() == Some(known))
        };
        for position in 0..=disk.position() {
            for seed in 0..20 {
                assert!(follows(disk.crash_at(position, seed), position), "position {position}, seed {seed}");
            }
        }
        for sync in needed {
            let caught = (0..=disk.position()).any(|position| {
                (0..40).any(|seed| !follows(disk.crash_without(sync.index, position, seed), position))
            });
            assert!(caught, "nothing noticed that this was left out: {sync:?}");
        }
    }
}
