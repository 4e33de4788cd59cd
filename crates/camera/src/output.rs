//! What a camera's pipeline hands out.

use std::fmt;

use bytes::Bytes;
use ownsight_model::{AnotherCamera, CameraFault, CameraState, Timestamp};

use crate::mp4::Clip;

/// One thing that a camera's pipeline has to say.
#[derive(Debug)]
pub enum CameraOutput {
    /// The camera went online or offline.
    Status(CameraStatus),
    /// A stretch of time of which nothing was recorded has ended.
    Gap(Gap),
    /// Something moved.
    Event(Box<Event>),
    /// How it looks now.
    Still(Still),
    /// Figures since the last such output.
    Stats(Stats),
}

/// Whether pictures come, since when, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraStatus {
    /// The state, with the fault when offline.
    pub state: CameraState,
    /// Since when it is so. A further failed attempt with the same fault does not change it.
    pub since: Timestamp,
    /// A fact for people, such as the camera's own words. May be empty; never holds credentials.
    pub detail: String,
    /// While another camera than the one that was added answers: which, and how it differs.
    pub another: Option<AnotherCamera>,
}

/// A stretch of time of which nothing was recorded, or whose recording was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last moment before it that was recorded.
    pub from: Timestamp,
    /// The first moment after it that was recorded.
    pub to: Timestamp,
    /// Why.
    pub reason: GapReason,
}

/// Why nothing was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// The camera gave no pictures.
    Camera(CameraFault),
    /// This machine was too slow: frames came faster than they could be looked at.
    Overloaded,
    /// An event was found, and whoever takes events was not ready for too long.
    NotTaken,
}

/// A stretch of video in which something moved. `Debug` shows nothing of its pictures.
pub struct Event {
    /// The first moment of the event video.
    pub started_at: Timestamp,
    /// The end of the event video: `started_at` plus its exact duration.
    pub ended_at: Timestamp,
    /// When motion began.
    pub motion_started_at: Timestamp,
    /// When the last movement in the event video was seen.
    pub motion_ended_at: Timestamp,
    /// A JPEG of the frame with the most motion, at most 640 pixels wide.
    pub thumbnail: Bytes,
    /// The event video, an MP4 that can be played from its first byte on.
    pub clip: Clip,
    /// The strength of motion, a sample for each frame of which it is known.
    pub motion: Vec<MotionSample>,
    /// Number of frames shown.
    pub frames: u32,
    /// Width of the video in pixels.
    pub width: u32,
    /// Height of the video in pixels.
    pub height: u32,
    /// Why the event video ends where it does.
    pub end: EventEnd,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("started_at", &self.started_at)
            .field("ended_at", &self.ended_at)
            .field("thumbnail_bytes", &self.thumbnail.len())
            .field("clip", &self.clip)
            .field("frames", &self.frames)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// Why an event video ends where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventEnd {
    /// Motion was over.
    Quiet,
    /// It has the longest allowed duration; motion went on.
    LengthMax,
    /// It has the most allowed bytes.
    BytesMax,
    /// The video stopped, jumped or changed its format.
    Interrupted,
}

/// How much moved at one moment of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MotionSample {
    /// Milliseconds since the event's `started_at`.
    pub offset_ms: u32,
    /// 0: nothing, 255: the whole picture.
    pub strength: u8,
}

/// How it looks at one moment. `Debug` does not show it.
#[derive(Clone)]
pub struct Still {
    /// When.
    pub at: Timestamp,
    /// A JPEG, at most 640 pixels wide.
    pub jpeg: Bytes,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

impl fmt::Debug for Still {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Still")
            .field("at", &self.at)
            .field("jpeg_bytes", &self.jpeg.len())
            .finish_non_exhaustive()
    }
}

/// Figures of one camera. Rates are of the last interval; counts are since the pipeline began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Frames that came, each second.
    pub frames_per_second: f32,
    /// Bits of video that came, each second.
    pub bits_per_second: u64,
    /// Frames that came.
    pub frames: u64,
    /// RTP packets that the camera numbered and that never came.
    pub packets_lost: u64,
    /// Frames that could not be decoded or waited for a key frame.
    pub frames_undecoded: u64,
    /// Frames thrown away because this machine was too slow.
    pub frames_overrun: u64,
    /// With sound switched on, whether this connection brings one that is recorded; `None` where that is not known.
    pub sound: Option<bool>,
    /// Since when events are left out, because there was one upon the other.
    pub quieted_since: Option<Timestamp>,
    /// Events found.
    pub events: u64,
    /// Events found and thrown away because nobody took them in time.
    pub events_lost: u64,
    /// Times that a decoder or detector failed and was started again.
    pub restarts: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_picture() {
        let picture = Bytes::from_static(b"a picture");
        let still = Still { at: Timestamp::from_micros(0), jpeg: picture.clone(), width: 1, height: 1 };
        let clip = Clip::new(picture.clone(), vec![picture]);
        for shown in [format!("{still:?}"), format!("{clip:?}")] {
            assert!(!shown.contains("picture"), "{shown}");
        }
    }
}
