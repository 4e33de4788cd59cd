//! Lists of events, and one event: verified row by row under the asker's own keys.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use ownsight_ledger::{Action, EventRef};
use ownsight_model::{
    CameraId, Closable, EventId, HomeId, Label, MotionTrack, Right, Rights, SectionKind, Timestamp,
};
use ownsight_registry::{CameraEpochRow, EventMarks, EventPage, EventQuery, EventRow, SharedEpoch};
use ownsight_seal::{CameraSecret, HEADER_BYTES, Header, OpenError, Purpose, Trailer, VerifiedEvent};

use crate::event_access::{EventAccess, Wanted};
use crate::gate::{Gate, registry_error};
use crate::rights::{LetIn, Needs};
use crate::{Answer, Credentials, GateError, alarm, days, urls, views};

const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MAX: u32 = 100;

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Of this home only.
    pub home: Option<HomeId>,
    /// Only what is shared with the account by others.
    pub shared: bool,
    /// Of these cameras only; none: of all.
    pub cameras: Vec<CameraId>,
    /// About this only.
    pub label: Option<Label>,
    /// Only what was said to be no event, or nothing of that; `None`: both.
    pub not_an_event: Option<bool>,
    /// On this date in the home's zone; needs `home`.
    pub day: Option<String>,
    /// Begun before this moment.
    pub before: Option<Timestamp>,
    /// Begun after this moment.
    pub after: Option<Timestamp>,
    /// At most so many, 1 to 100; 50 if left out.
    pub limit: Option<u32>,
    /// Where the former page ended.
    pub cursor: Option<String>,
}

impl Gate {
    /// Lists events, newest first. The list is one entry of the ledger for each home in it.
    pub async fn events(
        &self,
        credentials: &Credentials,
        filter: EventFilter,
    ) -> Result<Answer<views::Events>, GateError> {
        let query = match self.query(credentials, filter).await {
            Ok(query) => query,
            Err(error) => {
                // Who is not signed in is told that, and not what else is wrong.
                self.is_live(credentials).await?;
                return Err(error);
            }
        };
        let asked = query.homes.clone();
        let now = Timestamp::now();
        let rows = self.registry().events(credentials.find(), now, query).await.map_err(registry_error)?;
        let mut rows = rows.ok_or(GateError::SignedOut)?;
        let shares = std::mem::take(&mut rows.shares);
        let restored = std::mem::take(&mut rows.restored);
        let (person, homes, mut unverified, page) = self.open_homes(credentials, rows, Needs::FOOTAGE)?;
        let (mut shares, unopened) = person.open_shares(shares);
        unverified += unopened;
        let mut accesses: Vec<EventAccess> =
            homes.into_iter().map(|access| EventAccess::Home(Box::new(access))).collect();
        shares.retain(|share| share.is_live(now));
        accesses.extend(shares.into_iter().map(|share| {
            let rights = share.rights();
            EventAccess::Share(Box::new(share), rights)
        }));
        if let Some(asked) = &asked
            && unverified == 0
            && let Some(unknown) =
                asked.iter().find(|asked| accesses.iter().all(|access| access.home() != **asked))
        {
            return Err(person.nothing(restored.of_home(*unknown)));
        }
        person.may(Closable::All, asked.as_deref().and_then(|asked| asked.first().copied()), None)?;

        let mut locked_down = 0;
        let mut cameras =
            Cameras { page: &page, accesses: &accesses, open: HashMap::new(), secrets: HashMap::new() };
        let mut listed: Vec<(HomeId, views::Event)> = Vec::with_capacity(page.events.len());
        for (row, marks) in &page.events {
            match cameras.event(credentials, row, *marks) {
                // What a rule leaves out looks like what is not there.
                Ok(None) => {}
                Ok(Some(event)) => {
                    match person.may(Closable::All, Some(event.home_id), Some(event.camera_id)) {
                        Ok(()) => listed.push((event.home_id, event)),
                        Err(_) => locked_down += 1,
                    }
                }
                Err(error) => {
                    alarm::raise(&error, "verifying an event in a list");
                    unverified += 1;
                }
            }
        }
        let next_cursor = match page.events.last() {
            Some((row, _)) if page.more => Some(cursor(row.started_at, row.id)),
            _ => None,
        };
        let mut named: Vec<HomeId> = listed.iter().map(|(home, _)| *home).collect();
        named.sort_unstable();
        named.dedup();
        for home in named {
            let of_home = listed.iter().filter(|(listed, _)| *listed == home);
            let events: Vec<_> =
                of_home.map(|(_, event)| EventRef { camera: event.camera_id, event: event.id }).collect();
            let action = Action::List { events, cameras: Vec::new() };
            self.record(credentials, &person, home, action).await?.unlock(|| Ok(()))?;
        }
        let events = listed.into_iter().map(|(_, event)| event).collect();
        Ok(Answer::new(credentials, views::Events { events, next_cursor, unverified, locked_down }))
    }

