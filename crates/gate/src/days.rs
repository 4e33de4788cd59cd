//! A home's days: in its own zone, whatever the clock does on them.

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use ownsight_ledger::{Action, EventRef};
use ownsight_model::{Closable, GapReason, GapReport, HomeId, Timestamp};
use ownsight_registry::{DayRows, GapRow};
use ownsight_seal::{CameraReportKind, OpenError, Purpose, report_is_about};

use crate::access::HomeAccess;
use crate::events::{is_epoch_of, verify};
use crate::gate::{Gate, registry_error};
use crate::profile;
use crate::rights::Needs;
use crate::{Answer, Credentials, GateError, alarm, views};

/// Most days that one request asks for.
const DAYS_MAX: usize = 92;
/// Most events of a day that are shown on its line.
const DAY_EVENTS_MAX: u32 = 5000;
/// A list in the ledger names at most so many ids.
const RECORDED_MAX: usize = 1000;

impl Gate {
    /// How many events each day between two dates has, both included; days without events are left out.
    pub async fn days(
        &self,
        credentials: &Credentials,
        home: HomeId,
        from: &str,
        to: &str,
    ) -> Result<Answer<views::Days>, GateError> {
        let access = self.day_access(credentials, home).await?;
        let zone = time_zone(&access.profile.zone)?;
        let (from, to) = (date("from", from)?, date("to", to)?);
        if to < from {
            return Err(GateError::invalid("to", "it is before `from`"));
        }
        let mut dates = Vec::new();
        let mut next = from;
        while next <= to {
            if dates.len() == DAYS_MAX {
                return Err(GateError::invalid("to", "at most 92 days can be asked for at once"));
            }
            dates.push(next);
            next = next.tomorrow().map_err(|_| GateError::invalid("to", "the calendar ends there"))?;
        }
        let mut bounds = dates.iter().map(|date| begin(&zone, *date)).collect::<Result<Vec<_>, _>>()?;
        bounds.push(begin(&zone, next)?);
        let now = Timestamp::now();
        let rows = self
            .registry()
            .count_events(credentials.find(), now, home, bounds)
            .await
            .map_err(registry_error)?;
        let (person, access, counts) =
            self.open_home(credentials, home, rows.ok_or(GateError::SignedOut)?, Needs::FOOTAGE)?;
        person.may(Closable::All, Some(home), None)?;
        let counts = counts.ok_or(GateError::NotFound)?;
        let mut days: Vec<_> = dates
            .iter()
            .zip(counts)
            .filter(|(_, events)| *events > 0)
            .map(|(date, events)| views::DayCount { date: date.to_string(), events })
            .collect();
        days.reverse();
        Ok(Answer::new(credentials, views::Days { zone: access.profile.zone.clone(), days }))
    }

    /// A day's events and gaps. Recorded as a list.
    pub async fn day(
        &self,
        credentials: &Credentials,
        home: HomeId,
        day: &str,
    ) -> Result<Answer<views::Day>, GateError> {
        let (starts_at, ends_at) = self.day_bounds(credentials, home, day).await?;
        let now = Timestamp::now();
        let rows = self
            .registry()
            .day(credentials.find(), now, home, starts_at, ends_at, DAY_EVENTS_MAX)
            .await
            .map_err(registry_error)?;
        let (person, access, data) =
            self.open_home(credentials, home, rows.ok_or(GateError::SignedOut)?, Needs::FOOTAGE)?;
        person.may(Closable::All, Some(home), None)?;
        let data = data.ok_or(GateError::NotFound)?;
        let (mut events, gaps, unverified) = access.open_day(&data);
        let found = events.len();
        events.retain(|event| person.may(Closable::All, Some(home), Some(event.camera_id)).is_ok());
        let locked_down = (found - events.len()) as u32;
        let ids: Vec<_> =
            events.iter().map(|event| EventRef { camera: event.camera_id, event: event.id }).collect();
        for page in ids.chunks(RECORDED_MAX) {
            let action = Action::List { events: page.to_vec(), cameras: Vec::new() };
            self.record(credentials, &person, access.id(), action).await?.unlock(|| Ok(()))?;
        }
        let view = views::Day {
            date: date("date", day)?.to_string(),
            zone: access.profile.zone.clone(),
            starts_at,
            ends_at,
            now,
            events,
            gaps,
            truncated: data.truncated,
            unverified,
            locked_down,
        };
        Ok(Answer::new(credentials, view))
    }

    /// Begin and end of a date in the home's zone.
    pub(crate) async fn day_bounds(
        &self,
        credentials: &Credentials,
        home: HomeId,
        day: &str,
    ) -> Result<(Timestamp, Timestamp), GateError> {
        let access = self.day_access(credentials, home).await?;
        bounds(&time_zone(&access.profile.zone)?, date("day", day)?)
    }

    async fn day_access(&self, credentials: &Credentials, home: HomeId) -> Result<HomeAccess, GateError> {
        let rows = self.session_rows(credentials).await?;
        let (_, access, ()) = self.open_home(credentials, home, rows, Needs::FOOTAGE)?;
        Ok(access)
    }
}

