//! Events as people see them: lists, one event, a day, counts.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use ownsight_model::{AccountId, CameraId, EventId, HomeId, Timestamp};
use rusqlite::{Connection, params};

use crate::access::{Access, Authorised, Authority, Restored, access};
use crate::cameras::{Which, camera_row, cameras_of_home, epochs_of_camera};
use crate::columns::Columns;
use crate::decode::{self, columns};
use crate::devices::device_row;
use crate::error::Step;
use crate::lockdowns::refuse_erasure;
use crate::marks::{EventMarks, marks};
use crate::retention::entomb;
use crate::rows::{CameraEpochRow, CameraRow, DeviceRow, EventRow, GapRow, ShareRow};
use crate::shares::{cameras_of_share, earliest};
use crate::sql::{first, number, rows};
use crate::{ObjectKey, Registry, RegistryError};

/// Most events of one answer, whatever was asked for.
const LIMIT_MAX: u32 = 10_000;
/// Most gaps of one camera in a day's answer.
const GAPS_MAX: u32 = 1_000;

/// Which events a list has. The default is: all events of all homes, none of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Of these homes; `None` for all homes of the account. Homes without a live grant or share give nothing.
    pub homes: Option<Vec<HomeId>>,
    /// Only what is shared with the account, and nothing of its own homes.
    pub shared_only: bool,
    /// Of these cameras; empty for all.
    pub cameras: Vec<CameraId>,
    /// With this code of a label.
    pub label: Option<u8>,
    /// Only what was said to be no event, or nothing of that; `None` for both.
    pub not_event: Option<bool>,
    /// That began at this moment or later.
    pub from: Option<Timestamp>,
    /// That began before this moment.
    pub to: Option<Timestamp>,
    /// Further down the list than this event.
    pub before: Option<(Timestamp, EventId)>,
    /// Further up the list than this event.
    pub after: Option<(Timestamp, EventId)>,
    /// At most so many.
    pub limit: u32,
}

/// A page of events, newest first by (start, id), with what is needed to open and show them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventPage {
    /// The events, and what was noted of each.
    pub events: Vec<(EventRow, EventMarks)>,
    /// Each distinct epoch that the events name.
    pub epochs: Vec<CameraEpochRow>,
    /// Each camera that the events name.
    pub cameras: Vec<CameraRow>,
    /// Each device that the events name.
    pub devices: Vec<DeviceRow>,
    /// Whether there are more further down.
    pub more: bool,
}

/// One event or still, with what is needed to open and show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDetail {
    /// The event.
    pub event: EventRow,
    /// The epoch that it names.
    pub epoch: CameraEpochRow,
    /// Its camera.
    pub camera: CameraRow,
    /// The device that sealed it.
    pub device: Option<DeviceRow>,
    /// What was noted of it.
    pub marks: EventMarks,
}

/// Where an event stands among those of its day, without what was said to be none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPosition {
    /// Events of the day.
    pub of_day: u64,
    /// Its number among them, counted from 1 at the oldest.
    pub in_day: u64,
}

/// What a home's day line is drawn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRows {
    /// Events that began in the day, oldest first, without what was said to be none.
    pub events: Vec<EventRow>,
    /// All epochs of the cameras.
    pub epochs: Vec<CameraEpochRow>,
    /// Gaps that overlap the day, oldest first for each camera.
    pub gaps: Vec<GapRow>,
    /// The home's cameras in use.
    pub cameras: Vec<CameraRow>,
    /// Whether there are more events, or more gaps of a camera, than there were asked for.
    pub truncated: bool,
}

impl Registry {
    /// A page of events, without stills.
    pub async fn events(
        &self,
        find: [u8; 32],
        now: Timestamp,
        query: EventQuery,
    ) -> Result<Option<Authorised<EventPage>>, RegistryError> {
        self.authorised(find, now, move |connection, access| page(connection, access, now, &query)).await
    }

    /// One event, still or test still, of a home of which the account has a live grant, or of a camera that is shared with it.
    /// The gate's hot path: one statement, from session to epoch; for what is shared, one transaction. `grants` has only the
    /// grants of that home, `shares` the shares that find it.
    ///
    /// Event ids are chosen by devices: if two homes of the account hold the same id, one of them is answered.
    pub async fn event(
        &self,
        find: [u8; 32],
        now: Timestamp,
        event: EventId,
    ) -> Result<Option<Authorised<Option<EventDetail>>>, RegistryError> {
        let read = move |connection: &Connection| detail(connection, &find, now, event);
        let found = self.engine.quick_statement(read).await?;
        match found {
            None => Ok(None),
            Some((answer, _)) if answer.data.is_none() => self.shared_event(find, now, event).await,
            Some((answer, false)) => Ok(Some(answer)),
            // Something is closed, for somebody: then which, and the answer, of one state.
            Some((_, true)) => {
                self.engine
                    .snapshot(move |connection| {
                        let Some((mut answer, _)) = detail(connection, &find, now, event)? else {
                            return Ok(None);
                        };
                        let Some(access) = access(connection, &find, now)? else { return Ok(None) };
                        answer.lockdowns = access.lockdowns;
                        Ok(Some(answer))
                    })
                    .await
            }
        }
    }

