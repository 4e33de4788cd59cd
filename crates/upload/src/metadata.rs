//! The first line of an upload: one JSON object that says what follows.

use std::time::Duration;

use ownsight_model::{CameraId, EventId, Label, Timestamp};
use serde::Deserialize;

use crate::UploadError;

/// Most bytes of the line, its end included.
pub(crate) const LINE_MAX: usize = 1024;
/// Most bytes of a thumbnail.
pub(crate) const THUMBNAIL_MAX: u64 = 2 << 20;
/// The longest event.
const DURATION_MAX: Duration = Duration::from_hours(1);

/// What an upload says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// The event, chosen by who uploads.
    pub(crate) event: EventId,
    /// Its camera; `None`: the only one.
    pub(crate) camera: Option<CameraId>,
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Timestamp,
    pub(crate) label: Label,
    /// At least 1.
    pub(crate) thumbnail_bytes: u64,
    /// At least 1.
    pub(crate) clip_bytes: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    event: EventId,
    #[serde(default)]
    camera: Option<CameraId>,
    started_at: i64,
    duration_ms: u64,
    #[serde(default)]
    label: Option<Word>,
    thumbnail_bytes: u64,
    clip_bytes: u64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Motion,
    Person,
    Vehicle,
    Animal,
    Parcel,
}

impl Metadata {
    /// Reads a line, without its end.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, UploadError> {
        let line: Line = serde_json::from_slice(line).map_err(|error| {
            UploadError::malformed(format!("the first line is not the JSON that is expected: {error}"))
        })?;
        let duration = Duration::from_millis(line.duration_ms);
        if duration > DURATION_MAX {
            return Err(UploadError::malformed("`duration_ms` is more than an hour"));
        }
        for (name, bytes) in [("thumbnail_bytes", line.thumbnail_bytes), ("clip_bytes", line.clip_bytes)] {
            if bytes == 0 {
                return Err(UploadError::malformed(format!("`{name}` is 0: both parts must be there")));
            }
        }
        if line.thumbnail_bytes > THUMBNAIL_MAX {
            let (bytes, bytes_max) = (line.thumbnail_bytes, THUMBNAIL_MAX);
            return Err(UploadError::TooLarge { what: "thumbnail", bytes, bytes_max });
        }
        let started_at = Timestamp::from_micros(line.started_at);
        Ok(Self {
            event: line.event,
            camera: line.camera,
            started_at,
            ended_at: started_at.plus(duration),
            label: line.label.unwrap_or(Word::Motion).into(),
            thumbnail_bytes: line.thumbnail_bytes,
            clip_bytes: line.clip_bytes,
        })
    }

    /// Bytes that follow the line: both parts and the MAC.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.thumbnail_bytes.saturating_add(self.clip_bytes).saturating_add(32)
    }
}

impl From<Word> for Label {
    fn from(word: Word) -> Self {
        match word {
            Word::Motion => Self::Motion,
            Word::Person => Self::Person,
            Word::Vehicle => Self::Vehicle,
            Word::Animal => Self::Animal,
            Word::Parcel => Self::Parcel,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
        let mut json = serde_json::json!({
            "event": EventId::generate(), "started_at": 1_764_000_000_000_000_i64, "duration_ms": 12_500,
            "thumbnail_bytes": 9_000, "clip_bytes": 800_000,
        });
        change(&mut json);
        serde_json::to_vec(&json).unwrap()
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let read = Metadata::parse(&line(|_| {})).unwrap();
        assert_eq!((read.camera, read.label), (None, Label::Motion));
        assert_eq!(read.ended_at.since(read.started_at), Duration::from_millis(12_500));
        assert_eq!(read.body_bytes(), 9_000 + 800_000 + 32);
        let (camera, label) = (CameraId::generate(), "parcel");
        let read = Metadata::parse(&line(|json| {
            json["camera"] = serde_json::json!(camera);
            json["label"] = label.into();
        }));
        let read = read.unwrap();
        assert_eq!((read.camera, read.label), (Some(camera), Label::Parcel));
    }

    #[test]
    fn what_is_wrong_is_named() {
        type Change = fn(&mut serde_json::Value);
        let wrong: [(&str, Change); 9] = [
            ("missing field `event`", |json| drop(json.as_object_mut().unwrap().remove("event"))),
            ("unknown field `seconds`", |json| json["seconds"] = 12.into()),
            ("`duration_ms` is more than an hour", |json| json["duration_ms"] = 3_600_001.into()),
            ("`thumbnail_bytes` is 0", |json| json["thumbnail_bytes"] = 0.into()),
            ("`clip_bytes` is 0", |json| json["clip_bytes"] = 0.into()),
            ("the thumbnail has 2097153 bytes", |json| json["thumbnail_bytes"] = 2_097_153.into()),
            ("unknown variant `still`", |json| json["label"] = "still".into()),
            ("invalid value: integer `-1`", |json| json["clip_bytes"] = (-1).into()),
            ("invalid type: string", |json| json["started_at"] = "now".into()),
        ];
        for (what, change) in wrong {
            let error = Metadata::parse(&line(change)).unwrap_err().to_string();
            assert!(error.contains(what), "{what}: {error}");
        }
        assert!(Metadata::parse(b"").is_err());
        let twice = String::from_utf8(line(|_| {})).unwrap().replace('{', "{\"clip_bytes\":1,");
        assert!(Metadata::parse(twice.as_bytes()).unwrap_err().to_string().contains("duplicate field"));
    }
}
