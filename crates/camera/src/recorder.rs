//! One camera's video in, events and stills out: decoder, detector, cutter and pictures for people together.

use std::sync::Arc;
use std::time::Duration;

use ownsight_model::Timestamp;

use crate::codec::{Codec, VideoFormat};
use crate::config::{EventConfig, MotionConfig, Savings};
use crate::cut::{EventCutter, Take};
use crate::decode::{DecoderError, Picture, PictureDecoder};
use crate::jpeg::SmallPicture;
use crate::motion::{Detector, MotionUpdate, SizeGate};
use crate::output::{Event, Still};
use crate::sound::SoundUnit;
use crate::video::{AccessUnit, TICKS_PER_SECOND};

/// Nothing has stirred for this long before only key frames are looked at.
const STILL_TICKS_MIN: i64 = 3 * TICKS_PER_SECOND;

/// A stream whose key frames are further apart is looked at frame by frame: all that was passed over would have to be
/// decoded at once when something stirs, and what comes meanwhile waits.
const GROUP_FRAMES_MAX: u64 = 128;

/// Times further from zero than this, some 800,000 years, are no times: sums of those within it do not overflow.
const PTS_MAX: u64 = i64::MAX as u64 / 4;

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
    /// Frames that were not decoded as nothing moved.
    pub skipped: u64,
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
    savings: Savings,
    sizes: SizeGate,
    /// Only key frames are looked at; this was the last one's time.
    dozes_since: Option<i64>,
    /// Frames since the last key frame, that one included, and how many the group before had.
    group: u64,
    last_group: u64,
    decoder_fails: Option<DecoderError>,
    frames: u64,
    waited: u64,
    skipped: u64,
}

impl Recorder {
    /// A recorder that waits for a key frame.
    pub fn new(motion: MotionConfig, event: EventConfig, still_interval: Duration) -> Self {
        let savings = motion.savings;
        Self {
            decoder: PictureDecoder::new(),
            watcher: Watcher {
                detector: Detector::new(motion),
                cutter: EventCutter::new(event),
                best: None,
                last_still: None,
                stirred: None,
                still_interval,
                pictures: 0,
                events: 0,
                found: Vec::new(),
            },
            format: None,
            savings,
            sizes: SizeGate::new(savings.size_factor),
            dozes_since: None,
            group: 0,
            last_group: 0,
            decoder_fails: None,
            frames: 0,
            waited: 0,
            skipped: 0,
        }
    }

    /// Takes the next frame in decoding order and returns what it completes, mostly nothing.
    ///
    /// Frames before the first key frame are left out. A key frame with another format interrupts by itself, and so does
    /// a time that is none.
    pub fn frame(&mut self, unit: &AccessUnit) -> Vec<Recorded> {
        self.frames += 1;
        if unit.pts.unsigned_abs() > PTS_MAX {
            self.waited += 1;
            return self.interrupt();
        }
        if unit.key && self.format.as_ref().is_some_and(|format| *format != unit.format) {
            self.end_stream();
        }
        if unit.key {
            self.format = Some(Arc::clone(&unit.format));
            self.last_group = std::mem::take(&mut self.group);
            self.sizes.key();
        }
        self.group += 1;
        let Some(format) = &self.format else {
            self.waited += 1;
            return Vec::new();
        };
        let watcher = &mut self.watcher;
        if let Some(take) = watcher.cutter.unit(unit) {
            watcher.finish(take);
        }
        let format = Arc::clone(format);
        let still = watcher.is_still(unit.pts);
        let larger = !unit.key && self.sizes.frame(unit.data.len(), watcher.nothing_moves());
        match self.dozes_since {
            Some(key) if unit.key => self.look_at_key(key, unit, &format),
            Some(key) if larger || self.group > GROUP_FRAMES_MAX => self.wake(key, unit, &format),
            Some(_) => {
                self.skipped += 1;
                self.watcher.cutter.still(unit.pts);
            }
            None if unit.key && still && self.may_doze(&format) => self.doze(unit, &format),
            None => self.decode(unit, &format, i64::MIN),
        }
        std::mem::take(&mut self.watcher.found)
    }

    /// Decodes a frame, and looks at what is shown later than `after`.
    fn decode(&mut self, unit: &AccessUnit, format: &VideoFormat, after: i64) {
        let watcher = &mut self.watcher;
        let decoded = self.decoder.decode(unit, |picture| {
            if picture.pts > after {
                watcher.picture(&picture, format);
            }
        });
        if let Err(error) = decoded {
            self.waited += 1;
            self.decoder_fails.get_or_insert(error);
        }
    }

    /// Why no decoder could be had since the last call: nothing is seen without one.
    pub fn take_decoder_error(&mut self) -> Option<DecoderError> {
        self.decoder_fails.take()
    }

