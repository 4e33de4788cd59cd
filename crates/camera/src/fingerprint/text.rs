//! What is kept of a camera's texts: the stable part of each.

use std::net::IpAddr;

/// Most bytes of a text that count.
const BYTES_MAX: usize = 200;

/// A realm as it is kept: as it is, but for addresses. `None` if it is empty.
pub(super) fn realm(text: &str) -> Option<String> {
    let is_address = |word: &str| word.parse::<IpAddr>().is_ok();
    let of_address = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
    clean(&replaced(text, of_address, is_address))
}

/// A text in which each word with a digit counts as the same: versions, dates, numbers of sessions.
pub(super) fn without_numbers(text: &str) -> Option<String> {
    let has_digit = |word: &str| word.contains(|c: char| c.is_ascii_digit());
    let of_word = |c: char| c.is_alphanumeric() || c == '.';
    clean(&replaced(text, of_word, has_digit))
}

/// Whether a realm names one camera and no other: it has a serial number, or the address of its network card.
///
/// It says so only where it is quite sure. A realm of a model that is taken for one of a camera would hide that
/// other parts differ.
pub(super) fn names_one_camera(realm: &str) -> bool {
    let digits = |word: &str| word.chars().filter(char::is_ascii_digit).count();
    let is_word = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric());
    // Dahua and its many brands: `Login to 4K04B2EPAG7D2A6`.
    if let Some(serial) = realm.strip_prefix("Login to ") {
        return serial.len() >= 6 && is_word(serial) && digits(serial) >= 1;
    }
    // Hikvision and its many brands: `IP Camera(C4321)`.
    if let Some((_, serial)) = realm.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
        return serial.len() >= 5 && is_word(serial) && digits(serial) >= 3;
    }
    // Axis, Hanwha: `AXIS_ACCC8E012345`, `iPolis_0009189B1234`.
    let mut words = realm.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| word.len() >= 12 && digits(word) >= 4)
}

/// Puts `#` for each run of characters of a kind that is to be left out.
fn replaced(text: &str, of_word: impl Fn(char) -> bool, left_out: impl Fn(&str) -> bool) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = of_word(first);
        let end = rest.find(|c| of_word(c) != is_word).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        kept.push_str(if is_word && left_out(run) { "#" } else { run });
        rest = after;
    }
    kept
}

/// In one short line. Cut before anything else is done with it, a text could be made to lose what differs.
fn clean(text: &str) -> Option<String> {
    let line: String = text.chars().filter(|c| !c.is_control()).collect();
    let mut line = line.trim();
    while line.len() > BYTES_MAX {
        let last = line.char_indices().next_back().map_or(0, |(at, _)| at);
        line = line.get(..last).unwrap_or_default().trim_end();
    }
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms_with_a_serial_number_are_told_from_those_of_a_model() {
        for serial in [
            "Login to 4K04B2EPAG7D2A6",
            "Login to a12f0c6b8d7e4f1a9b3c5d7e9f0a1b2c",
            "IP Camera(C4321)",
            "IP CAMERA(23435)",
            "Embedded Net DVR(0123456789)",
            "AXIS_ACCC8E012345",
            "iPolis_0009189B1234",
        ] {
            assert!(names_one_camera(serial), "{serial}");
        }
        for model in [
            "RTSP",
            "RTSP SERVER",
            "Streaming Server",
            "streaming_server",
            "Login to Camera",
            "IP Camera",
            "IP Camera(H264)",
            "DS-2CD2032-I",
            "LIVE555 Streaming Media",
            "BC Streaming Media",
            "TP-Link IP-Camera",
            "Foscam IPCam Living Streaming",
            "GStreamer RTSP Server",
            "HIipCamera",
            "H264DVR 1.0",
            "ownsight-camera-sim",
            "",
        ] {
            assert!(!names_one_camera(model), "{model}");
        }
    }

    #[test]
    fn an_update_or_another_address_changes_nothing_that_is_kept() {
        assert_eq!(without_numbers("Rtsp Server/3.0"), without_numbers("Rtsp Server/12.10"));
        assert_eq!(without_numbers("LIVE555 Streaming Media v2013.04.08").unwrap(), "# Streaming Media #");
        assert_eq!(without_numbers("Session 3fa9c0").unwrap(), "Session #");
        assert_eq!(realm("cam at 192.168.1.40").unwrap(), "cam at #");
        assert_eq!(realm("[fe80::1]").unwrap(), "[#]");
        assert_eq!(realm("IP Camera(23435)").unwrap(), "IP Camera(23435)");
        assert_eq!(realm(" \u{7}\r\n"), None);
    }

    #[test]
    fn texts_are_bounded() {
        let long = realm(&"ä ".repeat(5000)).unwrap();
        assert!(long.len() <= BYTES_MAX && !long.ends_with(' '));
        assert_eq!(realm(&long).unwrap(), long);
    }
}