    /// One event with its motion over time. It is then one that this account has opened.
    pub async fn event(
        &self,
        credentials: &Credentials,
        event: EventId,
    ) -> Result<Answer<views::EventDetail>, GateError> {
        let found = self.find_event(credentials, event, Wanted::new(Closable::All, Right::Footage)).await?;
        if found.row.still {
            return Err(GateError::NotFound);
        }
        let access = &found.access;
        let camera = access
            .camera_name(&found.camera)
            .map_err(|error| alarm::raise(&error, "opening an event's camera"))?;
        let found_by = access
            .device_name(found.device.as_ref())
            .map_err(|error| alarm::raise(&error, "opening the name of an event's device"))?;
        let rights = access.rights();
        let view = view(credentials, (access, rights), &found.verified, camera, found_by, found.marks);
        // What is no event has no place among them. One among all events of the day tells how many there are: a share tells of its own cameras only.
        let position = match access {
            EventAccess::Home(_) if !found.marks.not_event => {
                Some(self.position(credentials, access, event, view.started_at).await?)
            }
            EventAccess::Home(_) | EventAccess::Share(..) => None,
        };
        let motion = match found.verified.trailer().section(SectionKind::Motion) {
            Some(_) => {
                let bytes = self.open_small(credentials, &found, SectionKind::Motion).await?;
                Some(MotionTrack::decode(&bytes).map_err(|_| {
                    let error = OpenError::Malformed { what: "motion section", why: "its form is not known" };
                    alarm::raise(&error, "reading an event's motion")
                })?)
            }
            None => {
                let action = Action::List { events: vec![found.event_ref()], cameras: Vec::new() };
                let unlocking = self.record(credentials, &found.person, found.access.home(), action).await?;
                unlocking.unlock(|| Ok(()))?;
                None
            }
        };
        // What a program looks at, nobody has seen.
        if found.person.let_in == LetIn::SignIn {
            self.registry().mark_opened(found.person.scope.account, event).await.map_err(registry_error)?;
        }
        let at = |offset_ms: u32| view.started_at.plus(Duration::from_millis(u64::from(offset_ms)));
        let detail = views::EventDetail {
            motion_started_at: motion.as_ref().map(|track| at(track.began_ms)),
            motion_ended_at: motion.as_ref().map(|track| at(track.ended_ms)),
            width: motion.as_ref().map(|track| track.width),
            height: motion.as_ref().map(|track| track.height),
            frames: motion.as_ref().map(|track| track.frames),
            motion: motion.map(|track| track.samples).unwrap_or_default(),
            position,
            event: view,
        };
        Ok(Answer::new(credentials, detail))
    }

    /// Erases an event, unless footage of it is locked down: its header is zeroed, its file unlinked, its id kept so that a retry does not bring it back.
    pub async fn erase_event(&self, credentials: &Credentials, event: EventId) -> Result<(), GateError> {
        let found = self.find_event(credentials, event, Wanted::new(Closable::All, Right::Delete)).await?;
        if found.row.still {
            return Err(GateError::NotFound);
        }
        let erased = match &found.access {
            EventAccess::Home(access) => {
                let authority = found.person.authority_to_erase(access)?;
                self.registry().erase_event(&authority, event).await
            }
            EventAccess::Share(share, _) => {
                let find = found.person.find_for(Needs::DELETE)?;
                self.registry().erase_shared_event(find, Timestamp::now(), share.grant, event).await
            }
        };
        if let Some(object) = erased.map_err(registry_error)? {
            self.erase_objects(&[object]).await;
        }
        Ok(())
    }

