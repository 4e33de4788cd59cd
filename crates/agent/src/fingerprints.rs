//! What this agent's cameras are known by: a file for each, in the agent's folder.
//!
//! The first camera that answers at an address is taken for the one that was added, and kept. What is kept is of one
//! camera in one tenure at one address: when its owner gives it another address, another one is learnt. A test's
//! draft learns for the camera that it becomes.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use ownsight_camera::{Fingerprint, Known, KnownCamera};
use ownsight_device::{AssignedCamera, Configuration, DeviceFiles};
use ownsight_model::{CameraAddress, CameraId, FingerprintId};

const PREFIX: &str = "fingerprint-";

/// What all cameras are known by. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Fingerprints(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    files: DeviceFiles,
    /// What the disk did not take. Held while a file is read or written: each has one writer at a time.
    unwritten: Mutex<HashMap<CameraId, String>>,
}

/// What one camera at one address is known by.
#[derive(Debug)]
struct AtItsAddress {
    all: Fingerprints,
    camera: CameraId,
    of: String,
    accepted: Option<FingerprintId>,
}

impl Fingerprints {
    pub(crate) fn new(files: DeviceFiles) -> Self {
        Self(Arc::new(Inner { files, unwritten: Mutex::default() }))
    }

    /// Of a camera at the address where it is to be; `None` of one that pushes by itself.
    pub(crate) fn of(&self, assigned: &AssignedCamera) -> Option<Arc<dyn KnownCamera>> {
        let source = assigned.source.as_ref()?;
        Some(Arc::new(AtItsAddress {
            all: self.clone(),
            camera: assigned.camera,
            of: format!("{} {} {}", assigned.camera, assigned.tenure, source.address.as_str()),
            accepted: source.accepted,
        }))
    }

    /// Of what a test is to find at its address: the camera that is there already, if this agent has one, else the draft.
    pub(crate) fn of_test(
        &self,
        configuration: &Configuration,
        draft: &AssignedCamera,
    ) -> Option<Arc<dyn KnownCamera>> {
        let address = |assigned: &AssignedCamera| -> Option<CameraAddress> {
            Some(assigned.source.as_ref()?.address.clone())
        };
        let there = configuration.cameras.iter().find(|camera| address(camera) == address(draft));
        self.of(there.unwrap_or(draft))
    }

    /// Forgets cameras that are not this agent's any more. Blocks on the disk.
    pub(crate) fn retain(&self, configuration: &Configuration) {
        let tests = configuration.tests.iter().map(|test| test.camera.camera);
        let cameras = configuration.cameras.iter().map(|assigned| assigned.camera).chain(tests);
        let wanted: BTreeSet<_> = cameras.map(file).collect();
        let removed = self.0.files.names(PREFIX).and_then(|names| {
            let mut gone = names.iter().filter(|name| !wanted.contains(*name));
            gone.try_for_each(|name| self.0.files.remove(name))
        });
        if let Err(error) = removed {
            tracing::warn!(%error, "what former cameras are known by cannot be removed");
        }
    }
}

impl KnownCamera for AtItsAddress {
    fn known(&self) -> Known {
        let unwritten = self.all.0.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = match unwritten.get(&self.camera) {
            Some(text) => Ok(Some(text.clone())),
            None => self.all.0.files.read::<String>(&file(self.camera)),
        };
        let camera = self.camera;
        match kept {
            Ok(None) => Known::Nothing,
            Ok(Some(text)) => match Fingerprint::from_stored(&text) {
                Ok((of, fingerprint)) if of == self.of => Known::Is(fingerprint),
                // Its owner has given it another address, or it is in the home anew.
                Ok(_) => Known::Nothing,
                Err(error) => {
                    tracing::error!(camera.id = %camera, %error, "nothing is recorded of it");
                    Known::Unreadable
                }
            },
            Err(error) => {
                tracing::error!(camera.id = %camera, %error, "what a camera is known by cannot be read: nothing is recorded of it");
                Known::Unreadable
            }
        }
    }

    fn accepted(&self) -> Option<FingerprintId> {
        self.accepted
    }

    fn keep(&self, fingerprint: &Fingerprint) {
        let text = fingerprint.to_stored(&self.of);
        let mut unwritten = self.all.0.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
        tracing::info!(camera.id = %self.camera, fingerprint = %fingerprint.id(), "a camera is known by this");
        match self.all.0.files.write(&file(self.camera), &text) {
            Ok(()) => {
                unwritten.remove(&self.camera);
            }
            Err(error) => {
                tracing::error!(camera.id = %self.camera, %error, "what a camera is known by is not on disk: it is kept until this agent ends");
                unwritten.insert(self.camera, text);
            }
        }
    }
}

fn file(camera: CameraId) -> String {
    format!("{PREFIX}{camera}")
}
