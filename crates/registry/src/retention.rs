//! Retention: what is too old or too much, tombstones, and the counters that make quotas cheap.

use ownsight_model::{CameraId, EventId, HomeId, Timestamp};
use rusqlite::params;

use crate::changes::ChangeKind;
use crate::columns::{Columns, big};
use crate::engine::Tx;
use crate::error::Step;
use crate::marks::forget_opened;
use crate::sql::{first, rows, run};
use crate::{ObjectKey, Registry, RegistryError};

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// An event that retention looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventKey {
    /// Its home.
    pub home: HomeId,
    /// Its camera.
    pub camera: CameraId,
    /// The event.
    pub id: EventId,
    /// When it began.
    pub started_at: Timestamp,
    /// Bytes of its object.
    pub bytes: u64,
}

impl Registry {
    /// A home's events and stills that began before `older_than`, oldest first.
    pub async fn expired_events(
        &self,
        home: HomeId,
        older_than: Timestamp,
        limit: u32,
    ) -> Result<Vec<EventKey>, RegistryError> {
        self.engine
            .statement(move |connection| {
                let sql = "SELECT home, camera, id, started_at, bytes FROM events
                           WHERE home = ?1 AND erased_at IS NULL AND started_at < ?2
                           ORDER BY started_at, id LIMIT ?3";
                rows(connection, "events", sql, params![home.as_bytes(), older_than.as_micros(), limit], key)
            })
            .await
    }

    /// A home's oldest events, without stills.
    pub async fn oldest_events(&self, home: HomeId, limit: u32) -> Result<Vec<EventKey>, RegistryError> {
        self.engine
            .statement(move |connection| {
                let sql = "SELECT home, camera, id, started_at, bytes FROM events
                           WHERE home = ?1 AND erased_at IS NULL AND still = 0 ORDER BY started_at, id LIMIT ?2";
                rows(connection, "events", sql, params![home.as_bytes(), limit], key)
            })
            .await
    }

    /// Makes tombstones of these events. Answers the objects to be erased from the vault: of those that were
    /// tombstones already, or are unknown, none.
    pub async fn forget_events(
        &self,
        events: Vec<(CameraId, EventId)>,
        now: Timestamp,
    ) -> Result<Vec<ObjectKey>, RegistryError> {
        self.engine
            .write(move |tx| {
                let mut objects = Vec::new();
                for (camera, event) in events {
                    objects.extend(entomb(tx, camera, event, now)?);
                }
                Ok(objects)
            })
            .await
    }

    /// As [`Self::forget_events`], of events of this home that go because its space is used up: that is written down, for its
    /// page.
    pub async fn forget_surplus(
        &self,
        home: HomeId,
        events: Vec<EventKey>,
        now: Timestamp,
    ) -> Result<Vec<ObjectKey>, RegistryError> {
        self.engine
            .write(move |tx| {
                let mut objects = Vec::new();
                let mut span: Option<(u64, Timestamp, Timestamp)> = None;
                for event in events.iter().filter(|event| event.home == home) {
                    let Some(object) = entomb(tx, event.camera, event.id, now)? else { continue };
                    objects.push(object);
                    let at = event.started_at;
                    let (count, from, to) = span.unwrap_or((0, at, at));
                    span = Some((count + 1, from.min(at), to.max(at)));
                }
                if let Some((count, from, to)) = span {
                    run(
                        tx,
                        "INSERT INTO space_erasures (home, day, events, from_at, to_at, last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                         ON CONFLICT (home, day) DO UPDATE SET events = events + excluded.events,
                           from_at = min(from_at, excluded.from_at), to_at = max(to_at, excluded.to_at), last_at = excluded.last_at",
                        params![
                            home.as_bytes(),
                            now.as_micros().div_euclid(DAY_MICROS),
                            big(count),
                            from.as_micros(),
                            to.as_micros(),
                            now.as_micros()
                        ],
                    )?;
                }
                Ok(objects)
            })
            .await
    }

    /// Forgets tombstones that were made before this moment, and what was written down of them; how many. A device that still retries one of these
    /// events would deliver it anew.
    pub async fn purge_tombstones(&self, before: Timestamp) -> Result<u64, RegistryError> {
        self.engine
            .write(move |tx| {
                run(tx, "DELETE FROM space_erasures WHERE last_at < ?1", [before.as_micros()])?;
                let sql = "DELETE FROM events WHERE erased_at IS NOT NULL AND erased_at < ?1";
                Ok(run(tx, sql, [before.as_micros()])? as u64)
            })
            .await
    }
}

fn key(c: &mut Columns<'_, '_>) -> Step<EventKey> {
    Ok(EventKey {
        home: c.id("home")?,
        camera: c.id("camera")?,
        id: c.id("id")?,
        started_at: c.time("started_at")?,
        bytes: c.number("bytes")?,
    })
}

/// Makes a tombstone of an event or still; its object, or `None` if there was nothing to erase.
pub(crate) fn entomb(
    tx: &Tx<'_>,
    camera: CameraId,
    event: EventId,
    now: Timestamp,
) -> Step<Option<ObjectKey>> {
    let sql = "UPDATE events SET erased_at = ?3, header = x'', trailer = x'', not_event_at = NULL
               WHERE camera = ?1 AND id = ?2 AND erased_at IS NULL RETURNING home, bytes, still";
    let parameters = params![camera.as_bytes(), event.as_bytes(), now.as_micros()];
    let erased = first(tx, "events", sql, parameters, erased)?;
    after_erasure(tx, camera, event, erased.as_ref())
}

/// Removes a still without leaving a tombstone.
pub(crate) fn remove(tx: &Tx<'_>, camera: CameraId, event: EventId) -> Step<()> {
    let sql = "DELETE FROM events WHERE camera = ?1 AND id = ?2 RETURNING home, bytes, still";
    let removed = first(tx, "events", sql, params![camera.as_bytes(), event.as_bytes()], erased)?;
    after_erasure(tx, camera, event, removed.as_ref())?;
    Ok(())
}

struct Erased {
    home: HomeId,
    bytes: u64,
    still: bool,
}

fn erased(c: &mut Columns<'_, '_>) -> Step<Erased> {
    Ok(Erased { home: c.id("home")?, bytes: c.number("bytes")?, still: c.flag("still")? })
}

fn after_erasure(
    tx: &Tx<'_>,
    camera: CameraId,
    event: EventId,
    erased: Option<&Erased>,
) -> Step<Option<ObjectKey>> {
    let Some(&Erased { home, bytes, still }) = erased else { return Ok(None) };
    forget_opened(tx, home, event)?;
    run(
        tx,
        "UPDATE usage SET bytes = max(0, bytes - ?3), events = max(0, events - ?4) WHERE home = ?1 AND camera = ?2",
        params![home.as_bytes(), camera.as_bytes(), big(bytes), !still],
    )?;
    tx.changed(home, if still { ChangeKind::Cameras } else { ChangeKind::Events });
    tx.scrub();
    Ok(Some(ObjectKey { home, camera, event }))
}

/// Counts an object that is kept from now on.
pub(crate) fn add_usage(tx: &Tx<'_>, home: HomeId, camera: CameraId, bytes: u64, event: bool) -> Step<()> {
    run(
        tx,
        "INSERT INTO usage (home, camera, bytes, events) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (home, camera) DO UPDATE SET bytes = bytes + excluded.bytes, events = events + excluded.events",
        params![home.as_bytes(), camera.as_bytes(), big(bytes), event],
    )?;
    Ok(())
}
