//! A camera's clock: what time it says it is, and moments as it writes them.

use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use roxmltree::Node;

use ownsight_model::Timestamp;

use crate::xml::{first, text};

/// Further off than this is not believed, and our own clock used: cameras without a battery begin in 1970 or 2000, and are
/// corrected for that too.
const OFFSET_MAX: Duration = Duration::from_hours(100 * 366 * 24);

/// The camera's time in UTC, of its answer to GetSystemDateAndTime; `None` if it is not said.
pub(crate) fn utc(answer: Node<'_, '_>) -> Option<Timestamp> {
    let utc = first(answer, "UTCDateTime")?;
    let number = |name| text(utc, name)?.parse::<i16>().ok();
    let small = |name| number(name).and_then(|value| i8::try_from(value).ok());
    let (year, month, day) = (number("Year")?, small("Month")?, small("Day")?);
    // Leap seconds are written as 60.
    let (hour, minute, second) = (small("Hour")?, small("Minute")?, small("Second")?.min(59));
    let day = Date::new(year, month, day).ok()?;
    let at = DateTime::from_parts(day, Time::new(hour, minute, second, 0).ok()?);
    let zoned = at.to_zoned(TimeZone::UTC).ok()?;
    Some(Timestamp::from_micros(zoned.timestamp().as_microsecond()))
}

/// Microseconds that a camera's clock is ahead of ours; `None` if it is too far off to be corrected for.
pub(crate) fn offset(camera: Timestamp, ours: Timestamp) -> Option<i64> {
    let micros = camera.as_micros().checked_sub(ours.as_micros())?;
    (u128::from(micros.unsigned_abs()) <= OFFSET_MAX.as_micros()).then_some(micros)
}

/// A moment as `xsd:dateTime` in UTC, to the millisecond.
pub(crate) fn written(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::parse;

    #[test]
    fn a_cameras_time_is_read() {
        let answer = |day: &str| {
            format!(
                "<r><UTCDateTime><Time><Hour>13</Hour><Minute>5</Minute><Second>60</Second></Time>\
                 <Date><Year>2024</Year><Month>2</Month><Day>{day}</Day></Date></UTCDateTime></r>"
            )
        };
        let text = answer("29");
        let read = utc(parse(text.as_bytes()).unwrap().root()).unwrap();
        assert_eq!(written(read), "2024-02-29T13:05:59.000Z");
        for day in ["30", "-1", "x", "99999"] {
            let text = answer(day);
            assert_eq!(utc(parse(text.as_bytes()).unwrap().root()), None, "{day}");
        }
    }

    #[test]
    fn a_clock_that_began_in_1970_is_corrected_for() {
        let ours = Timestamp::from_micros(1_800_000_000_000_000);
        let camera = Timestamp::from_micros(60_000_000);
        assert_eq!(offset(camera, ours), Some(-1_799_999_940_000_000));
        assert_eq!(offset(Timestamp::from_micros(i64::MAX), ours), None);
    }
}