    /// Where an event stands among those of its home that began in `[from, to)`; `None` if it did not.
    pub async fn event_position(
        &self,
        find: [u8; 32],
        now: Timestamp,
        home: HomeId,
        event: EventId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Option<Authorised<Option<EventPosition>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            if access.holds(home) { position(connection, home, event, from, to) } else { Ok(None) }
        })
        .await
    }

    /// Events that began in `[from, to)`, at most `limit`, and gaps that overlap it.
    pub async fn day(
        &self,
        find: [u8; 32],
        now: Timestamp,
        home: HomeId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Option<Authorised<Option<DayRows>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            if access.holds(home) { day(connection, home, from, to, limit).map(Some) } else { Ok(None) }
        })
        .await
    }

    /// How many events of a home, without what was said to be none, began in each `[bounds[i], bounds[i + 1])`.
    pub async fn count_events(
        &self,
        find: [u8; 32],
        now: Timestamp,
        home: HomeId,
        bounds: Vec<Timestamp>,
    ) -> Result<Option<Authorised<Option<Vec<u64>>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            if !access.holds(home) {
                return Ok(None);
            }
            let pairs = bounds.iter().zip(bounds.iter().skip(1));
            pairs.map(|(from, to)| count(connection, home, *from, *to)).collect::<Step<_>>().map(Some)
        })
        .await
    }

    /// Erases an event of the grant's home: it becomes a tombstone, and its object is to be erased from the vault.
    /// `None` if there is no such event, or it was erased before.
    pub async fn erase_event(
        &self,
        authority: &Authority,
        event: EventId,
    ) -> Result<Option<ObjectKey>, RegistryError> {
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| {
            let home = asker.home()?;
            let sql = "SELECT camera FROM events WHERE home = ?1 AND id = ?2 AND erased_at IS NULL";
            let camera =
                first(tx, "events", sql, params![home.as_bytes(), event.as_bytes()], |c| c.id("camera"))?;
            match camera {
                Some(camera) => {
                    refuse_erasure(tx, asker, Some(camera))?;
                    entomb(tx, camera, event, now)
                }
                None => Ok(None),
            }
        })
        .await
    }
}

const DETAIL: &str = concat!(
    "SELECT ",
    columns!(session "s"),
    ", ",
    columns!(account "a"),
    ", ",
    columns!(grant "g"),
    ", ",
    columns!(home "h"),
    ", ",
    columns!(event "e"),
    ", ",
    columns!(epoch "k"),
    ", ",
    columns!(camera "c"),
    ", ",
    columns!(epoch "ck"),
    ", ",
    columns!(device "d"),
    ", o.event IS NOT NULL, e.not_event_at IS NOT NULL, EXISTS (SELECT 1 FROM lockdowns WHERE lifted_at IS NULL)",
    " FROM sessions s JOIN accounts a ON a.id = s.account",
    " LEFT JOIN events e ON e.rowid = (SELECT x.rowid FROM grants y JOIN events x ON x.home = y.home AND x.id = ?3",
    "   WHERE y.account = s.account AND y.revoked_at IS NULL AND x.erased_at IS NULL LIMIT 1)",
    " LEFT JOIN grants g ON g.account = s.account AND g.home = e.home AND g.revoked_at IS NULL",
    " LEFT JOIN homes h ON h.id = g.home",
    " LEFT JOIN camera_epochs k ON k.camera = e.camera AND k.tenure = e.tenure",
    "   AND k.home_epoch = e.home_epoch AND k.camera_epoch = e.camera_epoch",
    " LEFT JOIN cameras c ON c.id = e.camera",
    " LEFT JOIN camera_epochs ck ON ck.camera = c.id AND ck.tenure = c.tenure",
    "   AND ck.home_epoch = c.home_epoch AND ck.camera_epoch = c.camera_epoch",
    " LEFT JOIN devices d ON d.id = e.device",
    " LEFT JOIN opened o ON o.home = e.home AND o.event = e.id AND o.account = s.account",
    " WHERE s.find = ?1 AND s.expires_at > ?2"
);

