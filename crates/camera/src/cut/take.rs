//! A stretch of video that was cut out: what becomes an event.

use std::sync::Arc;

use ownsight_model::Timestamp;

use crate::codec::VideoFormat;
use crate::mp4::{Clip, Movie, Sample};
use crate::output::{EventEnd, MotionSample};
use crate::sound::SoundUnit;
use crate::video::{AccessUnit, TICKS_PER_SECOND, to_micros};

use super::soundtrack::soundtrack;

/// Times that differ by less are the same: 1 ms. RTP times of equal frames vary by a tick or two.
pub(super) const SAME_TICKS: i64 = TICKS_PER_SECOND / 1000;

/// A stretch of video around some motion, complete and ready to be written.
#[derive(Debug)]
pub struct Take {
    pub(super) units: Vec<AccessUnit>,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) motion_start: i64,
    pub(super) motion_end: i64,
    pub(super) strengths: Vec<(i64, u8)>,
    pub(super) sounds: Vec<SoundUnit>,
    pub(super) why: EventEnd,
}

impl Take {
    /// The format of the video.
    pub fn format(&self) -> Option<&Arc<VideoFormat>> {
        self.units.first().map(|unit| &unit.format)
    }

    /// First moment shown.
    pub fn started_at(&self) -> Timestamp {
        self.at(self.start)
    }

    /// End of what is shown.
    pub fn ended_at(&self) -> Timestamp {
        self.started_at().shifted(to_micros(self.end - self.start))
    }

    /// When motion began.
    pub fn motion_started_at(&self) -> Timestamp {
        self.at(self.motion_start)
    }

    /// When something last moved.
    pub fn motion_ended_at(&self) -> Timestamp {
        self.at(self.motion_end)
    }

    /// Why it ends where it does.
    pub fn why(&self) -> EventEnd {
        self.why
    }

    /// How much moved, frame by frame.
    pub fn motion(&self) -> Vec<MotionSample> {
        let shown = self.strengths.iter().filter(|(pts, _)| (self.start..self.end).contains(pts));
        shown
            .map(|(pts, strength)| MotionSample {
                offset_ms: u32::try_from((pts - self.start) * 1000 / TICKS_PER_SECOND).unwrap_or(u32::MAX),
                strength: *strength,
            })
            .collect()
    }

    /// Number of frames shown.
    pub fn frames(&self) -> u32 {
        let shown = |unit: &&AccessUnit| (self.start..self.end - SAME_TICKS).contains(&unit.pts);
        let inside = self.units.iter().filter(shown).count();
        // If none begins with the video, it begins within the frame before.
        let before = !self.units.iter().any(|unit| unit.pts == self.start);
        u32::try_from(inside + usize::from(before)).unwrap_or(u32::MAX)
    }

    /// Writes the video, with the sound that there is, as an MP4 file. Frames are shared, not copied. Sound that an MP4 cannot
    /// hold is made AAC by an `ffmpeg` in a process of its own, for which it waits some seconds at most; what it does not
    /// give is left out.
    pub fn into_clip(self) -> Option<Clip> {
        let format = Arc::clone(self.format()?);
        let created_at = self.started_at();
        let (start, end) = (self.start, self.end);
        let sound = soundtrack(&self.sounds, start, end);
        let samples = self.units.into_iter().map(|unit| Sample {
            // A frame that begins a tick before the end would be shown for that tick.
            pts: if (end - SAME_TICKS..end).contains(&unit.pts) { end } else { unit.pts },
            key: unit.key,
            data: unit.data,
        });
        let movie = Movie { format: &format, samples: samples.collect(), sound, start, end, created_at };
        Some(movie.write())
    }

    fn at(&self, pts: i64) -> Timestamp {
        // All is counted from one frame, so that times within an event are as exact as the camera's.
        let anchor = self.units.iter().find(|unit| unit.pts == self.motion_start).or(self.units.first());
        anchor.map_or(Timestamp::from_micros(0), |unit| unit.at.shifted(to_micros(pts - unit.pts)))
    }
}
