//! The vault as the rest of the server sees it: asynchronous, with the disk's work in threads for blocking work.

use std::ops::ControlFlow;
use std::sync::Arc;

use ownsight_cache::{Caches, Violation};
use ownsight_disk::{Disk, DiskError};
use tokio::sync::Semaphore;

use crate::error::Stopping;
use crate::pieces::{PieceCache, Pieces};
use crate::reader::open_error;
use crate::space::SpaceState;
use crate::store::Store;
use crate::{
    Deletion, ObjectRef, ReadError, StoreError, StoredObject, SweepError, SweepReport, VaultConfig,
    VaultReader, VaultWriter, Visited,
};

/// How many threads for blocking work may be in use at once.
pub(crate) type Slots = Arc<Semaphore>;

/// Objects that one visit to the disk erases; between visits others get their turn.
const DELETE_BATCH: usize = 64;

/// Sealed objects on local disk. Clones are the same vault. Needs a tokio runtime.
///
/// A call waits without limit when the disk does not answer: callers set the deadline, and may drop any call;
/// each says what then may be so.
#[derive(Debug, Clone)]
pub struct Vault {
    store: Arc<Store>,
    writes: Slots,
    reads: Slots,
    /// Walks and sweeps take long, so that one at a time is enough.
    walks: Slots,
    /// One at a time, so that a disk that hangs holds one thread, however often it is tried.
    trials: Slots,
    cache: Option<PieceCache>,
}