/// An event with who asks, without lockdowns yet, and whether there are any.
type Detail = (Authorised<Option<EventDetail>>, bool);

fn detail(connection: &Connection, find: &[u8; 32], now: Timestamp, event: EventId) -> Step<Option<Detail>> {
    let mut statement = connection.prepare_cached(DETAIL)?;
    let mut found = statement.query(params![find, now.as_micros(), event.as_bytes()])?;
    let mut answer: Option<Detail> = None;
    // One row for each live grant of the event's home.
    while let Some(row) = found.next()? {
        let mut c = Columns::new(row, "sessions");
        let (session, account) = (decode::session(&mut c)?, decode::account(&mut c)?);
        let granted = c.joined(decode::width::GRANT + decode::width::HOME, |c| {
            Ok((decode::grant(c)?, decode::home(c)?))
        })?;
        if let Some((answer, _)) = &mut answer {
            answer.grants.extend(granted);
            continue;
        }
        let event = c.joined(decode::width::EVENT, decode::event)?;
        let epoch = c.joined(decode::width::EPOCH, decode::epoch)?;
        let camera = c.joined(decode::width::CAMERA, decode::camera)?;
        let device = c.joined(decode::width::DEVICE, decode::device)?;
        let marks = marks(&mut c)?;
        let any_locked = c.of("lockdowns").flag("lifted_at")?;
        let data = match (event, epoch, camera) {
            (None, _, _) => None,
            (Some(event), Some(epoch), Some(camera)) => {
                Some(EventDetail { event, epoch, camera, device, marks })
            }
            (Some(_), None, _) => {
                return Err(RegistryError::Corrupt { table: "events", column: "tenure" }.into());
            }
            (Some(_), _, None) => {
                return Err(RegistryError::Corrupt { table: "events", column: "camera" }.into());
            }
        };
        let grants = granted.into_iter().collect();
        let (shares, lockdowns, restored) = (Vec::new(), Vec::new(), Restored::default());
        let authorised = Authorised { session, account, grants, shares, lockdowns, restored, data };
        answer = Some((authorised, any_locked));
    }
    if let Some((answer, _)) = &mut answer {
        answer.restored = Restored::of(&mut answer.grants, &mut answer.shares);
        // Its home waits to be confirmed: there is nothing.
        if answer.grants.is_empty() {
            answer.data = None;
        }
        answer.grants.sort_by_key(|(grant, _)| Reverse(grant.epoch));
    }
    Ok(answer)
}

/// A place in the list, before or after which events lie: (start in microseconds, bytes that compare with ids).
type Place = (i64, Vec<u8>);

/// Both ends of a range of the list, exclusive.
fn range(query: &EventQuery) -> (Place, Place) {
    let place = |(at, id): &(Timestamp, EventId)| (at.as_micros(), id.as_bytes().to_vec());
    // An event that begins at `at` or later lies above (at, no bytes).
    let edge = |at: &Timestamp| (at.as_micros(), Vec::new());
    let lower = query.from.iter().map(edge).chain(query.after.iter().map(place)).max();
    let upper = query.to.iter().map(edge).chain(query.before.iter().map(place)).min();
    (lower.unwrap_or((i64::MIN, Vec::new())), upper.unwrap_or((i64::MAX, vec![0xff; 17])))
}

fn page(connection: &Connection, access: &Access, now: Timestamp, query: &EventQuery) -> Step<EventPage> {
    let limit = query.limit.min(LIMIT_MAX) as usize;
    let held = if query.shared_only { Vec::new() } else { access.homes() };
    let homes: BTreeSet<HomeId> = match &query.homes {
        Some(asked) => asked.iter().copied().filter(|home| held.contains(home)).collect(),
        None => held.into_iter().collect(),
    };
    let cameras: BTreeSet<CameraId> = query.cameras.iter().copied().collect();
    let account = access.account.id;
    // Each source has an index of its own that gives its newest events; together they hold the page.
    let mut events = Vec::new();
    for home in homes {
        if cameras.is_empty() {
            source(connection, OF_HOME, home, home.as_bytes(), account, query, &mut events)?;
        }
        for camera in &cameras {
            source(connection, OF_CAMERA, home, camera.as_bytes(), account, query, &mut events)?;
        }
    }
    let shares = access.shares.iter().map(|(share, _)| share).filter(|share| share.has_begun(now));
    for share in shares.filter(|share| query.homes.as_ref().is_none_or(|homes| homes.contains(&share.home))) {
        from_share(connection, share, &cameras, account, query, &mut events)?;
    }
    // Two shares may find the same event.
    events.sort_unstable_by_key(|(event, _)| (event.home, event.id));
    events.dedup_by_key(|(event, _)| (event.home, event.id));
    events.sort_unstable_by_key(|(event, _)| Reverse((event.started_at, event.id)));
    let more = events.len() > limit;
    events.truncate(limit);
    named(connection, events, more)
}

