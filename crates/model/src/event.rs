//! What an event says of itself, and the kinds of sections in its sealed object.

use serde::{Deserialize, Serialize};

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// Something moved.
    Motion,
    /// A person.
    Person,
    /// A vehicle.
    Vehicle,
    /// An animal.
    Animal,
    /// A parcel.
    Parcel,
    /// No event: a picture of how it looks now.
    Still,
}

impl Label {
    /// The code of this label in the trailer.
    pub const fn code(self) -> u8 {
        match self {
            Self::Motion => 1,
            Self::Person => 2,
            Self::Vehicle => 3,
            Self::Animal => 4,
            Self::Parcel => 5,
            Self::Still => 6,
        }
    }

    /// The label with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Motion),
            2 => Some(Self::Person),
            3 => Some(Self::Vehicle),
            4 => Some(Self::Animal),
            5 => Some(Self::Parcel),
            6 => Some(Self::Still),
            _ => None,
        }
    }
}

/// Who says what the event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LabelSource {
    /// The agent, from the picture.
    Agent,
    /// The camera itself.
    Camera,
}

impl LabelSource {
    /// The code of this source in the trailer.
    pub const fn code(self) -> u8 {
        match self {
            Self::Agent => 1,
            Self::Camera => 2,
        }
    }

    /// The source with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Agent),
            2 => Some(Self::Camera),
            _ => None,
        }
    }
}

/// The kind of a section of a sealed object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SectionKind {
    /// A JPEG of the frame with the most motion.
    Thumbnail,
    /// The event video, an MP4.
    Clip,
    /// The strength of motion over time: see `docs/sealed-objects.md`.
    Motion,
    /// A part of a live picture. Reserved.
    Live,
    /// A JPEG of one moment.
    Still,
}

impl SectionKind {
    /// All kinds, in the order of their codes.
    pub const ALL: [Self; 5] = [Self::Thumbnail, Self::Clip, Self::Motion, Self::Live, Self::Still];

    /// The code of this kind in sealed objects.
    pub const fn code(self) -> u8 {
        match self {
            Self::Thumbnail => 1,
            Self::Clip => 2,
            Self::Motion => 3,
            Self::Live => 4,
            Self::Still => 5,
        }
    }

    /// The kind with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Thumbnail),
            2 => Some(Self::Clip),
            3 => Some(Self::Motion),
            4 => Some(Self::Live),
            5 => Some(Self::Still),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back() {
        for code in 0..=255 {
            assert!(Label::from_code(code).is_none_or(|label| label.code() == code));
            assert!(LabelSource::from_code(code).is_none_or(|source| source.code() == code));
            assert!(SectionKind::from_code(code).is_none_or(|kind| kind.code() == code));
        }
        assert!(SectionKind::ALL.iter().all(|kind| SectionKind::from_code(kind.code()) == Some(*kind)));
    }
}