impl HomeAccess {
    fn open_day(&self, rows: &DayRows) -> (Vec<views::DayEvent>, Vec<views::Gap>, u32) {
        let mut unverified = 0;
        let mut secrets = HashMap::new();
        let mut events = Vec::with_capacity(rows.events.len());
        for row in &rows.events {
            let key = (row.camera, row.tenure, row.home_epoch, row.camera_epoch);
            let verified = match secrets.get(&key) {
                Some(secret) => verify(secret, row, row.id),
                None => rows
                    .epochs
                    .iter()
                    .find(|epoch| is_epoch_of(epoch, row))
                    .ok_or(OpenError::MixUp(Purpose::Event))
                    .and_then(|epoch| self.camera_secret(epoch))
                    .and_then(|secret| verify(secrets.entry(key).or_insert(secret), row, row.id)),
            };
            match verified {
                Ok(verified) => events.push(views::DayEvent {
                    id: verified.ids().event,
                    camera_id: verified.ids().scope.camera,
                    started_at: verified.ids().started_at,
                    ended_at: verified.trailer().ended_at,
                }),
                Err(error) => {
                    alarm::raise(&error, "verifying an event of a day");
                    unverified += 1;
                }
            }
        }
        let mut gaps = Vec::with_capacity(rows.gaps.len());
        for row in &rows.gaps {
            match self.open_gap(rows, row) {
                Ok(gap) => gaps.push(gap),
                Err(error) => {
                    alarm::raise(&error, "verifying a gap");
                    unverified += 1;
                }
            }
        }
        (events, gaps, unverified)
    }

    fn open_gap(&self, rows: &DayRows, row: &GapRow) -> Result<views::Gap, OpenError> {
        let mixed_up = OpenError::MixUp(Purpose::GapReport);
        let camera = rows.cameras.iter().find(|camera| camera.id == row.camera).ok_or(mixed_up)?;
        let epochs = rows.epochs.iter().filter(|epoch| epoch.camera == camera.id);
        self.verify_report(CameraReportKind::Gap, epochs, &row.report)?;
        let report: GapReport = profile::decode(&row.report.body)?;
        report_is_about(&row.camera, &report.camera, Purpose::GapReport)?;
        let reason = match report.reason {
            GapReason::Camera(fault) => word(fault),
            GapReason::AgentAway => "agent-away".to_owned(),
            GapReason::QueueFull => "queue-full".to_owned(),
            GapReason::Quieted => "quieted".to_owned(),
        };
        Ok(views::Gap { camera_id: report.camera, from: report.from, to: report.to, reason })
    }
}

/// A fault's word in the API.
fn word(fault: ownsight_model::CameraFault) -> String {
    match serde_json::to_value(fault) {
        Ok(serde_json::Value::String(word)) => word,
        _ => "broken".to_owned(),
    }
}

/// Begin and end of the day that this moment lies on, in an IANA zone.
pub(crate) fn day_of(zone: &str, moment: Timestamp) -> Result<(Timestamp, Timestamp), GateError> {
    let zone = time_zone(zone)?;
    let moment = jiff::Timestamp::from_microsecond(moment.as_micros())
        .map_err(|_| GateError::invalid("day", "the calendar ends there"))?;
    bounds(&zone, moment.to_zoned(zone.clone()).date())
}

fn bounds(zone: &TimeZone, date: Date) -> Result<(Timestamp, Timestamp), GateError> {
    let next = date.tomorrow().map_err(|_| GateError::invalid("day", "the calendar ends there"))?;
    Ok((begin(zone, date)?, begin(zone, next)?))
}

fn begin(zone: &TimeZone, date: Date) -> Result<Timestamp, GateError> {
    let zoned =
        date.to_zoned(zone.clone()).map_err(|_| GateError::invalid("day", "the calendar ends there"))?;
    Ok(Timestamp::from_micros(zoned.timestamp().as_microsecond()))
}

fn date(field: &'static str, text: &str) -> Result<Date, GateError> {
    text.parse().map_err(|_| GateError::invalid(field, "a date such as 2026-11-23 is expected"))
}

fn time_zone(name: &str) -> Result<TimeZone, GateError> {
    // A zone that this build does not know any more: its days would be wrong ones.
    TimeZone::get(name).map_err(|error| alarm::unavailable(&error, "looking up a home's time zone"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_23_24_or_25_hours() {
        let hours = |day: &str| {
            let zone = TimeZone::get("Europe/Berlin").unwrap();
            let (begin, end) = bounds(&zone, day.parse().unwrap()).unwrap();
            end.since(begin).as_secs() / 3600
        };
        assert_eq!(hours("2026-11-23"), 24);
        assert_eq!(hours("2026-03-29"), 23);
        assert_eq!(hours("2026-10-25"), 25);
    }

    #[test]
    fn a_moment_lies_on_the_day_of_the_zone() {
        // 2026-11-23T23:30Z is the 24th in Berlin.
        let moment = Timestamp::from_micros(1_795_476_600_000_000);
        let (begin, end) = day_of("Europe/Berlin", moment).unwrap();
        assert!(begin <= moment && moment < end);
        assert_eq!(moment.since(begin).as_secs(), 1800);
    }
}