    /// An event's place among those of its home's day.
    async fn position(
        &self,
        credentials: &Credentials,
        access: &EventAccess,
        event: EventId,
        started_at: Timestamp,
    ) -> Result<views::Position, GateError> {
        let (starts_at, ends_at) = days::day_of(access.zone(), started_at)?;
        let (find, now) = (credentials.find(), Timestamp::now());
        let rows = self
            .registry()
            .event_position(find, now, access.home(), event, starts_at, ends_at)
            .await
            .map_err(registry_error)?;
        let position = rows.and_then(|rows| rows.data);
        Ok(position.map_or(views::Position { of_day: 1, in_day: 1 }, |position| views::Position {
            of_day: position.of_day,
            in_day: position.in_day,
        }))
    }

    async fn query(&self, credentials: &Credentials, filter: EventFilter) -> Result<EventQuery, GateError> {
        let limit = filter.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(GateError::invalid("limit", "1 to 100 is expected"));
        }
        // Both are exclusive.
        let (mut from, mut to) = (filter.after.map(|after| after.shifted(1)), filter.before);
        if let Some(day) = &filter.day {
            let home = filter
                .home
                .ok_or_else(|| GateError::invalid("day", "it needs `home`, whose days are meant"))?;
            let (starts_at, ends_at) = self.day_bounds(credentials, home, day).await?;
            from = Some(from.map_or(starts_at, |from| from.max(starts_at)));
            to = Some(to.map_or(ends_at, |to| to.min(ends_at)));
        }
        let before = filter.cursor.as_deref().map(parse_cursor).transpose()?;
        Ok(EventQuery {
            homes: filter.home.map(|home| vec![home]),
            shared_only: filter.shared,
            cameras: filter.cameras,
            label: filter.label.map(Label::code),
            not_event: filter.not_an_event,
            from,
            to,
            before,
            after: None,
            limit,
        })
    }
}

/// Opens cameras and secrets of a page once each, from the homes and shares that the asker's account opened.
struct Cameras<'a> {
    page: &'a EventPage,
    /// Homes first: who has the whole of one needs no share of it.
    accesses: &'a [EventAccess],
    open: HashMap<CameraId, String>,
    secrets: HashMap<SharedEpoch, Opening<'a>>,
}

/// What opens the events of one epoch of a camera: the home, else the shares that hold its secret.
struct Opening<'a> {
    secret: CameraSecret,
    accesses: Vec<&'a EventAccess>,
}

impl Cameras<'_> {
    /// An event as it is listed; `None` if it began before the share begins that finds it.
    fn event(
        &mut self,
        credentials: &Credentials,
        row: &EventRow,
        marks: EventMarks,
    ) -> Result<Option<views::Event>, OpenError> {
        let mixed_up = OpenError::MixUp(Purpose::Event);
        let (page, accesses) = (self.page, self.accesses);
        let key = SharedEpoch {
            camera: row.camera,
            tenure: row.tenure,
            home_epoch: row.home_epoch,
            camera_epoch: row.camera_epoch,
        };
        let opening = match self.secrets.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let epoch =
                    page.epochs.iter().find(|epoch| is_epoch_of(epoch, row)).ok_or(mixed_up.clone())?;
                entry.insert(opening(accesses, row.home, epoch)?)
            }
        };
        let verified = verify(&opening.secret, row, row.id)?;
        let started_at = verified.ids().started_at;
        let including = opening.accesses.iter().copied().filter(|access| access.includes(started_at));
        let rights = including.clone().map(EventAccess::rights).reduce(Rights::or);
        let (Some(access), Some(rights)) = (including.clone().next(), rights) else { return Ok(None) };
        let name = match self.open.entry(row.camera) {
            Entry::Occupied(entry) => entry.get().clone(),
            Entry::Vacant(entry) => {
                let camera = page.cameras.iter().find(|camera| camera.id == row.camera).ok_or(mixed_up)?;
                entry.insert(access.camera_name(camera)?).clone()
            }
        };
        let device = page.devices.iter().find(|device| device.id == verified.ids().device);
        let found_by = access.device_name(device)?;
        Ok(Some(view(credentials, (access, rights), &verified, name, found_by, marks)))
    }
}