impl Vault {
    /// Opens the vault in this folder and removes what was being written when it was last used. Call
    /// [`Self::sweep`] next, before the first delivery.
    ///
    /// Cancel-safe: a dropped call may have removed temporary files.
    pub async fn start(disk: Arc<dyn Disk>, config: VaultConfig) -> Result<Self, StoreError> {
        let writes = Arc::new(Semaphore::new(config.parallel_writes_max.max(1)));
        let reads = Arc::new(Semaphore::new(config.parallel_reads_max.max(1)));
        let store = blocking(&writes, move || Store::start(disk, config).map_err(StoreError::from)).await?;
        let (walks, trials) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(1)));
        Ok(Self { store: Arc::new(store), writes, reads, walks, trials, cache: None })
    }

    /// The same vault with a cache in front: [`Self::pieces`] go by way of it, and `memory_bytes` of them stay in this
    /// process.
    #[must_use]
    pub fn with_cache(self, caches: &Caches, memory_bytes: u64) -> Self {
        Self { cache: caches.is_on().then(|| PieceCache::new(caches, memory_bytes)), ..self }
    }

    /// Calls this with the kind of each violation that the cache in front finds, from now on. The first one that is set
    /// stays.
    pub fn on_cache_violation(&self, heard: impl Fn(Violation) + Send + Sync + 'static) {
        if let Some(cache) = &self.cache {
            cache.on_violation(heard);
        }
    }

    /// Begins an object. [`StoreError::Full`] if there is no room for footage, [`StoreError::Busy`] if another
    /// delivery of this event is under way.
    ///
    /// Begin first and ask the registry then whether it knows the event: as long as the writer, or the
    /// [`crate::Stored`] it becomes, is there, no other delivery can get in between. If the registry knows it,
    /// drop the writer.
    ///
    /// Cancel-safe: a dropped call changes nothing.
    pub async fn begin(&self, object: ObjectRef) -> Result<VaultWriter, StoreError> {
        let claim = self.store.claims.claim(object)?;
        if self.store.space.is_stale() {
            self.space().await?;
        }
        self.store.space.checked()?;
        Ok(VaultWriter::new(Arc::clone(&self.store), Arc::clone(&self.writes), claim))
    }

    /// Opens an object for reading.
    ///
    /// Cancel-safe: a dropped call changes nothing.
    pub async fn open(&self, object: ObjectRef) -> Result<VaultReader, ReadError> {
        let vault = self.clone();
        blocking(&self.reads, move || vault.blocking_open(object)).await
    }

    /// The same, where it blocks.
    pub(crate) fn blocking_open(&self, object: ObjectRef) -> Result<VaultReader, ReadError> {
        let file = self.store.disk.open(&object.file()).map_err(|error| open_error(object, error))?;
        VaultReader::new(object, Arc::from(file), Arc::clone(&self.reads))
    }

    /// An object, to be read piece by piece, by way of the cache if there is one. Nothing is read yet. `head_bytes` is how
    /// long its head is, which no piece should have in it.
    pub fn pieces(&self, object: ObjectRef, head_bytes: usize) -> Pieces {
        Pieces::new(self.clone(), object, head_bytes)
    }

    pub(crate) fn cache(&self) -> Option<&PieceCache> {
        self.cache.as_ref()
    }

    pub(crate) fn reads(&self) -> &Slots {
        &self.reads
    }

    /// Erases objects: their headers are overwritten, their names removed, both durably. Those that are not
    /// there are counted, so that a list can be deleted again after an interruption. Take them out of the
    /// registry before: a crash may bring a name back, and the sweep removes what the registry does not know.
    ///
    /// Fails only if the process is stopping; what became of each object is in the result.
    ///
    /// Cancel-safe: a dropped call leaves each object untouched or erased, or its name back after a crash. Sealed pieces of
    /// them may then stay in a cache until they expire.
    pub async fn delete(&self, objects: &[ObjectRef]) -> Result<Deletion, StoreError> {
        let mut all = Deletion::default();
        for batch in objects.chunks(DELETE_BATCH) {
            let (store, objects) = (Arc::clone(&self.store), batch.to_vec());
            let deletion =
                blocking(&self.writes, move || Ok::<_, StoreError>(store.delete(&objects))).await?;
            all.erased += deletion.erased;
            all.absent += deletion.absent;
            all.not_overwritten += deletion.not_overwritten;
            all.failed.extend(deletion.failed);
            if let Some(cache) = &self.cache {
                cache.forget(batch).await;
            }
        }
        Ok(all)
    }

    /// Erases the objects that `known` does not know, and removes empty folders. For the start; it may run
    /// beside deliveries. `known` runs in a thread for blocking work; its error ends the sweep.
    ///
    /// Cancel-safe: a dropped call goes on in its thread.
    pub async fn sweep<E, F>(&self, known: F) -> Result<SweepReport, SweepError<E>>
    where
        E: Send + 'static,
        F: FnMut(&ObjectRef) -> Result<bool, E> + Send + 'static,
    {
        let store = Arc::clone(&self.store);
        blocking(&self.walks, move || store.sweep(known)).await
    }

    /// Visits every object, in no order, until `each` breaks; `each` runs in a thread for blocking work. What
    /// comes and goes meanwhile may be visited or not.
    ///
    /// Cancel-safe: a dropped call goes on in its thread until `each` breaks.
    pub async fn visit<F>(&self, mut each: F) -> Result<Visited, StoreError>
    where
        F: FnMut(StoredObject) -> ControlFlow<()> + Send + 'static,
    {
        let store = Arc::clone(&self.store);
        blocking(&self.walks, move || {
            let (visited, _stopped) = store.walk(&mut each).map_err(StoreError::Disk)?;
            Ok(visited)
        })
        .await
    }

    /// The state of the disk's space, asked for at most each `probe_interval`; with it the alarm.
    ///
    /// Cancel-safe: a dropped call changes nothing.
    pub async fn space(&self) -> Result<SpaceState, StoreError> {
        if !self.store.space.is_stale() {
            return Ok(self.store.space.state());
        }
        let store = Arc::clone(&self.store);
        let state = blocking(&self.reads, move || {
            store.space.probe(&*store.disk).map_err(|error: DiskError| StoreError::Disk(error))
        })
        .await?;
        if self.store.space.wants_reserve() {
            let store = Arc::clone(&self.store);
            // Nobody waits for the reserve: writing it takes as long as many deliveries.
            drop(tokio::task::spawn_blocking(move || store.space.refill_reserve(&*store.disk)));
        }
        Ok(state)
    }

    /// Writes a few bytes, syncs them and removes them: whether the disk takes anything, which its answer to
    /// [`Self::space`] does not say, as that comes from memory. [`StoreError::Full`] is no fault of the disk.
    ///
    /// Cancel-safe: a dropped call goes on in its thread, and the next one waits for it.
    pub async fn try_writing(&self) -> Result<(), StoreError> {
        let store = Arc::clone(&self.store);
        blocking(&self.trials, move || store.try_writing()).await
    }
}

/// Runs blocking work in a thread for it, when one of the slots is free. Dropped before the work has begun, it
/// never begins; dropped later, the work goes on and its result is dropped in its thread.
pub(crate) async fn blocking<T, E>(
    slots: &Slots,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Stopping> + Send + 'static,
{
    let slot = Arc::clone(slots).acquire_owned().await.map_err(|_| Stopping)?;
    let task = tokio::task::spawn_blocking(move || {
        let _slot = slot;
        work()
    });
    match task.await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Stopping.into()),
    }
}
