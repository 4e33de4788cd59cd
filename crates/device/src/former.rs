//! Former pairings: the homes where a device was before it was paired anew, for as long as it has something to deliver there.
//!
//! Of a former pairing nothing is left but how to call its server, and its queue: no key that opens or makes anything. A pairing
//! is noted here before the next one takes its place, so that a crash in between loses neither; one that is noted and is still the
//! present one is not former.

use std::sync::{Arc, Mutex, PoisonError};

use ownsight_disk::DiskError;
use ownsight_model::{DeviceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::address::ServerAddress;
use crate::error::LoadError;
use crate::place::Place;
use crate::run::Run;
use crate::state::{Folder, Secret, State};
use crate::tls::ServerPin;

const FILE: &str = "former.json";
/// Most former pairings at one time.
pub(crate) const FORMER_MAX: usize = 8;

/// How to deliver what was sealed under a pairing that has ended.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct FormerPairing {
    pub(crate) server: ServerAddress,
    pub(crate) server_pin: Option<ServerPin>,
    pub(crate) device: DeviceId,
    pub(crate) credential: Secret,
    pub(crate) place: Place,
    /// The start of the device that its server knows: it hears of no other one.
    pub(crate) run: Run,
    /// When it ended, by its server's clock.
    pub(crate) ended_at: Timestamp,
}

/// The former pairings of a device, in a file that is replaced as a whole. Clones are the same file.
#[derive(Clone)]
pub(crate) struct FormerPairings(Arc<Mutex<(Folder, Vec<FormerPairing>)>>);

impl FormerPairing {
    pub(crate) fn of(state: &State, run: Run, ended_at: Timestamp) -> Self {
        Self {
            server: state.server.clone(),
            server_pin: state.server_pin,
            device: state.device,
            credential: state.credential.clone(),
            place: state.place,
            run,
            ended_at,
        }
    }
}

impl FormerPairings {
    /// Reads the file. `present` is the pairing that is not a former one, whatever the file says.
    pub(crate) fn load(folder: Folder, present: Place) -> Result<Self, LoadError> {
        let mut pairings: Vec<FormerPairing> = folder.read(FILE)?.unwrap_or_default();
        pairings.retain(|pairing| pairing.place != present);
        Ok(Self(Arc::new(Mutex::new((folder, pairings)))))
    }

    pub(crate) fn all(&self) -> Vec<FormerPairing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// Notes a pairing that is about to end; `false`, and nothing is noted, if there are too many. Blocks on the disk.
    pub(crate) fn add(&self, pairing: FormerPairing) -> Result<bool, DiskError> {
        self.change(|pairings| {
            let room = pairings.len() < FORMER_MAX;
            if room {
                pairings.push(pairing);
            }
            room
        })
    }

    /// Forgets a pairing that has nothing more to deliver, or that did not end after all. Blocks on the disk.
    pub(crate) fn remove(&self, place: Place) -> Result<(), DiskError> {
        self.change(|pairings| pairings.retain(|pairing| pairing.place != place))
    }

    /// Writes what a change makes of them, and makes it so if that worked.
    fn change<T>(&self, change: impl FnOnce(&mut Vec<FormerPairing>) -> T) -> Result<T, DiskError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (folder, pairings) = &mut *held;
        let mut changed = pairings.clone();
        let outcome = change(&mut changed);
        folder.write(FILE, &changed)?;
        *pairings = changed;
        Ok(outcome)
    }
}

impl std::fmt::Debug for FormerPairings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.all().iter().map(|pairing| pairing.device)).finish()
    }
}
