//! What an archive is to hold, asked for before its first byte: the events that the asker's own list shows, and what else they see.

use ownsight_gate::{Credentials, EventFilter, Gate, GateError, views};
use ownsight_model::{CameraId, EventId, HomeId, Label, Right, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::Problem;

/// Most events of one archive: some 10 MB of memory while it is written.
const EVENTS_MAX: usize = 100_000;
const PAGE: u32 = 100;

/// An event that is to be in the archive.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) event: EventId,
    /// Which of [`Plan::cameras`].
    pub(super) camera: usize,
    pub(super) started_at: Timestamp,
    pub(super) ended_at: Timestamp,
    pub(super) label: Label,
    /// Where its files are, without their endings; or why it is not there.
    pub(super) outcome: Outcome,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Waits,
    There(String),
    LeftOut(Reason),
}

/// Why something is not in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Reason {
    /// It did not authenticate. The operator has an alarm.
    NotAuthentic,
    /// It was erased meanwhile.
    Erased,
    /// An operator has closed it.
    LockedDown,
    /// The asker may see it and not keep it.
    NotAllowed,
}

/// All that goes into an archive.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Oldest first.
    pub(super) events: Vec<Planned>,
    pub(super) cameras: Vec<(CameraId, String)>,
    /// What the list could not verify, and what was closed in it: counts.
    pub(super) unverified: u64,
    pub(super) locked_down: u64,
    /// The home itself; nothing for what others share.
    pub(super) home: Option<Value>,
}

impl Plan {
    /// Asks for all events of a filter, page by page, each on the record as any list is.
    pub(super) async fn make(gate: &Gate, who: &Credentials, filter: EventFilter) -> Result<Self, Problem> {
        gate.may_export(who).await?;
        let mut plan = Self::default();
        let mut cursor = None;
        loop {
            let filter = EventFilter { limit: Some(PAGE), cursor, ..filter.clone() };
            let views::Events { events, next_cursor, unverified, locked_down } =
                gate.events(who, filter).await?.release(who)?;
            plan.unverified += u64::from(unverified);
            plan.locked_down += u64::from(locked_down);
            for event in events {
                plan.add(event);
            }
            if plan.events.len() > EVENTS_MAX {
                return Err(super::invalid(
                    "after",
                    "these are more than 100,000 events: choose a shorter time, or fewer cameras",
                ));
            }
            cursor = match next_cursor {
                Some(next) => Some(next),
                None => break,
            };
        }
        let none_allowed = |event: &Planned| matches!(event.outcome, Outcome::LeftOut(Reason::NotAllowed));
        if !plan.events.is_empty() && plan.events.iter().all(none_allowed) {
            return Err(GateError::NotAllowed.into());
        }
        plan.events.reverse();
        if let Some(home) = filter.home {
            plan.home = home_of(gate, who, home).await?;
        }
        Ok(plan)
    }

    fn add(&mut self, event: views::Event) {
        let known = self.cameras.iter().position(|(camera, _)| *camera == event.camera_id);
        let camera = known.unwrap_or_else(|| {
            self.cameras.push((event.camera_id, event.camera_name));
            self.cameras.len() - 1
        });
        let outcome = if event.rights.allow(Right::Export) {
            Outcome::Waits
        } else {
            Outcome::LeftOut(Reason::NotAllowed)
        };
        let (started_at, ended_at, label) = (event.started_at, event.ended_at, event.label);
        self.events.push(Planned { event: event.id, camera, started_at, ended_at, label, outcome });
    }

    /// What `events.json` says of an event, as one line.
    pub(super) fn line(&self, planned: &Planned) -> Vec<u8> {
        let camera = self.cameras.get(planned.camera);
        let mut line = serde_json::json!({
            "id": planned.event,
            "camera_id": camera.map(|(id, _)| id),
            "camera": camera.map(|(_, name)| name),
            "started_at": utc(planned.started_at),
            "ended_at": utc(planned.ended_at),
            "label": planned.label,
        });
        if let (Outcome::There(path), Some(line)) = (&planned.outcome, line.as_object_mut()) {
            line.insert("video".to_owned(), format!("{path}.mp4").into());
            line.insert("thumbnail".to_owned(), format!("{path}.jpg").into());
        }
        line.to_string().into_bytes()
    }

    /// What is not there, and why; for people and programs.
    pub(super) fn left_out(&self) -> Value {
        let events = self.events.iter().filter_map(|planned| {
            let Outcome::LeftOut(reason) = planned.outcome else { return None };
            let camera = self.cameras.get(planned.camera).map(|(_, name)| name);
            let started_at = utc(planned.started_at);
            Some(serde_json::json!({"id": planned.event, "camera": camera, "started_at": started_at, "reason": reason}))
        });
        serde_json::json!({
            "events": events.collect::<Vec<_>>(),
            "not_verified_in_the_list": self.unverified,
            "locked_down_in_the_list": self.locked_down,
        })
    }
}

pub(super) fn utc(at: Timestamp) -> String {
    super::zip::utc(at).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The home as a member sees it: without cameras' addresses and sign-ins, for everybody. `None` for who holds a share of it.
async fn home_of(gate: &Gate, who: &Credentials, home: HomeId) -> Result<Option<Value>, Problem> {
    let of_home = match gate.home(who, home).await {
        Err(GateError::NotFound) => return Ok(None),
        answer => json(answer?.release(who)?),
    };
    let mut all = Map::new();
    let cameras = seen(gate.cameras(who, Some(home)).await, who)?;
    let people = seen(gate.people(who, home).await, who)?;
    let devices = seen(gate.devices(who, home).await, who)?;
    all.insert("home".to_owned(), of_home);
    for (name, part) in [("cameras", cameras), ("people", people), ("devices", devices)] {
        if let Some(part) = part {
            all.insert(name.to_owned(), part);
        }
    }
    let mut all = Value::Object(all);
    leave_out(&mut all);
    Ok(Some(all))
}

/// A part of a home; `None` if the asker may not see it.
fn seen<T: Serialize>(
    answer: Result<ownsight_gate::Answer<T>, GateError>,
    who: &Credentials,
) -> Result<Option<Value>, Problem> {
    match answer {
        Ok(answer) => Ok(Some(json(answer.release(who)?))),
        Err(GateError::NotAllowed | GateError::TokenMayNot { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Our own views, whose maps have text keys, always have a JSON form.
fn json(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Takes out where cameras are and how to sign in to them, and addresses that are of this session only.
fn leave_out(value: &mut Value) {
    const LEFT_OUT: [&str; 5] = ["address", "user", "password", "has_password", "still_url"];
    match value {
        Value::Object(map) => {
            map.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
            map.values_mut().for_each(leave_out);
        }
        Value::Array(list) => list.iter_mut().for_each(leave_out),
        _ => {}
    }
}
