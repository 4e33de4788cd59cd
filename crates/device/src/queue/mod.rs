//! The durable queue: sealed objects on disk until the server has them.
//!
//! An object is written to `sealing/` while it is sealed, synced, renamed into `queue/`, and that folder synced:
//! then it is queued, and survives kill -9 and power loss. It is removed only when the server said that it has it
//! or never wants it. What the server finds fault with moves to `quarantine/`, which is bounded too.
//!
//! Removals are not synced: an object that a power loss brings back is delivered again, and the server answers as
//! it did before. What lies in `sealing/` at a start is swept.
//!
//! The queue is bounded in bytes. When it is full, or its disk is, the stills go first, of which there will be others,
//! then what camera tests wait for, and the oldest events last: nothing but an event makes an event go. Each dropped
//! event is told to the [`DropRecord`] before its file goes, so that the loss is on record first.
//!
//! All functions block on the disk; none holds the lock meanwhile.

mod job;
mod name;
mod writer;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ownsight_disk::{Disk, DiskError, DiskFile, EntryKind, durable};
use ownsight_model::{CameraId, EventId, Timestamp};
use ownsight_seal::{HEADER_BYTES, Header, TRAILER_BYTES_MAX, Trailer};
use tokio::sync::{Notify, oneshot};

pub(crate) use job::Job;
pub(crate) use name::Name;
pub use name::ObjectKind;
pub(crate) use writer::{QueueWriter, TooLarge};

use crate::place::Place;

/// Most bytes of an object that the server takes.
pub(crate) const OBJECT_BYTES_MAX: u64 = 64 << 20;
/// Most objects in the queue, whatever their size.
const OBJECTS_MAX: usize = 100_000;
/// Most bytes in quarantine, and most objects.
const QUARANTINE_BYTES_MAX: u64 = 128 << 20;
const QUARANTINE_OBJECTS_MAX: usize = 256;
/// The smallest queue: one object of the greatest size.
const LIMIT_MIN: u64 = OBJECT_BYTES_MAX;

const SEALING: &str = "sealing";
const QUEUE: &str = "queue";
const QUARANTINE: &str = "quarantine";

/// What became of a queued object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The server has it.
    Delivered,
    /// The server never wants it: it or its camera was erased.
    Erased,
    /// The server found fault with it: it lies in quarantine.
    Quarantined,
    /// It was recorded after the device had left its home, which takes no such thing.
    TooLate,
    /// It was dropped: the queue was full, or its pairing ended.
    Dropped,
    /// A newer still took its place.
    Superseded,
}

/// An event that is about to be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) camera: CameraId,
    pub(crate) event: EventId,
    /// Its time, if its file could be read.
    pub(crate) time: Option<(Timestamp, Timestamp)>,
}

/// Takes note of dropped events before they go.
pub(crate) trait DropRecord: Send + Sync {
    /// Makes it durable that this event is lost.
    fn dropped(&self, event: Dropped);
}

impl<R: DropRecord> DropRecord for Arc<R> {
    fn dropped(&self, event: Dropped) {
        R::dropped(self, event);
    }
}

/// Sizes of the queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Objects waiting.
    pub objects: u64,
    /// Events among them: the others are stills.
    pub events: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Most bytes before the oldest are dropped.
    pub bytes_max: u64,
    /// Objects in quarantine.
    pub quarantined: u64,
}

pub(crate) struct Queue {
    disk: Arc<dyn Disk>,
    place: PathBuf,
    bytes_max: u64,
    record: Box<dyn DropRecord>,
    inner: Mutex<Inner>,
    /// Something was queued, or may be tried again.
    pub(crate) changed: Notify,
}

#[derive(Default)]
struct Inner {
    entries: BTreeMap<u64, Entry>,
    bytes: u64,
    /// Events among the entries.
    events: u64,
    next_sequence: u64,
    next_temporary: u64,
    /// The newest still of each camera that was ever queued here: earlier ones must not arrive after it.
    newest_stills: HashMap<CameraId, u64>,
    quarantine: BTreeMap<String, u64>,
}

struct Entry {
    name: Name,
    bytes: u64,
    in_flight: bool,
    failures: u32,
    not_before: Option<Instant>,
    outcome: Option<oneshot::Sender<Outcome>>,
}

