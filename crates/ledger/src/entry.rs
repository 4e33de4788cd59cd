//! What an entry says: who opened what, when, and with which kind of client.

use ownsight_model::{AccountId, CameraId, EventId, HomeId, SessionId, TestId, Timestamp};

/// Most ids that one list may name; longer lists are several pages and several entries.
pub const IDS_MAX: usize = 1000;

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When the opening was asked for.
    pub time: Timestamp,
    /// The kind of client.
    pub origin: Origin,
    /// Who opens what.
    pub opening: Opening,
}

/// Who opens what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The account.
    pub account: AccountId,
    /// Its session.
    pub session: SessionId,
    /// The home whose key opens.
    pub home: HomeId,
    /// What is opened.
    pub action: Action,
}

/// What is opened. The codes are part of the format: never change or reuse one. 8 is kept for a live picture,
/// 10 for support.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Names, times and labels of these events and cameras (1).
    List {
        /// The events that are listed.
        events: Vec<EventRef>,
        /// The cameras that are listed.
        cameras: Vec<CameraId>,
    },
    /// An event's thumbnail (2).
    Thumbnail(EventRef),
    /// An event video, or part of it (3).
    Video {
        /// The event.
        event: EventRef,
        /// Which part of the plain video.
        range: ByteRange,
    },
    /// An event video as a file to keep (4).
    Download(EventRef),
    /// A still (5).
    Still(EventRef),
    /// An event's strength of motion over time (6).
    Motion(EventRef),
    /// The picture that a camera test made (7).
    TestPicture {
        /// The draft camera.
        camera: CameraId,
        /// The test.
        test: TestId,
    },
    /// An event with its pictures and its video, for an archive to keep (9).
    Export(EventRef),
}

/// An event's identity: its id is chosen by a device, so that it is unique for one camera only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventRef {
    /// The camera.
    pub camera: CameraId,
    /// The event.
    pub event: EventId,
}

/// Some bytes of a plain section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte.
    pub first: u64,
    /// How many bytes; [`Self::WHOLE`] has the largest number.
    pub len: u64,
}

/// The kind of client that asked. The codes are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The web app, with a cookie (1).
    WebApp,
    /// A client with a bearer token (2).
    ApiClient,
    /// Our command line, with a bearer token (3).
    CommandLine,
}

impl Opening {
    /// Whether an entry for this opening is also one for `other`: same account, session and home, and nothing
    /// in `other` that is not in this.
    pub fn includes(&self, other: &Self) -> bool {
        self.account == other.account
            && self.session == other.session
            && self.home == other.home
            && self.action.includes(&other.action)
    }
}

impl Action {
    /// Whether everything in `other` is also in this. Kinds never include each other: who may see a thumbnail
    /// has not opened the video.
    pub fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List { events, cameras }, Self::List { events: other_events, cameras: other_cameras }) => {
                other_events.iter().all(|event| events.contains(event))
                    && other_cameras.iter().all(|camera| cameras.contains(camera))
            }
            (Self::Video { event, range }, Self::Video { event: other_event, range: other_range }) => {
                event == other_event && range.includes(*other_range)
            }
            (one, other) => one == other,
        }
    }

    /// The code in entries.
    pub const fn code(&self) -> u16 {
        match self {
            Self::List { .. } => 1,
            Self::Thumbnail(_) => 2,
            Self::Video { .. } => 3,
            Self::Download(_) => 4,
            Self::Still(_) => 5,
            Self::Motion(_) => 6,
            Self::TestPicture { .. } => 7,
            Self::Export(_) => 9,
        }
    }

    /// The events that are opened, in order.
    pub fn events(&self) -> &[EventRef] {
        match self {
            Self::List { events, .. } => events,
            Self::Thumbnail(event)
            | Self::Video { event, .. }
            | Self::Download(event)
            | Self::Still(event)
            | Self::Motion(event)
            | Self::Export(event) => std::slice::from_ref(event),
            Self::TestPicture { .. } => &[],
        }
    }

    /// How many ids a list names; 0 for what is no list.
    pub(crate) fn listed(&self) -> usize {
        match self {
            Self::List { events, cameras } => events.len().saturating_add(cameras.len()),
            _ => 0,
        }
    }
}

impl ByteRange {
    /// Everything.
    pub const WHOLE: Self = Self { first: 0, len: u64::MAX };

    /// Whether every byte of `other` is in this range.
    pub const fn includes(self, other: Self) -> bool {
        other.first >= self.first
            && other.first.saturating_add(other.len) <= self.first.saturating_add(self.len)
    }
}

impl Origin {
    /// The code in entries.
    pub const fn code(self) -> u8 {
        match self {
            Self::WebApp => 1,
            Self::ApiClient => 2,
            Self::CommandLine => 3,
        }
    }

    /// The origin with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::WebApp),
            2 => Some(Self::ApiClient),
            3 => Some(Self::CommandLine),
            _ => None,
        }
    }
}
