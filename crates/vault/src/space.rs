//! Free space: the floor that footage leaves, the reserve file, and the state for the alarm.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ownsight_disk::{Disk, DiskError, Space};
use ownsight_model::Timestamp;

use crate::layout::RESERVE;
use crate::{StoreError, VaultConfig};

/// Written at once when the reserve is made.
const RESERVE_CHUNK: usize = 256 * 1024;

/// What is known of the disk's space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpaceState {
    /// Bytes that can still be written, the floor included.
    pub free_bytes: u64,
    /// Size of the disk in bytes.
    pub total_bytes: u64,
    /// Free bytes below which new footage is refused.
    pub floor_bytes: u64,
    /// Since when new footage is refused: the alarm. `None` while there is room.
    pub full_since: Option<Timestamp>,
    /// Whether the reserve file is there. Without it, deleting may fail on a disk that is entirely full.
    pub reserve_held: bool,
}

/// Watches the space; blocking.
#[derive(Debug)]
pub(crate) struct SpaceWatch {
    floor_percent: u8,
    floor_bytes: u64,
    reserve_bytes: u64,
    probe_interval: Duration,
    known: Mutex<Known>,
    /// Held while the reserve is made or given up. Taken before `known`, never after it.
    reserve: Mutex<()>,
}

#[derive(Debug)]
struct Known {
    state: SpaceState,
    probed: Instant,
}

impl SpaceWatch {
    /// Asks for the space, and makes the reserve if there is room for it.
    pub(crate) fn start(disk: &dyn Disk, config: &VaultConfig) -> Result<Self, DiskError> {
        let state = SpaceState {
            free_bytes: 0,
            total_bytes: 0,
            floor_bytes: 0,
            full_since: None,
            reserve_held: false,
        };
        let watch = Self {
            floor_percent: config.floor_percent,
            floor_bytes: config.floor_bytes,
            reserve_bytes: config.reserve_bytes,
            probe_interval: config.probe_interval,
            known: Mutex::new(Known { state, probed: Instant::now() }),
            reserve: Mutex::new(()),
        };
        let left = if watch.reserve_bytes == 0 { None } else { disk.file_len(Path::new(RESERVE)).ok() };
        if left == Some(watch.reserve_bytes) {
            watch.lock().state.reserve_held = true;
        } else {
            remove_if_there(disk)?;
        }
        watch.probe(disk)?;
        watch.refill_reserve(disk);
        Ok(watch)
    }

    /// What was last found.
    pub(crate) fn state(&self) -> SpaceState {
        self.lock().state
    }

    /// Whether it is time to ask again.
    pub(crate) fn is_stale(&self) -> bool {
        self.lock().probed.elapsed() >= self.probe_interval
    }

    /// [`StoreError::Full`] if there is no room for footage; asks the disk if it is time to.
    pub(crate) fn check(&self, disk: &dyn Disk) -> Result<(), StoreError> {
        if self.is_stale() {
            self.probe(disk)?;
        }
        self.checked()
    }

    /// Like [`Self::check`], by what was last found.
    pub(crate) fn checked(&self) -> Result<(), StoreError> {
        if self.state().full_since.is_some() { Err(StoreError::Full) } else { Ok(()) }
    }

    /// Asks the disk now.
    pub(crate) fn probe(&self, disk: &dyn Disk) -> Result<SpaceState, DiskError> {
        let Space { free_bytes, total_bytes } = disk.space()?;
        let floor_bytes = self.floor_bytes.max(total_bytes / 100 * u64::from(self.floor_percent));
        let mut known = self.lock();
        known.probed = Instant::now();
        known.state = SpaceState { free_bytes, total_bytes, floor_bytes, ..known.state };
        if free_bytes >= floor_bytes {
            if known.state.full_since.take().is_some() {
                tracing::info!(free_bytes, floor_bytes, "the disk has room for footage again");
            }
        } else {
            known.state.mark_full();
        }
        Ok(known.state)
    }

    /// The disk said that it is full, whatever it says of its space.
    pub(crate) fn note_full(&self) {
        let mut known = self.lock();
        known.state.mark_full();
        known.probed = Instant::now();
    }

    /// Gives the reserve up; false if there was none.
    pub(crate) fn release_reserve(&self, disk: &dyn Disk) -> bool {
        let _one = self.reserve.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.state().reserve_held {
            return false;
        }
        let released = disk.unlink(Path::new(RESERVE)).is_ok();
        self.lock().state.reserve_held = false;
        tracing::warn!(released, "the disk is so full that deleting failed: gave the reserve up");
        released
    }

    /// Whether the reserve should be there, is not, and there is room for it above the floor.
    pub(crate) fn wants_reserve(&self) -> bool {
        let state = self.state();
        !state.reserve_held
            && self.reserve_bytes > 0
            && state.free_bytes >= state.floor_bytes.saturating_add(self.reserve_bytes)
    }

    /// Makes the reserve if it is missing and there is room. A failure is logged: the vault works without.
    pub(crate) fn refill_reserve(&self, disk: &dyn Disk) {
        let _one = self.reserve.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.wants_reserve() {
            return;
        }
        let made = remove_if_there(disk).and_then(|()| self.make_reserve(disk));
        match made {
            Ok(()) => self.lock().state.reserve_held = true,
            Err(error) => {
                let _ = remove_if_there(disk);
                tracing::warn!(%error, "could not make the reserve file");
            }
        }
    }

    fn make_reserve(&self, disk: &dyn Disk) -> Result<(), DiskError> {
        let file = disk.create(Path::new(RESERVE))?;
        let mut chunk = vec![0; RESERVE_CHUNK];
        let mut written = 0;
        while written < self.reserve_bytes {
            // Zeros would take no space on a file system that compresses or leaves holes.
            fill_with_noise(&mut chunk, written);
            let rest = usize::try_from(self.reserve_bytes - written).unwrap_or(RESERVE_CHUNK);
            let part = chunk.get(..rest.min(RESERVE_CHUNK)).unwrap_or_default();
            file.write_at(part, written)?;
            written += part.len() as u64;
        }
        file.sync()?;
        disk.sync_folder(Path::new(""))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Every change of what is known is one assignment: it is whole after a panic.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpaceState {
    fn mark_full(&mut self) {
        if self.full_since.is_none() {
            self.full_since = Some(Timestamp::now());
            let (free_bytes, floor_bytes) = (self.free_bytes, self.floor_bytes);
            tracing::error!(free_bytes, floor_bytes, "the disk is full: new footage is refused");
        }
    }
}

fn remove_if_there(disk: &dyn Disk) -> Result<(), DiskError> {
    match disk.unlink(Path::new(RESERVE)) {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// Bytes that do not compress: SplitMix64 from a seed. Not secret and need not be.
fn fill_with_noise(chunk: &mut [u8], seed: u64) {
    let mut state = seed;
    for word in chunk.chunks_mut(8) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bytes = (mixed ^ (mixed >> 31)).to_le_bytes();
        word.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    }
}