fn opening<'a>(
    accesses: &'a [EventAccess],
    home: HomeId,
    epoch: &CameraEpochRow,
) -> Result<Opening<'a>, OpenError> {
    let mut found: Option<Opening<'a>> = None;
    let mut refused = OpenError::MixUp(Purpose::Event);
    for access in accesses.iter().filter(|access| access.home() == home) {
        match (access.camera_secret(epoch), &mut found) {
            (Ok(secret), None) => found = Some(Opening { secret, accesses: vec![access] }),
            (Ok(_), Some(opening)) => opening.accesses.push(access),
            (Err(error), None) => refused = error,
            (Err(_), Some(_)) => {}
        }
    }
    found.ok_or(refused)
}

pub(crate) fn is_epoch_of(epoch: &CameraEpochRow, row: &EventRow) -> bool {
    epoch.camera == row.camera
        && epoch.tenure == row.tenure
        && epoch.home_epoch == row.home_epoch
        && epoch.camera_epoch == row.camera_epoch
}

/// Verifies a row's header and trailer under a camera secret, and that they are of the event that was asked for.
pub(crate) fn verify(
    secret: &CameraSecret,
    row: &EventRow,
    asked: EventId,
) -> Result<VerifiedEvent, OpenError> {
    let header: &[u8; HEADER_BYTES] = row
        .header
        .as_slice()
        .try_into()
        .map_err(|_| OpenError::Malformed { what: "header", why: "it has not the length of one" })?;
    let header = Header::parse(header)?;
    let trailer = Trailer::parse(&row.trailer, row.bytes)?;
    let verified = secret.verify_event(header, trailer)?;
    verified.is_event(asked)?;
    verified.is_as_row(row.device, row.started_at, row.ended_at, row.label)?;
    Ok(verified)
}

fn view(
    credentials: &Credentials,
    (access, rights): (&EventAccess, Rights),
    verified: &VerifiedEvent,
    camera_name: String,
    found_by: Option<String>,
    marks: EventMarks,
) -> views::Event {
    let ids = verified.ids();
    let trailer = verified.trailer();
    let kept = Duration::from_secs(u64::from(access.retention_days()) * 24 * 3600);
    views::Event {
        id: ids.event,
        home_id: ids.scope.home,
        camera_id: ids.scope.camera,
        camera_name,
        started_at: ids.started_at,
        ended_at: trailer.ended_at,
        label: trailer.label,
        label_source: trailer.label_source,
        found_by,
        opened: marks.opened,
        // What its home says of it is not told to whom it is shared with.
        not_an_event: marks.not_event && matches!(access, EventAccess::Home(_)),
        rights,
        clip_bytes: trailer.section(SectionKind::Clip).map_or(0, |section| section.plaintext_length()),
        expires_at: ids.started_at.plus(kept),
        thumbnail_url: urls::thumbnail(credentials, ids.event),
        video_url: urls::video(credentials, ids.event),
    }
}

/// Where a page ended: start time and event, 24 bytes as base64url. It finds; it opens nothing.
fn cursor(started_at: Timestamp, event: EventId) -> String {
    let mut bytes = Vec::with_capacity(24);
    bytes.extend_from_slice(&started_at.as_micros().to_be_bytes());
    bytes.extend_from_slice(event.as_bytes());
    BASE64URL_NOPAD.encode(&bytes)
}

fn parse_cursor(text: &str) -> Result<(Timestamp, EventId), GateError> {
    let parse = || {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (time, event) = bytes.split_first_chunk::<8>()?;
        let event: [u8; 16] = event.try_into().ok()?;
        Some((Timestamp::from_micros(i64::from_be_bytes(*time)), EventId::from_bytes(event)))
    };
    parse().ok_or_else(|| GateError::invalid("cursor", "the `next_cursor` of a former page is expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_others_are_refused() {
        let event = EventId::generate();
        let time = Timestamp::from_micros(-5);
        assert_eq!(parse_cursor(&cursor(time, event)).unwrap(), (time, event));
        for text in ["", "x", "AAAA", &"A".repeat(33)] {
            assert!(parse_cursor(text).is_err(), "{text}");
        }
    }
}
