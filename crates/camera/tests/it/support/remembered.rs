//! A camera that is remembered in memory.

use std::sync::Mutex;

use ownsight_camera::{Fingerprint, Known, KnownCamera};
use ownsight_model::FingerprintId;

/// Remembers what one camera is known by.
#[derive(Debug, Default)]
pub(crate) struct Remembered(pub(crate) Mutex<Option<Fingerprint>>);

impl KnownCamera for Remembered {
    fn known(&self) -> Known {
        self.0.lock().unwrap().clone().map_or(Known::Nothing, Known::Is)
    }

    fn accepted(&self) -> Option<FingerprintId> {
        None
    }

    fn keep(&self, fingerprint: &Fingerprint) {
        *self.0.lock().unwrap() = Some(fingerprint.clone());
    }
}
