//! Keeping each home within its age and its bytes, and ending what has an end: tests, tombstones, sessions.
//!
//! What is erased goes from the registry first, durably, and from the vault then. A crash between the two leaves
//! an object that nobody knows, which the next start sweeps; never a row whose object is gone. What the vault
//! could not erase is tried again in the next round.

use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

use ownsight_model::{HomeId, Timestamp};
use ownsight_registry::{EventKey, HomeRow, RegistryError};
use ownsight_vault::{ObjectRef, StoreError};

use crate::Ingest;
use crate::alarm::{AlarmKind, RETENTION_ERASED};
use crate::fleet::Told;
use crate::service::READY_MAX;
use crate::sweep::object_of;

/// Objects that are to be erased still, in memory; the next start sweeps those beyond.
const LEFT_OVER_MAX: usize = 10_000;
/// Pause between two steps of erasing, so that deliveries and viewers get the disk in between.
const BREATH: Duration = Duration::from_millis(5);

/// How often the disk is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long the disk may take for a few bytes. One that is only slow makes devices wait, and is not gone.
const TRIAL_MAX: Duration = Duration::from_secs(30);

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Events and stills that were too old.
    pub too_old: u64,
    /// Events that were over their home's bytes.
    pub over_quota: u64,
    /// Camera tests that had expired.
    pub tests: u64,
    /// Tombstones that no device retries any more.
    pub tombstones: u64,
    /// Sessions that had ended.
    pub sessions: u64,
    /// Objects that could not be erased from the vault yet.
    pub left_over: u64,
}

/// Why events go.
#[derive(Debug, Clone, Copy)]
enum Why {
    Age,
    Space,
}

/// What is to be erased from the vault although the registry has forgotten it.
#[derive(Debug, Default)]
struct LeftOver(HashSet<ObjectRef>);

impl Ingest {
    /// Holds all homes to their limits, one round after another, until `stop` is ready. One of these for each
    /// vault.
    ///
    /// Cancel-safe: dropped, it has forgotten some events and may have left their objects, which the next start
    /// sweeps.
    pub async fn keep_limits(&self, stop: impl Future<Output = ()> + Send) {
        let rounds = async {
            let mut left_over = LeftOver::default();
            let mut told = Told::default();
            loop {
                match self.round(Timestamp::now(), &mut left_over).await {
                    Ok(round) if round == Round::default() => {}
                    Ok(round) => tracing::info!(?round, "what had reached its limits was erased"),
                    Err(error) => tracing::warn!(%error, "a round of retention ended early"),
                }
                self.tell_of_cameras(&mut told).await;
                tokio::time::sleep(self.inner.config.retention_interval).await;
            }
        };
        tokio::select! {
            () = stop => {}
            () = rounds => {}
            () = self.watch_disk() => {}
        }
    }

    /// One round, now. For operators and tests; [`Self::keep_limits`] does the same by itself.
    ///
    /// Cancel-safe, as [`Self::keep_limits`].
    pub async fn keep_limits_once(&self, now: Timestamp) -> Result<Round, RegistryError> {
        self.round(now, &mut LeftOver::default()).await
    }

    async fn round(&self, now: Timestamp, left_over: &mut LeftOver) -> Result<Round, RegistryError> {
        let registry = &self.inner.registry;
        let mut round = Round::default();
        self.erase_left_over(left_over).await;
        for (home, used_bytes) in registry.homes().await? {
            round.too_old += self.erase_old(&home, now, left_over).await?;
            round.over_quota += self.erase_surplus(&home, used_bytes, now, left_over).await?;
        }
        round.tests = self.erase_tests(now, left_over).await?;
        round.tombstones = registry.purge_tombstones(now.minus(self.inner.config.tombstones_kept)).await?;
        round.sessions = registry.purge_sessions(now).await?;
        round.left_over = left_over.0.len() as u64;
        Ok(round)
    }

    /// Erases what began before the home's limit of days, oldest first.
    async fn erase_old(
        &self,
        home: &HomeRow,
        now: Timestamp,
        left_over: &mut LeftOver,
    ) -> Result<u64, RegistryError> {
        let kept = Duration::from_secs(u64::from(home.retention_days) * 24 * 60 * 60);
        let mut erased = 0;
        loop {
            let limit = self.inner.config.erase_batch.max(1);
            let events = self.inner.registry.expired_events(home.id, now.minus(kept), limit).await?;
            let count = self.erase(home.id, &events, Why::Age, now, left_over).await?;
            erased += count;
            if count == 0 {
                return Ok(erased);
            }
            tokio::time::sleep(BREATH).await;
        }
    }

    /// Erases the home's oldest events until the rest fits its limit of bytes.
    async fn erase_surplus(
        &self,
        home: &HomeRow,
        used_bytes: u64,
        now: Timestamp,
        left_over: &mut LeftOver,
    ) -> Result<u64, RegistryError> {
        // The count of bytes was read before old events went.
        let mut used_bytes = used_bytes;
        let mut erased = 0;
        if used_bytes <= home.retention_bytes {
            return Ok(erased);
        }
        if let Some(now_used) = self.used_bytes(home.id).await? {
            used_bytes = now_used;
        }
        while used_bytes > home.retention_bytes {
            let limit = self.inner.config.erase_batch.max(1);
            let mut events = self.inner.registry.oldest_events(home.id, limit).await?;
            let mut surplus = used_bytes - home.retention_bytes;
            let enough = events.iter().position(|event| {
                surplus = surplus.saturating_sub(event.bytes);
                surplus == 0
            });
            events.truncate(enough.map_or(events.len(), |last| last + 1));
            let count = self.erase(home.id, &events, Why::Space, now, left_over).await?;
            erased += count;
            if count == 0 {
                break;
            }
            used_bytes = used_bytes.saturating_sub(events.iter().map(|event| event.bytes).sum());
            tokio::time::sleep(BREATH).await;
        }
        Ok(erased)
    }

