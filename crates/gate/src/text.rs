//! Names and zones as typed by people.

use ownsight_model::Timestamp;

use crate::GateError;

const NAME_CHARACTERS_MAX: usize = 80;

/// A name: trimmed, 1 to 80 characters, none of them a control character.
pub(crate) fn name(field: &'static str, typed: &str) -> Result<String, GateError> {
    let name = typed.trim();
    let characters = name.chars().count();
    if characters == 0 || characters > NAME_CHARACTERS_MAX || name.chars().any(char::is_control) {
        return Err(GateError::invalid(field, "a name of 1 to 80 characters is expected"));
    }
    Ok(name.to_owned())
}

/// An IANA time zone, such as `Europe/Berlin`.
pub(crate) fn zone(typed: &str) -> Result<String, GateError> {
    jiff::tz::TimeZone::get(typed)
        .map_err(|_| GateError::invalid("zone", "an IANA time zone such as Europe/Berlin is expected"))?;
    Ok(typed.to_owned())
}

/// The first letters of the first and last word.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// What the files of an event are called: `2026-11-23_14-32-08_Main-path`, in the home's time, ASCII only.
pub(crate) fn file_stem(zone: &str, at: Timestamp, camera: &str) -> String {
    let time = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let time = time.to_zoned(zone).strftime("%Y-%m-%d_%H-%M-%S").to_string();
    let words = camera.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let camera = words.collect::<Vec<_>>().join("-");
    if camera.is_empty() { time } else { format!("{time}_{camera}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(name("name", "  Mill Yard 7 ").unwrap(), "Mill Yard 7");
        for typed in ["", "  ", "a\u{0}b", &"x".repeat(81)] {
            assert!(name("name", typed).is_err());
        }
        assert_eq!(name("name", &"ö".repeat(80)).unwrap(), "ö".repeat(80));
    }

    #[test]
    fn zones_are_known_ones() {
        assert_eq!(zone("Europe/Berlin").unwrap(), "Europe/Berlin");
        assert!(zone("Mars/Olympus").is_err());
    }

    #[test]
    fn file_names_are_plain() {
        let at = Timestamp::from_micros(1_795_440_728_000_000);
        assert_eq!(file_stem("Europe/Berlin", at, "Main path"), "2026-11-23_14-32-08_Main-path");
        assert_eq!(file_stem("UTC", at, "Öß\"/.."), "2026-11-23_13-32-08");
    }

    #[test]
    fn initials_of_one_two_and_three_words() {
        assert_eq!(initials("Anna"), "A");
        assert_eq!(initials("Anna Berg"), "AB");
        assert_eq!(initials("anna maria berg"), "AB");
        assert_eq!(initials(""), "");
    }
}