macro_rules! list {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            columns!(event "e"),
            ", o.event IS NOT NULL, e.not_event_at IS NOT NULL FROM events e",
            " LEFT JOIN opened o ON o.home = e.home AND o.event = e.id AND o.account = ?3",
            " WHERE ",
            $condition,
            " AND e.erased_at IS NULL AND e.still = 0 AND (?4 IS NULL OR e.label = ?4)",
            " AND (?10 IS NULL OR ?10 = (e.not_event_at IS NOT NULL))",
            " AND (e.started_at, e.id) > (?5, ?6) AND (e.started_at, e.id) < (?7, ?8)",
            " ORDER BY e.started_at DESC, e.id DESC LIMIT ?9"
        )
    };
}
const OF_HOME: &str = list!("e.home = ?1 AND e.home = ?2");
const OF_SHARE: &str = list!(
    "e.home = ?1 AND e.camera = ?2 AND e.started_at >= ?12 AND EXISTS (SELECT 1 FROM share_epochs q
     WHERE q.share = ?11 AND q.camera = e.camera AND q.tenure = e.tenure AND q.home_epoch = e.home_epoch
       AND q.camera_epoch = e.camera_epoch)"
);
const OF_CAMERA: &str = list!("e.home = ?1 AND e.camera = ?2");

fn source(
    connection: &Connection,
    sql: &str,
    home: HomeId,
    of: &[u8; 16],
    account: AccountId,
    query: &EventQuery,
    events: &mut Vec<(EventRow, EventMarks)>,
) -> Step<()> {
    let ((lower_at, lower_id), (upper_at, upper_id)) = range(query);
    let parameters = params![
        home.as_bytes(),
        of,
        account.as_bytes(),
        query.label,
        lower_at,
        lower_id,
        upper_at,
        upper_id,
        // One more than asked for shows whether there are more.
        query.limit.min(LIMIT_MAX) + 1,
        query.not_event
    ];
    events.extend(rows(connection, "events", sql, parameters, |c| Ok((decode::event(c)?, marks(c)?)))?);
    Ok(())
}

/// The newest events of each camera of a share.
fn from_share(
    connection: &Connection,
    share: &ShareRow,
    cameras: &BTreeSet<CameraId>,
    account: AccountId,
    query: &EventQuery,
    events: &mut Vec<(EventRow, EventMarks)>,
) -> Step<()> {
    // What its home said to be no event is not told: to who holds a share none is.
    if query.not_event == Some(true) {
        return Ok(());
    }
    let ((lower_at, lower_id), (upper_at, upper_id)) = range(query);
    let shared = cameras_of_share(connection, share.id)?;
    for camera in shared.iter().filter(|camera| cameras.is_empty() || cameras.contains(camera)) {
        let parameters = params![
            share.home.as_bytes(),
            camera.as_bytes(),
            account.as_bytes(),
            query.label,
            lower_at,
            lower_id,
            upper_at,
            upper_id,
            query.limit.min(LIMIT_MAX) + 1,
            None::<bool>,
            share.id.as_bytes(),
            earliest(share)
        ];
        events.extend(rows(connection, "events", OF_SHARE, parameters, |c| {
            Ok((decode::event(c)?, marks(c)?))
        })?);
    }
    Ok(())
}

/// The page with every epoch, camera and device that its events name, each once.
fn named(connection: &Connection, events: Vec<(EventRow, EventMarks)>, more: bool) -> Step<EventPage> {
    let (mut epochs, mut cameras, mut devices) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (event, _) in &events {
        let key = (event.camera, event.tenure, event.home_epoch, event.camera_epoch);
        if let Entry::Vacant(unread) = epochs.entry(key) {
            unread.insert(epoch_of(connection, event)?);
        }
        if let Entry::Vacant(unread) = cameras.entry(event.camera) {
            unread.insert(camera_row(connection, event.camera)?);
        }
        if let Entry::Vacant(unread) = devices.entry(event.device) {
            unread.insert(device_row(connection, event.device)?);
        }
    }
    Ok(EventPage {
        events,
        epochs: epochs.into_values().flatten().collect(),
        cameras: cameras.into_values().flatten().collect(),
        devices: devices.into_values().flatten().collect::<Vec<DeviceRow>>(),
        more,
    })
}