    fn may_doze(&self, format: &VideoFormat) -> bool {
        // A process that decodes H.265 gives a picture when the next frame comes: a key frame would come a group late.
        self.savings.key_frames_only
            && self.sizes.knows()
            && self.last_group <= GROUP_FRAMES_MAX
            && format.codec() == Codec::H264
    }

    /// From this key frame on only key frames are looked at, if it shows nothing new.
    fn doze(&mut self, unit: &AccessUnit, format: &VideoFormat) {
        let watcher = &mut self.watcher;
        self.decoder.flush(|picture| watcher.picture(&picture, format));
        self.decode(unit, format, i64::MIN);
        if self.watcher.is_still(unit.pts) {
            // With B-frames the decoder keeps even this one back.
            let watcher = &mut self.watcher;
            self.decoder.flush(|picture| watcher.picture(&picture, format));
            self.dozes_since = Some(unit.pts);
        }
    }

    /// Nothing between this key frame and the one before it was looked at.
    fn look_at_key(&mut self, before: i64, unit: &AccessUnit, format: &VideoFormat) {
        let watcher = &mut self.watcher;
        let mut differs = None;
        let mut look = |picture: Picture<'_>| differs = Some(watcher.key_picture(&picture, format));
        let mut decoder = PictureDecoder::new();
        if decoder.decode(unit, &mut look).is_ok() {
            decoder.flush(&mut look);
        }
        match differs {
            Some(false) => {
                self.dozes_since = Some(unit.pts);
                self.watcher.cutter.still(unit.pts);
            }
            // One that cannot be decoded says nothing: then each frame is looked at.
            Some(true) | None => self.wake(before, unit, format),
        }
    }

    /// Looks at all since the last key frame that was looked at, up to this frame, and then at each frame.
    fn wake(&mut self, key: i64, unit: &AccessUnit, format: &VideoFormat) {
        let mut units = self.watcher.cutter.look_again(key);
        if units.is_empty() {
            if !unit.key {
                // Memory was too small for it. Nothing can be decoded before the next key frame.
                self.skipped += 1;
                return;
            }
            units.push(unit.clone());
        } else {
            let again = units.iter().filter(|unit| unit.pts > key).count() as u64;
            self.skipped = self.skipped.saturating_sub(again.saturating_sub(1));
        }
        self.dozes_since = None;
        self.watcher.detector.wake();
        self.watcher.stirred = Some(unit.pts);
        for unit in &units {
            self.decode(unit, format, key);
        }
    }

    /// Takes sound, which comes before the next frame that is shown after it.
    pub fn sound(&mut self, unit: &SoundUnit) {
        if unit.pts.unsigned_abs() > PTS_MAX {
            return;
        }
        self.watcher.cutter.sound(unit);
    }

    /// The stream has a hole, jumps or ends: a running event ends here, and the next frame that counts is a key
    /// frame.
    pub fn interrupt(&mut self) -> Vec<Recorded> {
        self.end_stream();
        std::mem::take(&mut self.watcher.found)
    }

    /// The next picture that is looked at is handed out as a still: with all still it is that of the next key frame.
    pub fn request_still(&mut self) {
        self.watcher.last_still = None;
    }

    /// Since when events are left out, because there was one upon the other.
    pub fn quieted_since(&self) -> Option<Timestamp> {
        self.watcher.cutter.quieted_since()
    }

    /// Figures so far.
    pub fn stats(&self) -> RecorderStats {
        RecorderStats {
            frames: self.frames,
            undecoded: self.decoder.undecoded() + self.waited,
            pictures: self.watcher.pictures,
            skipped: self.skipped,
            events: self.watcher.events,
        }
    }

    fn end_stream(&mut self) {
        if let Some(format) = self.format.take() {
            self.decoder.flush(|picture| self.watcher.picture(&picture, &format));
        }
        self.dozes_since = None;
        self.sizes.clear();
        self.watcher.stirred = None;
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
    /// When something last stirred, or watching each picture began.
    stirred: Option<i64>,
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
        let stirs = update.stirring || update.strength > 0 || self.cutter.running_since().is_some();
        if stirs || self.stirred.is_none() {
            self.stirred = Some(picture.pts);
        }
        self.keep_best(picture, format, &update);
        self.still(picture, format);
    }

    /// Looks at a key frame of a still scene. Returns whether something differs; then it is to be looked at again.
    fn key_picture(&mut self, picture: &Picture<'_>, format: &VideoFormat) -> bool {
        let differs = self.detector.key_differs(picture);
        if !differs {
            self.pictures += 1;
            self.still(picture, format);
        }
        differs
    }

    fn nothing_moves(&self) -> bool {
        self.detector.is_still() && self.cutter.running_since().is_none()
    }

    /// Nothing has stirred for long enough, up to this time, to look at key frames only.
    fn is_still(&self, pts: i64) -> bool {
        self.nothing_moves() && self.stirred.is_some_and(|stirred| pts - stirred >= STILL_TICKS_MIN)
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
