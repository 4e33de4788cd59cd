//! Names of queued files: all that delivery needs to know of an object, so that a start reads names only.
//!
//! `<sequence, 16 hex digits>.<kind: e, s or t>.<camera>.<event>.<SHA-256, 64 hex digits>`; in quarantine with
//! `.<reason>` behind.

use data_encoding::HEXLOWER;
use ownsight_model::{CameraId, EventId};

/// What an object is to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// An event.
    Event,
    /// A camera's last picture: a newer one takes its place.
    Still,
    /// The picture of a camera test.
    Test,
}

impl ObjectKind {
    const fn letter(self) -> char {
        match self {
            Self::Event => 'e',
            Self::Still => 's',
            Self::Test => 't',
        }
    }
}

/// What an object is, and its place in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// Later ones were queued later.
    pub(crate) sequence: u64,
    pub(crate) kind: ObjectKind,
    pub(crate) camera: CameraId,
    pub(crate) event: EventId,
    /// SHA-256 of the whole object.
    pub(crate) digest: [u8; 32],
}

impl Name {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let sequence = parts.next().filter(|digits| digits.len() == 16)?;
        let sequence = u64::from_str_radix(sequence, 16).ok()?;
        let kind = match parts.next()? {
            "e" => ObjectKind::Event,
            "s" => ObjectKind::Still,
            "t" => ObjectKind::Test,
            _ => return None,
        };
        let camera = parts.next()?.parse().ok()?;
        let event = parts.next()?.parse().ok()?;
        let digest = HEXLOWER.decode(parts.next()?.as_bytes()).ok()?.try_into().ok()?;
        let name = Self { sequence, kind, camera, event, digest };
        // One object has one name: what reads the same and is written differently is not ours.
        (parts.next().is_none() && name.to_string() == text).then_some(name)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, digest) = (self.kind.letter(), HEXLOWER.encode(&self.digest));
        write!(f, "{:016x}.{kind}.{}.{}.{digest}", self.sequence, self.camera, self.event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_and_refuses_what_is_not_a_name() {
        for kind in [ObjectKind::Event, ObjectKind::Still, ObjectKind::Test] {
            let name = Name {
                sequence: 0x1f,
                kind,
                camera: CameraId::generate(),
                event: EventId::generate(),
                digest: [0xab; 32],
            };
            let text = name.to_string();
            assert!(text.len() < 200, "short enough for every file system");
            assert_eq!(Name::parse(&text), Some(name));
            for wrong in
                [&text[1..], &text.to_uppercase(), &format!("{text}.x"), &text.replace(".ab", ".zz"), ""]
            {
                assert_eq!(Name::parse(wrong), None, "{wrong}");
            }
        }
    }
}
