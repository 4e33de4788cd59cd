//! What a camera's pipeline is told: where the camera is, what counts as motion, how events are cut.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ownsight_model::CameraAddress;

use crate::cut::Quieting;
use crate::fingerprint::KnownCamera;

/// What is said of a camera that is given its password by Digest only, and does not ask for that.
pub(crate) const CLEAR_TEXT_ONLY: &str = "it takes the password in clear text only";

/// A camera's user name and password. `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    username: String,
    password: String,
    digest_only: bool,
}

impl Credentials {
    /// Takes both as typed.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: username.into(), password: password.into(), digest_only: false }
    }

    /// [`test_connection`](crate::test_connection) gives these to no camera that asks for them otherwise than by Digest. A
    /// camera that passed is known by its asking for a Digest from then on.
    #[must_use]
    pub fn by_digest_only(self) -> Self {
        Self { digest_only: true, ..self }
    }

    pub(crate) fn is_digest_only(&self) -> bool {
        self.digest_only
    }

    /// User name and password.
    pub(crate) fn expose(&self) -> (&str, &str) {
        (&self.username, &self.password)
    }

    pub(crate) fn to_retina(&self) -> retina::client::Credentials {
        retina::client::Credentials { username: self.username.clone(), password: self.password.clone() }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(hidden)")
    }
}

/// All that a [`CameraPipeline`](crate::CameraPipeline) needs to know of one camera.
#[derive(Clone, Debug)]
pub struct CameraConfig {
    /// Where the stream is.
    pub address: CameraAddress,
    /// User name and password, if the camera asks for them.
    pub credentials: Option<Credentials>,
    /// What the camera is known by: nothing of another one is recorded. `None`: whatever answers is recorded, for who measures
    /// or tries out; a camera of a home always has one.
    pub known: Option<Arc<dyn KnownCamera>>,
    /// What counts as motion.
    pub motion: MotionConfig,
    /// How events are cut.
    pub event: EventConfig,
    /// Whether sound is recorded beside the video, where the camera has any.
    pub sound: bool,
    /// Time between two stills. The first comes with the first picture of each connection.
    pub still_interval: Duration,
}

impl CameraConfig {
    /// The defaults for the camera at `address`.
    pub fn new(address: CameraAddress, credentials: Option<Credentials>) -> Self {
        Self {
            address,
            credentials,
            known: None,
            motion: MotionConfig::default(),
            event: EventConfig::default(),
            sound: false,
            still_interval: Duration::from_mins(1),
        }
    }
}

/// What counts as motion.
#[derive(Clone, Debug, PartialEq)]
pub struct MotionConfig {
    /// From 0 (only large, clear movement) to 100 (small or faint movement too).
    pub sensitivity: u8,
    /// Parts of the picture whose movement is ignored.
    pub exclude: Vec<Zone>,
    /// If there are any, only movement in these parts of the picture counts, less [`exclude`](Self::exclude).
    pub include: Vec<Zone>,
    /// What moves must cover this part of the picture, from 0 to 1, besides what [`sensitivity`](Self::sensitivity) asks for.
    pub size_min: f32,
    /// Movement must last this long to be motion. At least two frames, whatever the frame rate.
    pub start_after: Duration,
    /// Motion has ended when nothing has moved for this long.
    pub quiet_after: Duration,
    /// What is not decoded while nothing moves.
    pub savings: Savings,
}

/// What is not decoded while nothing moves. Each has its switch, so that what it loses can be measured (docs/motion.md).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Savings {
    /// Of a still scene only key frames are decoded, H.264 only. When one differs from the one before it, or
    /// [`size_factor`](Self::size_factor) says so, all since the key frame before it are decoded after all.
    pub key_frames_only: bool,
    /// Frames that are larger than usual by more than this many times their usual spread stir a still scene. Infinite: sizes say
    /// nothing, and what comes and goes between two key frames is not seen.
    pub size_factor: f32,
}

impl Default for Savings {
    fn default() -> Self {
        Self { key_frames_only: true, size_factor: 5.0 }
    }
}

impl Savings {
    /// Every frame is decoded.
    pub const NONE: Self = Self { key_frames_only: false, size_factor: f32::INFINITY };
}

impl Default for MotionConfig {
    fn default() -> Self {
        Self {
            sensitivity: 50,
            exclude: Vec::new(),
            include: Vec::new(),
            size_min: 0.0,
            start_after: Duration::from_millis(300),
            quiet_after: Duration::from_secs(2),
            savings: Savings::default(),
        }
    }
}

/// A polygon in the picture. Coordinates go from 0 (left, top) to 1 (right, bottom).
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// The corners in order, `(x, y)`. Fewer than three cover nothing.
    pub corners: Vec<(f32, f32)>,
}

impl Zone {
    /// Whether a point lies inside, by the even-odd rule.
    pub fn contains(&self, x: f32, y: f32) -> bool {
        let mut inside = false;
        let previous = self.corners.iter().cycle().skip(self.corners.len().saturating_sub(1));
        for (&(x1, y1), &(x2, y2)) in self.corners.iter().zip(previous) {
            if (y1 > y) != (y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1 {
                inside = !inside;
            }
        }
        inside
    }
}

/// How events are cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventConfig {
    /// The event video begins this long before the motion.
    pub pre_roll: Duration,
    /// Length of an event video, unless motion goes on.
    pub length: Duration,
    /// When motion outlasts `length`, the video goes on until this long after its end.
    pub post_roll: Duration,
    /// No event video is longer than this.
    pub length_max: Duration,
    /// No event begins for this long after the end of one.
    pub cool_down: Duration,
    /// When event upon event is too much, if ever.
    pub quieting: Option<Quieting>,
    /// An event video that reaches this many bytes ends there.
    pub bytes_max: usize,
    /// Encoded video kept in memory for the time before the motion: bytes.
    pub ring_bytes_max: usize,
    /// Encoded video kept in memory for the time before the motion: time.
    pub ring_length_max: Duration,
}

impl Default for EventConfig {
    fn default() -> Self {
        Self {
            pre_roll: Duration::from_secs(3),
            length: Duration::from_secs(12),
            post_roll: Duration::from_secs(3),
            length_max: Duration::from_mins(1),
            cool_down: Duration::from_secs(5),
            quieting: None,
            bytes_max: 32 << 20,
            ring_bytes_max: 24 << 20,
            ring_length_max: Duration::from_mins(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_credentials() {
        let config = CameraConfig::new(
            CameraAddress::parse("rtsp://127.0.0.1/cam").unwrap(),
            Some(Credentials::new("visible-user", "hunter2")),
        );
        let shown = format!("{config:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("visible-user"), "{shown}");
    }

    #[test]
    fn zone_contains_by_even_odd_rule() {
        let zone = Zone { corners: vec![(0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5)] };
        assert!(zone.contains(0.25, 0.25));
        assert!(!zone.contains(0.75, 0.25));
        assert!(!zone.contains(0.25, 0.75));
        assert!(!Zone { corners: vec![(0.1, 0.1), (0.9, 0.9)] }.contains(0.5, 0.4));
        assert!(!Zone { corners: Vec::new() }.contains(0.5, 0.5));
    }
}