impl Queue {
    /// Opens the queue of the pairing whose place this is on a device's disk: sweeps what was being sealed, and finds what is
    /// queued.
    ///
    /// `bytes_max` is at least the size of the greatest object.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        place: Place,
        bytes_max: u64,
        record: Box<dyn DropRecord>,
    ) -> Result<Self, DiskError> {
        let place = place.path();
        durable::make_folders(&*disk, &place)?;
        for folder in [SEALING, QUEUE, QUARANTINE] {
            match disk.make_folder(&place.join(folder)) {
                Ok(()) | Err(DiskError::AlreadyExists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        // Also when they were there already: who made them may not have come to this.
        disk.sync_folder(&place)?;
        for entry in disk.list(&place.join(SEALING))? {
            disk.unlink(&place.join(SEALING).join(entry.name))?;
        }
        let mut inner = Inner::default();
        for (name, bytes) in files(&*disk, &place.join(QUEUE))? {
            let Some(name) = Name::parse(&name) else {
                tracing::warn!(file = name, "a file in the device's queue is not of the queue: left alone");
                continue;
            };
            inner.next_sequence = inner.next_sequence.max(name.sequence + 1);
            inner.insert(name, bytes, None);
        }
        inner.quarantine = files(&*disk, &place.join(QUARANTINE))?.into_iter().collect();
        Ok(Self {
            disk,
            place,
            bytes_max: bytes_max.max(LIMIT_MIN),
            record,
            inner: Mutex::new(inner),
            changed: Notify::new(),
        })
    }

    /// Begins to write an object of this kind.
    pub(crate) fn begin(self: &Arc<Self>, kind: ObjectKind) -> Result<QueueWriter, DiskError> {
        let number = {
            let mut inner = self.lock();
            inner.next_temporary += 1;
            inner.next_temporary
        };
        let path = self.place.join(SEALING).join(number.to_string());
        let file = loop {
            match self.disk.create(&path) {
                Err(error) if error.is_full() && self.make_room(kind) => {}
                result => break result?,
            }
        };
        Ok(QueueWriter::new(Arc::clone(self), file, path, kind))
    }

    /// Queues what a writer has written: durable when this returns.
    ///
    /// The receiver yields what becomes of it, or an error if this process ends before.
    pub(crate) fn commit(
        &self,
        writer: QueueWriter,
        camera: CameraId,
        event: EventId,
    ) -> Result<(u64, oneshot::Receiver<Outcome>), DiskError> {
        let kind = writer.kind();
        let (written, bytes, digest) = writer.finish()?;
        let sequence = {
            let mut inner = self.lock();
            let sequence = inner.next_sequence;
            inner.next_sequence += 1;
            sequence
        };
        let name = Name { sequence, kind, camera, event, digest };
        let path = self.queued(&name);
        self.disk.rename(written.path(), &path)?;
        written.moved();
        if let Err(error) = self.disk.sync_folder(&self.place.join(QUEUE)) {
            // Not durable, and so not queued: it must not show up later either.
            let _ = self.disk.unlink(&path);
            return Err(error);
        }
        let (tell, outcome) = oneshot::channel();
        self.lock().insert(name, bytes, Some(tell));
        if kind == ObjectKind::Still {
            self.supersede(camera, sequence);
        }
        while self.is_over() && self.make_room(kind) {}
        self.changed.notify_waiters();
        Ok((bytes, outcome))
    }

    /// The newest object that may be tried now. Dropping the job gives it back.
    pub(crate) fn next(self: &Arc<Self>) -> Option<Job> {
        let now = Instant::now();
        let mut inner = self.lock();
        let Inner { entries, newest_stills, .. } = &mut *inner;
        let entry = entries.values_mut().rev().find(|entry| {
            let may_go = !entry.in_flight && entry.not_before.is_none_or(|moment| moment <= now);
            may_go && !is_superseded(&entry.name, newest_stills)
        })?;
        entry.in_flight = true;
        let (name, bytes, failures) = (entry.name.clone(), entry.bytes, entry.failures);
        drop(inner);
        Some(Job::new(Arc::clone(self), name, bytes, failures))
    }

    /// When the next object may be tried that may not now.
    pub(crate) fn next_moment(&self) -> Option<Instant> {
        let inner = self.lock();
        let waiting = inner
            .entries
            .values()
            .filter(|entry| !entry.in_flight && !is_superseded(&entry.name, &inner.newest_stills));
        waiting.filter_map(|entry| entry.not_before).min()
    }

    pub(crate) fn stats(&self) -> QueueStats {
        let inner = self.lock();
        QueueStats {
            objects: inner.entries.len() as u64,
            events: inner.events,
            bytes: inner.bytes,
            bytes_max: self.bytes_max,
            quarantined: inner.quarantine.len() as u64,
        }
    }

    /// Drops what nobody waits for once the pairing has ended: stills and tests.
    pub(crate) fn keep_events_only(&self) -> Result<(), DiskError> {
        self.drop_all(|name| name.kind != ObjectKind::Event).map(|_| ())
    }

    /// Drops all that is left: how many events that were.
    pub(crate) fn clear(&self) -> Result<u64, DiskError> {
        self.drop_all(|_| true)
    }

    fn drop_all(&self, which: impl Fn(&Name) -> bool) -> Result<u64, DiskError> {
        let names: Vec<Name> = {
            let inner = self.lock();
            inner.entries.values().map(|entry| &entry.name).filter(|name| which(name)).cloned().collect()
        };
        for name in &names {
            self.remove(name, Outcome::Dropped)?;
        }
        Ok(names.iter().filter(|name| name.kind == ObjectKind::Event).count() as u64)
    }

    fn queued(&self, name: &Name) -> PathBuf {
        self.place.join(QUEUE).join(name.to_string())
    }

    fn open_queued(&self, name: &Name) -> Result<Box<dyn DiskFile>, DiskError> {
        self.disk.open(&self.queued(name))
    }

    /// Takes an object out of the queue and removes its file.
    fn remove(&self, name: &Name, outcome: Outcome) -> Result<(), DiskError> {
        let Some(entry) = self.take(name.sequence) else { return Ok(()) };
        let removed = match self.disk.unlink(&self.queued(name)) {
            Err(DiskError::NotFound { .. }) => Ok(()),
            result => result,
        };
        entry.tell(outcome);
        removed
    }

    /// Moves an object to quarantine, and drops the oldest there when there are too many.
    fn quarantine(&self, name: &Name, reason: &str) -> Result<(), DiskError> {
        let Some(entry) = self.take(name.sequence) else { return Ok(()) };
        let reason: String =
            reason.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
        let file = format!("{name}.{reason}");
        let moved = self.disk.rename(&self.queued(name), &self.place.join(QUARANTINE).join(&file));
        let bytes = entry.bytes;
        entry.tell(Outcome::Quarantined);
        match moved {
            Err(DiskError::NotFound { .. }) => return Ok(()),
            result => result?,
        }
        let too_many = {
            let mut inner = self.lock();
            inner.quarantine.insert(file, bytes);
            let mut too_many = Vec::new();
            while inner.quarantine.len() > QUARANTINE_OBJECTS_MAX
                || inner.quarantine.values().sum::<u64>() > QUARANTINE_BYTES_MAX
            {
                let Some((oldest, _)) = inner.quarantine.pop_first() else { break };
                too_many.push(oldest);
            }
            too_many
        };
        for file in too_many {
            self.disk.unlink(&self.place.join(QUARANTINE).join(file))?;
        }
        Ok(())
    }

    fn supersede(&self, camera: CameraId, by: u64) {
        let old: Vec<Name> = {
            let inner = self.lock();
            let stills = inner.entries.range(..by).map(|(_, entry)| entry);
            let stills = stills.filter(|entry| !entry.in_flight && entry.name.kind == ObjectKind::Still);
            stills.filter(|entry| entry.name.camera == camera).map(|entry| entry.name.clone()).collect()
        };
        for name in old {
            if let Err(error) = self.remove(&name, Outcome::Superseded) {
                tracing::warn!(%error, "an old still could not be removed from the queue");
            }
        }
    }

    fn is_over(&self) -> bool {
        let inner = self.lock();
        inner.bytes > self.bytes_max || inner.entries.len() > OBJECTS_MAX
    }

    /// Drops one object that is not on its way, to make room for one of this kind: the oldest of those that matter least.
    /// `false` if there is none that matters no more than it.
    fn make_room(&self, kind: ObjectKind) -> bool {
        let name = {
            let inner = self.lock();
            let waiting = inner.entries.values().filter(|entry| !entry.in_flight).map(|entry| &entry.name);
            let allowed = waiting.filter(|name| matters(name.kind) <= matters(kind));
            // Of equals the first is taken: the oldest.
            allowed.min_by_key(|name| matters(name.kind)).cloned()
        };
        let Some(name) = name else { return false };
        if name.kind == ObjectKind::Event {
            let time = self.time_of(&name);
            self.record.dropped(Dropped { camera: name.camera, event: name.event, time });
        }
        if let Err(error) = self.remove(&name, Outcome::Dropped) {
            tracing::error!(%error, "a dropped event could not be removed from the queue");
        }
        true
    }

    fn time_of(&self, name: &Name) -> Option<(Timestamp, Timestamp)> {
        let file = self.open_queued(name).ok()?;
        let mut header = [0; HEADER_BYTES];
        file.read_exact_at(&mut header, 0).ok()?;
        let started_at = Header::parse(&header).ok()?.ids().started_at;
        let bytes = file.file_len().ok()?;
        let mut tail = [0; TRAILER_BYTES_MAX];
        let tail = tail
            .get_mut(..usize::try_from(bytes).map_or(TRAILER_BYTES_MAX, |len| len.min(TRAILER_BYTES_MAX)))?;
        file.read_exact_at(tail, bytes - tail.len() as u64).ok()?;
        let length = Trailer::length_of(*tail.last_chunk::<4>()?).ok()?;
        let trailer = Trailer::parse(tail.get(tail.len().checked_sub(length)?..)?, bytes).ok()?;
        Some((started_at, trailer.ended_at))
    }

    fn take(&self, sequence: u64) -> Option<Entry> {
        let mut inner = self.lock();
        let entry = inner.entries.remove(&sequence)?;
        inner.bytes = inner.bytes.saturating_sub(entry.bytes);
        inner.events = inner.events.saturating_sub(u64::from(entry.name.kind == ObjectKind::Event));
        Some(entry)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change under the lock is complete in itself.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn insert(&mut self, name: Name, bytes: u64, outcome: Option<oneshot::Sender<Outcome>>) {
        if name.kind == ObjectKind::Still {
            let newest = self.newest_stills.entry(name.camera).or_default();
            *newest = name.sequence.max(*newest);
        }
        self.bytes += bytes;
        self.events += u64::from(name.kind == ObjectKind::Event);
        self.entries.insert(name.sequence, Entry::new(name, bytes, outcome));
    }
}

/// How much an object matters when there is no room: stills are made anew each minute, a test can be made again, what
/// happened once cannot.
const fn matters(kind: ObjectKind) -> u8 {
    match kind {
        ObjectKind::Still => 0,
        ObjectKind::Test => 1,
        ObjectKind::Event => 2,
    }
}

/// A still that was given back after a newer one was queued; it is removed with the next one.
fn is_superseded(name: &Name, newest_stills: &HashMap<CameraId, u64>) -> bool {
    name.kind == ObjectKind::Still
        && newest_stills.get(&name.camera).is_some_and(|newest| *newest > name.sequence)
}

impl Entry {
    fn new(name: Name, bytes: u64, outcome: Option<oneshot::Sender<Outcome>>) -> Self {
        Self { name, bytes, in_flight: false, failures: 0, not_before: None, outcome }
    }

    fn tell(self, outcome: Outcome) {
        if let Some(tell) = self.outcome {
            // Whoever does not want to know has gone.
            let _ = tell.send(outcome);
        }
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Queue").field(&self.stats()).finish()
    }
}

/// Names and lengths of the files in a folder.
fn files(disk: &dyn Disk, folder: &Path) -> Result<Vec<(String, u64)>, DiskError> {
    let mut files = Vec::new();
    for entry in disk.list(folder)? {
        let Some(name) = entry.name.to_str().filter(|_| entry.kind == EntryKind::File) else { continue };
        match disk.file_len(&folder.join(name)) {
            Ok(bytes) => files.push((name.to_owned(), bytes)),
            Err(DiskError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