fn epoch_of(connection: &Connection, event: &EventRow) -> Step<Option<CameraEpochRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(epoch "k"),
        " FROM camera_epochs k WHERE k.camera = ?1 AND k.tenure = ?2 AND k.home_epoch = ?3 AND k.camera_epoch = ?4"
    );
    let parameters = params![
        event.camera.as_bytes(),
        event.tenure.as_bytes(),
        event.home_epoch.number(),
        event.camera_epoch.number()
    ];
    first(connection, "camera_epochs", sql, parameters, decode::epoch)
}

fn count(connection: &Connection, home: HomeId, from: Timestamp, to: Timestamp) -> Step<u64> {
    let sql = "SELECT count(*) FROM events WHERE home = ?1 AND erased_at IS NULL AND still = 0 AND not_event_at IS NULL
               AND started_at >= ?2 AND started_at < ?3";
    let count = number(connection, sql, params![home.as_bytes(), from.as_micros(), to.as_micros()])?;
    Ok(u64::try_from(count.unwrap_or_default()).unwrap_or_default())
}

fn position(
    connection: &Connection,
    home: HomeId,
    event: EventId,
    from: Timestamp,
    to: Timestamp,
) -> Step<Option<EventPosition>> {
    let sql = "SELECT started_at FROM events WHERE home = ?1 AND id = ?2 AND erased_at IS NULL AND still = 0 AND not_event_at IS NULL
               AND started_at >= ?3 AND started_at < ?4";
    let parameters = params![home.as_bytes(), event.as_bytes(), from.as_micros(), to.as_micros()];
    let Some(started_at) = number(connection, sql, parameters)? else { return Ok(None) };
    let sql = "SELECT count(*) FROM events WHERE home = ?1 AND erased_at IS NULL AND still = 0 AND not_event_at IS NULL
               AND started_at >= ?2 AND (started_at, id) <= (?3, ?4)";
    let parameters = params![home.as_bytes(), from.as_micros(), started_at, event.as_bytes()];
    let in_day = number(connection, sql, parameters)?.unwrap_or_default();
    Ok(Some(EventPosition {
        of_day: count(connection, home, from, to)?,
        in_day: u64::try_from(in_day).unwrap_or_default(),
    }))
}

fn day(connection: &Connection, home: HomeId, from: Timestamp, to: Timestamp, limit: u32) -> Step<DayRows> {
    let limit = limit.min(LIMIT_MAX);
    let sql = concat!(
        "SELECT ",
        columns!(event "e"),
        " FROM events e WHERE e.home = ?1 AND e.erased_at IS NULL AND e.still = 0 AND e.not_event_at IS NULL",
        " AND e.started_at >= ?2 AND e.started_at < ?3 ORDER BY e.started_at, e.id LIMIT ?4"
    );
    let parameters = params![home.as_bytes(), from.as_micros(), to.as_micros(), limit + 1];
    let mut events = rows(connection, "events", sql, parameters, decode::event)?;
    let mut truncated = events.len() > limit as usize;
    events.truncate(limit as usize);

    let cameras = cameras_of_home(connection, home, Which::Active)?;
    let (mut epochs, mut gaps) = (Vec::new(), Vec::new());
    for camera in &cameras {
        epochs.extend(epochs_of_camera(connection, camera.id, home)?);
        let sql = concat!(
            "SELECT ",
            columns!(report "g"),
            " FROM gaps g WHERE g.camera = ?1 AND g.from_at < ?3 AND (g.to_at IS NULL OR g.to_at > ?2)",
            " ORDER BY g.from_at LIMIT ?4"
        );
        let parameters = params![camera.id.as_bytes(), from.as_micros(), to.as_micros(), GAPS_MAX + 1];
        let reports = rows(connection, "gaps", sql, parameters, |c| decode::report(c, "gaps"))?;
        truncated |= reports.len() > GAPS_MAX as usize;
        let reports = reports.into_iter().take(GAPS_MAX as usize);
        gaps.extend(reports.map(|report| GapRow { camera: camera.id, report }));
    }
    Ok(DayRows { events, epochs, gaps, cameras, truncated })
}

/// Statements whose cost must not grow with the number of rows, and whether they must come sorted from an index.
#[cfg(test)]
pub(crate) fn hot_queries() -> [(&'static str, bool); 4] {
    [(DETAIL, false), (OF_HOME, true), (OF_CAMERA, true), (OF_SHARE, true)]
}
