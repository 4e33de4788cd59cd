//! One camera's video in, events and stills out: decoder, detector, cutter and pictures for people together.

use std::sync::Arc;
use std::time::Duration;

use ownsight_model::Timestamp;

use crate::codec::VideoFormat;
use crate::config::{EventConfig, MotionConfig};
use crate::cut::{EventCutter, Take};
use crate::decode::{Picture, PictureDecoder};
use crate::jpeg::SmallPicture;
use crate::motion::{Detector, MotionUpdate};
use crate::output::{Event, Still};
use crate::sound::SoundUnit;
use crate::video::AccessUnit;

/// What a [`Recorder`] found.
#[derive(Debug)]
pub enum Recorded {
    /// Something moved.
    Event(Box<Event>),
    /// How it looks now.
    Still(Still),
}

/// Figures of a [`Recorder`], since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecorderStats {
    /// Frames taken.
    pub frames: u64,
    /// Frames of which no picture came, or that waited for a key frame.
    pub undecoded: u64,
    /// Pictures looked at.
    pub pictures: u64,
    /// Events found.
    pub events: u64,
}

/// Finds events in a stream of encoded frames.
///
/// Knows no clock, times are those of the frames, and does no I/O, but that an `ffmpeg` makes AAC of an event's sound that is
/// none yet. It uses CPU time, so keep it away from an
/// asynchronous runtime's own threads.
#[derive(Debug)]
pub struct Recorder {
    decoder: PictureDecoder,
    watcher: Watcher,
    format: Option<Arc<VideoFormat>>,
    frames: u64,
    waited: u64,
}

impl Recorder {
    /// A recorder that waits for a key frame.
    pub fn new(motion: MotionConfig, event: EventConfig, still_interval: Duration) -> Self {
        Self {
            decoder: PictureDecoder::new(),
            watcher: Watcher {
                detector: Detector::new(motion),
                cutter: EventCutter::new(event),
                best: None,
                last_still: None,
                still_interval,
                pictures: 0,
                events: 0,
                found: Vec::new(),
            },
            format: None,
            frames: 0,
            waited: 0,
        }
    }

    /// Takes the next frame in decoding order and returns what it completes, mostly nothing.
    ///
    /// Frames before the first key frame are left out. A key frame with another format interrupts by itself.
    pub fn frame(&mut self, unit: &AccessUnit) -> Vec<Recorded> {
        self.frames += 1;
        if unit.key && self.format.as_ref().is_some_and(|format| *format != unit.format) {
            self.end_stream();
        }
        if unit.key {
            self.format = Some(Arc::clone(&unit.format));
        }
        let Some(format) = &self.format else {
            self.waited += 1;
            return Vec::new();
        };
        let watcher = &mut self.watcher;
        if let Some(take) = watcher.cutter.unit(unit) {
            watcher.finish(take);
        }
        let decoded = self.decoder.decode(unit, |picture| watcher.picture(&picture, format));
        if decoded.is_err() {
            self.waited += 1;
        }
        std::mem::take(&mut watcher.found)
    }

    /// Takes sound, which comes before the next frame that is shown after it.
    pub fn sound(&mut self, unit: &SoundUnit) {
        self.watcher.cutter.sound(unit);
    }

    /// The stream has a hole, jumps or ends: a running event ends here, and the next frame that counts is a key
    /// frame.
    pub fn interrupt(&mut self) -> Vec<Recorded> {
        self.end_stream();
        std::mem::take(&mut self.watcher.found)
    }

    /// The next picture is handed out as a still.
    pub fn request_still(&mut self) {
        self.watcher.last_still = None;
    }

    /// Figures so far.
    pub fn stats(&self) -> RecorderStats {
        RecorderStats {
            frames: self.frames,
            undecoded: self.decoder.undecoded() + self.waited,
            pictures: self.watcher.pictures,
            events: self.watcher.events,
        }
    }

    fn end_stream(&mut self) {
        if let Some(format) = self.format.take() {
            self.decoder.flush(|picture| self.watcher.picture(&picture, &format));
        }
        self.watcher.detector.interrupt();
        if let Some(take) = self.watcher.cutter.interrupt() {
            self.watcher.finish(take);
        }
        self.watcher.best = None;
    }
}

/// A picture that may become a thumbnail.
#[derive(Debug)]
struct Best {
    pts: i64,
    strength: u8,
    picture: SmallPicture,
}

/// What looks at decoded pictures.
#[derive(Debug)]
struct Watcher {
    detector: Detector,
    cutter: EventCutter,
    /// The picture with the most motion since something began to stir.
    best: Option<Best>,
    last_still: Option<Timestamp>,
    still_interval: Duration,
    pictures: u64,
    events: u64,
    found: Vec<Recorded>,
}

impl Watcher {
    fn picture(&mut self, picture: &Picture<'_>, format: &VideoFormat) {
        self.pictures += 1;
        let update = self.detector.picture(picture);
        if let Some(take) = self.cutter.motion(&update) {
            self.finish(take);
        }
        self.keep_best(picture, format, &update);
        self.still(picture, format);
    }

    fn keep_best(&mut self, picture: &Picture<'_>, format: &VideoFormat, update: &MotionUpdate) {
        let since = self.cutter.running_since();
        if since.is_none() && !update.stirring {
            self.best = None;
            return;
        }
        let candidate = self.best.as_ref().filter(|best| since.is_none_or(|since| best.pts >= since));
        if candidate.is_none_or(|best| update.strength > best.strength) {
            let small = SmallPicture::of(picture, format);
            self.best = Some(Best { pts: picture.pts, strength: update.strength, picture: small });
        }
    }

    fn still(&mut self, picture: &Picture<'_>, format: &VideoFormat) {
        // A clock that was set back must not hold stills up.
        let waited = self.last_still.map(|last| picture.at.as_micros().abs_diff(last.as_micros()));
        if waited.is_some_and(|micros| u128::from(micros) < self.still_interval.as_micros()) {
            return;
        }
        let small = SmallPicture::of(picture, format);
        if let Some(jpeg) = small.to_jpeg() {
            self.last_still = Some(picture.at);
            let (width, height) = (small.width(), small.height());
            self.found.push(Recorded::Still(Still { at: picture.at, jpeg, width, height }));
        }
    }

    fn finish(&mut self, take: Take) {
        self.events += 1;
        let thumbnail = self.best.take().and_then(|best| best.picture.to_jpeg()).unwrap_or_default();
        let (width, height) = take.format().map_or((0, 0), |format| (format.width(), format.height()));
        let (started_at, ended_at) = (take.started_at(), take.ended_at());
        let (motion_started_at, motion_ended_at) = (take.motion_started_at(), take.motion_ended_at());
        let (motion, frames, end) = (take.motion(), take.frames(), take.why());
        let Some(clip) = take.into_clip() else { return };
        self.found.push(Recorded::Event(Box::new(Event {
            started_at,
            ended_at,
            motion_started_at,
            motion_ended_at,
            thumbnail,
            clip,
            motion,
            frames,
            width,
            height,
            end,
        })));
    }
}