    async fn used_bytes(&self, home: HomeId) -> Result<Option<u64>, RegistryError> {
        let homes = self.inner.registry.homes().await?;
        Ok(homes.into_iter().find(|(row, _)| row.id == home).map(|(_, used_bytes)| used_bytes))
    }

    /// Forgets these events and erases their objects; how many were forgotten.
    async fn erase(
        &self,
        home: HomeId,
        events: &[EventKey],
        why: Why,
        now: Timestamp,
        left_over: &mut LeftOver,
    ) -> Result<u64, RegistryError> {
        if events.is_empty() {
            return Ok(0);
        }
        // Only of the home that was asked for, whatever came back.
        let own = events.iter().filter(|event| event.home == home);
        let registry = &self.inner.registry;
        let forgotten = match why {
            Why::Age => {
                registry.forget_events(own.map(|event| (event.camera, event.id)).collect(), now).await?
            }
            // That a limit of days is kept was wished for; that the space was used up is for the home's page to say.
            Why::Space => registry.forget_surplus(home, own.copied().collect(), now).await?,
        };
        let objects: Vec<ObjectRef> = forgotten.into_iter().map(object_of).collect();
        metrics::counter!(RETENTION_ERASED).increment(objects.len() as u64);
        self.erase_objects(&objects, left_over).await;
        Ok(objects.len() as u64)
    }

    /// Erases the drafts of tests that have expired.
    async fn erase_tests(&self, now: Timestamp, left_over: &mut LeftOver) -> Result<u64, RegistryError> {
        let expired = self.inner.registry.expired_tests(now).await?;
        if expired.is_empty() {
            return Ok(0);
        }
        let tests: Vec<_> = expired.into_iter().map(|(test, ..)| test).collect();
        let count = tests.len() as u64;
        let erased = self.inner.registry.erase_tests(tests, now).await?;
        let objects: Vec<ObjectRef> = erased.into_iter().map(object_of).collect();
        self.erase_objects(&objects, left_over).await;
        Ok(count)
    }

    /// Erases objects that the registry has forgotten; what fails is left over.
    async fn erase_objects(&self, objects: &[ObjectRef], left_over: &mut LeftOver) {
        match self.inner.vault.delete(objects).await {
            Ok(deletion) => {
                if deletion.not_overwritten > 0 {
                    AlarmKind::ErasureFailed.raise();
                    let objects = deletion.not_overwritten;
                    tracing::error!(
                        alarm.kind = AlarmKind::ErasureFailed.label(),
                        objects,
                        "objects were removed, but their headers could not be overwritten"
                    );
                }
                for (object, error) in deletion.failed {
                    left_over.add(object, &error);
                }
            }
            Err(error) => objects.iter().for_each(|object| left_over.add(*object, &error)),
        }
    }

    async fn erase_left_over(&self, left_over: &mut LeftOver) {
        let objects: Vec<ObjectRef> = left_over.0.drain().collect();
        if !objects.is_empty() {
            self.erase_objects(&objects, left_over).await;
        }
    }

    /// Looks at the vault's disk, now: whether it answers, has room, and takes a few bytes. [`Self::keep_limits`] does so
    /// by itself, so that both alarms begin and end also when no device sends anything.
    ///
    /// Cancel-safe: it changes nothing but the alarms.
    pub async fn look_at_disk(&self) {
        let (full, gone) = (&self.inner.full, &self.inner.gone);
        let has_room = match tokio::time::timeout(READY_MAX, self.inner.vault.space()).await {
            Ok(Ok(space)) => space.full_since.is_none(),
            Ok(Err(error)) => {
                gone.set(true);
                tracing::error!(%error, "the vault's disk does not say how much room it has");
                return;
            }
            Err(_) => return gone.set(true),
        };
        // What it says of its room comes from memory: a disk that only fails, or was turned read-only, says so too.
        match tokio::time::timeout(TRIAL_MAX, self.inner.vault.try_writing()).await {
            Ok(Ok(())) => {
                full.set(!has_room);
                gone.set(false);
            }
            Ok(Err(StoreError::Full)) => {
                full.set(true);
                gone.set(false);
            }
            // Of this process, not of the disk.
            Ok(Err(StoreError::Stopping)) => {}
            Ok(Err(error)) => {
                gone.set(true);
                tracing::error!(%error, source = ?std::error::Error::source(&error), "the vault's disk takes nothing");
            }
            Err(_) => gone.set(true),
        }
    }

    /// Looks at the disk again and again, also while a round of retention waits for it.
    async fn watch_disk(&self) {
        loop {
            self.look_at_disk().await;
            tokio::time::sleep(self.inner.config.retention_interval.min(LOOK_EVERY)).await;
        }
    }
}

impl LeftOver {
    fn add(&mut self, object: ObjectRef, error: &StoreError) {
        // Somebody is at it: the next round, or who is at it.
        if !matches!(error, StoreError::Busy { .. }) {
            AlarmKind::ErasureFailed.raise();
            tracing::error!(alarm.kind = AlarmKind::ErasureFailed.label(), %error, event.id = %object.event,
                "an erased event's object is still there: tried again in the next round");
        }
        if self.0.len() < LEFT_OVER_MAX {
            self.0.insert(object);
        }
    }
}
