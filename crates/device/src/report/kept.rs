//! The part of the reports that outlives a restart: gaps that the server does not have, and what was dropped.

use std::sync::{Mutex, PoisonError};

use ownsight_disk::DiskError;
use ownsight_model::GapReport;
use serde::{Deserialize, Serialize};

use super::Tagged;
use crate::error::LoadError;
use crate::place::Place;
use crate::state::Folder;

const FILE: &str = "reports.json";

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) dropped_events: u64,
    pub(super) gaps: Vec<Row>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) gap: GapReport,
    pub(super) tagged: Tagged,
}

/// The file, written by one thread at a time.
#[derive(Debug)]
pub(super) struct Kept {
    folder: Mutex<Folder>,
    file: String,
}

impl Kept {
    pub(super) fn load(folder: Folder, place: Place) -> Result<(Self, Content), LoadError> {
        let file = place.file(FILE);
        let content = folder.read(&file)?.unwrap_or_default();
        Ok((Self { folder: Mutex::new(folder), file }, content))
    }

    /// Replaces the file. The content is taken once it is this caller's turn: the newest is written last.
    pub(super) fn write(&self, content: impl FnOnce() -> Content) -> Result<(), DiskError> {
        let folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        folder.write(&self.file, &content())
    }
}
