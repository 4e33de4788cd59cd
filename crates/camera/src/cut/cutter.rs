//! Decides where an event begins and ends.

use std::collections::VecDeque;

use ownsight_model::Timestamp;

use crate::config::EventConfig;
use crate::motion::{MotionChange, MotionUpdate};
use crate::output::EventEnd;
use crate::sound::SoundUnit;
use crate::video::{AccessUnit, TICKS_PER_SECOND, to_micros, to_ticks};

use super::quieting::Quieter;
use super::ring::Ring;
use super::sounds::Sounds;
use super::take::{SAME_TICKS, Take};

/// If no picture of the end comes (the decoder may have failed), units this much later end an event too.
const LATE_TICKS: i64 = 3 * TICKS_PER_SECOND;
/// Strengths kept for the time before the motion.
const STRENGTHS_MAX: usize = 2048;
/// Frames at the end among which one may be missing when a stream with B-frames breaks off.
const REORDERED_MAX: usize = 16;

#[derive(Debug)]
struct Running {
    units: Vec<AccessUnit>,
    bytes: usize,
    start: i64,
    motion_start: i64,
    motion_end: i64,
    /// Where it ends, unless motion goes on.
    end: i64,
    strengths: Vec<(i64, u8)>,
}

/// Cuts events out of a stream: encoded frames go in, in decoding order, and what the detector says of them.
///
/// Does no I/O. Memory is bounded by [`EventConfig::ring_bytes_max`] and [`EventConfig::bytes_max`]; both share
/// the frames' bytes. Of sound at most 8 MB are kept besides, those of the running event counted in its bytes.
#[derive(Debug)]
pub struct EventCutter {
    config: EventConfig,
    ring: Ring,
    sounds: Sounds,
    running: Option<Running>,
    /// Motion goes on since this time.
    moving_since: Option<i64>,
    /// The end of the last event. Nothing before it is shown again.
    last_end: Option<i64>,
    strengths: VecDeque<(i64, u8)>,
    quieter: Quieter,
    /// The last frame's time in both clocks.
    clocks: Option<(i64, Timestamp)>,
}

impl EventCutter {
    /// A cutter that has seen nothing.
    pub fn new(config: EventConfig) -> Self {
        Self {
            ring: Ring::new(&config),
            sounds: Sounds::default(),
            quieter: Quieter::new(config.quieting.clone()),
            clocks: None,
            config,
            running: None,
            moving_since: None,
            last_end: None,
            strengths: VecDeque::new(),
        }
    }

    /// The first moment of the event that is going on, in ticks.
    pub fn running_since(&self) -> Option<i64> {
        self.running.as_ref().map(|running| running.start)
    }

    /// Since when event upon event is left out, if it is.
    pub fn quieted_since(&self) -> Option<Timestamp> {
        self.quieter.since()
    }

    /// Takes the next encoded frame in decoding order. Its format must be that of the frames before; see
    /// [`interrupt`](Self::interrupt).
    pub fn unit(&mut self, unit: &AccessUnit) -> Option<Take> {
        self.clocks = Some((unit.pts, unit.at));
        let mut take = None;
        if let Some(running) = &mut self.running {
            if running.bytes + unit.data.len() > self.config.bytes_max {
                take = self.finish_early(EventEnd::BytesMax);
            } else if unit.pts > running.start + to_ticks(self.config.length_max) + LATE_TICKS {
                take = self.finish(running_end_max, EventEnd::LengthMax);
            } else if self.moving_since.is_none() && unit.pts > running.end + LATE_TICKS {
                take = self.finish(|running, _| running.end, EventEnd::Quiet);
            } else {
                running.bytes += unit.data.len();
                running.units.push(unit.clone());
            }
        }
        self.ring.push(unit);
        take
    }

    /// Takes the next piece of sound. What lies before the first frame that is kept, and what finds no room, is left out.
    pub fn sound(&mut self, unit: &SoundUnit) {
        let running = self.running.as_ref().and_then(|running| running.units.first()).map(|unit| unit.pts);
        let ring = self.ring.first_pts();
        let Some(since) = running.into_iter().chain(ring).min() else { return };
        if let Some(running) = &mut self.running {
            if running.bytes + unit.data.len() > self.config.bytes_max {
                return;
            }
            running.bytes += unit.data.len();
        }
        self.sounds.push(unit, since);
    }

    /// A frame that is not looked at, for nothing moves.
    pub(crate) fn still(&mut self, pts: i64) {
        let change = None;
        self.remember(&MotionUpdate { pts, strength: 0, change, stirring: false });
    }

    /// Frames behind this time are looked at after all: from the key frame at or before it on, they are these.
    pub(crate) fn look_again(&mut self, pts: i64) -> Vec<AccessUnit> {
        self.strengths.retain(|(before, _)| *before <= pts);
        let mut units = self.ring.units_from_key(pts);
        if units.first().is_some_and(|first| first.pts > pts) {
            units.clear();
        }
        units
    }

    /// Takes what the detector says of the next picture in the order of showing. Each picture's frame must have
    /// been given to [`unit`](Self::unit) before.
    pub fn motion(&mut self, update: &MotionUpdate) -> Option<Take> {
        self.remember(update);
        match update.change {
            Some(MotionChange::Started(since)) => self.moving_since = Some(since),
            Some(MotionChange::Ended(last)) => self.motion_ended(last),
            None => {}
        }
        if self.running.is_none() {
            self.begin(update);
        }
        let running = self.running.as_mut()?;
        if update.strength > 0 && self.moving_since.is_some() {
            running.motion_end = running.motion_end.max(update.pts);
        }
        if update.pts >= running.start + to_ticks(self.config.length_max) {
            return self.finish(running_end_max, EventEnd::LengthMax);
        }
        if self.moving_since.is_none() && update.pts >= running.end {
            return self.finish(|running, _| running.end, EventEnd::Quiet);
        }
        None
    }

    /// The stream has a hole, jumps, changes its format or ends: an event that is running ends with what there
    /// is, and the next begins after the next key frame.
    pub fn interrupt(&mut self) -> Option<Take> {
        let take = self.finish_early(EventEnd::Interrupted);
        self.ring.clear();
        self.sounds.clear();
        self.strengths.clear();
        self.moving_since = None;
        self.last_end = None;
        take
    }

    /// When a picture of this time was taken.
    fn taken_at(&self, pts: i64) -> Option<Timestamp> {
        self.clocks.map(|(last, at)| at.shifted(to_micros(pts - last)))
    }

    fn remember(&mut self, update: &MotionUpdate) {
        if let Some(now) = self.taken_at(update.pts) {
            self.quieter.at(now);
        }
        if let Some(running) = &mut self.running {
            running.strengths.push((update.pts, update.strength));
        }
        if self.strengths.len() == STRENGTHS_MAX {
            self.strengths.pop_front();
        }
        self.strengths.push_back((update.pts, update.strength));
    }

    /// Begins an event if motion goes on and nothing forbids it.
    fn begin(&mut self, update: &MotionUpdate) {
        let Some(since) = self.moving_since else { return };
        let allowed = self.last_end.map_or(i64::MIN, |end| end + to_ticks(self.config.cool_down));
        // Motion that began during the cool-down counts from when it is first seen after it.
        let cooled = self.taken_at(since).is_some_and(|since| self.quieter.cools(since));
        let motion_start = if since >= allowed && !cooled { since } else { update.pts };
        if motion_start < allowed || motion_start != since && update.strength == 0 {
            return;
        }
        if let Some(now) = self.taken_at(update.pts)
            && !self.quieter.lets(now, update.strength)
        {
            return;
        }
        let wanted = (motion_start - to_ticks(self.config.pre_roll)).max(self.last_end.unwrap_or(i64::MIN));
        let units = self.ring.units_from_key(wanted);
        let Some(first) = units.first() else { return };
        let wanted = wanted.max(first.pts);
        let exact = units.iter().map(|unit| unit.pts).find(|pts| (pts - wanted).abs() < SAME_TICKS);
        let start = exact.unwrap_or(wanted);
        self.running = Some(Running {
            bytes: units.iter().map(|unit| unit.data.len()).sum::<usize>() + self.sounds.bytes(),
            units,
            start,
            motion_start: motion_start.max(start),
            motion_end: motion_start.max(start),
            end: start + to_ticks(self.config.length),
            strengths: self.strengths.iter().filter(|(pts, _)| *pts >= start).copied().collect(),
        });
    }

    fn motion_ended(&mut self, last: i64) {
        self.moving_since = None;
        let Some(running) = &mut self.running else { return };
        running.motion_end = running.motion_end.max(last);
        if last > running.start + to_ticks(self.config.length) {
            let longest = running.start + to_ticks(self.config.length_max);
            running.end = (last + to_ticks(self.config.post_roll)).min(longest);
        }
    }

    fn finish(&mut self, end: impl Fn(&Running, &EventConfig) -> i64, why: EventEnd) -> Option<Take> {
        let mut running = self.running.take()?;
        let end = end(&running, &self.config);
        let shown = running.units.iter().rposition(|unit| unit.pts < end - SAME_TICKS)?;
        running.units.truncate(shown + 1);
        self.last_end = Some(end);
        if end <= running.start {
            return None;
        }
        if let Some(ended_at) = self.taken_at(end) {
            let strongest = running.strengths.iter().map(|(_, strength)| *strength).max();
            self.quieter.event(ended_at, strongest.unwrap_or_default());
        }
        Some(Take {
            start: running.start,
            end,
            motion_start: running.motion_start,
            motion_end: running.motion_end.min(end),
            units: running.units,
            strengths: running.strengths,
            sounds: self.sounds.between(running.start, end),
            why,
        })
    }

    /// Ends with the last frame there is.
    fn finish_early(&mut self, why: EventEnd) -> Option<Take> {
        self.finish(|running, _| last_whole(&running.units), why)
    }
}

fn running_end_max(running: &Running, config: &EventConfig) -> i64 {
    running.start + to_ticks(config.length_max)
}

/// The end of the last frame before which none is missing. When a stream with B-frames breaks off, frames that
/// are shown before the last one may not have come.
fn last_whole(units: &[AccessUnit]) -> i64 {
    let mut times: Vec<i64> = units.iter().map(|unit| unit.pts).collect();
    let reordered = !times.is_sorted();
    times.sort_unstable();
    let mut steps: Vec<i64> = times.iter().zip(times.iter().skip(1)).map(|(a, b)| b - a).collect();
    let middle = steps.len() / 2;
    let step = match steps.get_mut(middle) {
        Some(_) => *steps.select_nth_unstable(middle).1,
        None => TICKS_PER_SECOND / 10,
    };
    let tail = times.len().saturating_sub(REORDERED_MAX);
    let tail = times.get(tail..).unwrap_or_default();
    let hole = tail.iter().zip(tail.iter().skip(1)).find(|(a, b)| reordered && *b - *a > step + step / 2);
    let last = hole.map(|(a, _)| a).or(tail.last()).copied().unwrap_or(0);
    last + step
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;

    use super::super::quieting::Quieting;
    use super::*;
    use crate::codec::VideoFormat;

    const FRAME: i64 = TICKS_PER_SECOND / 10;
    const CONFIG: [u8; 39] = [
        0x01, 0x4d, 0x40, 0x1f, 0xff, 0xe1, 0x00, 0x18, 0x67, 0x4d, 0x40, 0x1f, 0xec, 0xa0, 0x60, 0x09, 0x34,
        0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x03, 0x02, 0x81, 0xe3, 0x06, 0x32, 0xc0, 0x01, 0x00,
        0x04, 0x68, 0xef, 0x84, 0x72,
    ];

    /// The frame with this number, ten a second, of ten bytes.
    pub(in crate::cut) fn unit(frame: i64, key: bool) -> AccessUnit {
        thread_local! {
            static FORMAT: Arc<VideoFormat> =
                Arc::new(VideoFormat::from_avc_config(Bytes::from_static(&CONFIG)).unwrap());
        }
        AccessUnit {
            data: Bytes::from_static(&[0; 10]),
            pts: frame * FRAME,
            at: Timestamp::from_micros(1_000_000_000 + frame * 100_000),
            key,
            format: FORMAT.with(Arc::clone),
        }
    }

    /// Feeds ten frames a second with a key frame every two; `motion` says from where to where something moves.
    struct Feed {
        cutter: EventCutter,
        next: i64,
        takes: Vec<Take>,
    }

    impl Feed {
        fn new(config: EventConfig) -> Self {
            Self { cutter: EventCutter::new(config), next: 0, takes: Vec::new() }
        }

        fn run(&mut self, until: i64, motion: std::ops::Range<i64>) -> &mut Self {
            while self.next < until {
                let frame = self.next;
                self.next += 1;
                self.takes.extend(self.cutter.unit(&unit(frame, frame % 20 == 0)));
                let change = if frame == motion.start + 3 {
                    Some(MotionChange::Started(motion.start * FRAME))
                } else if frame == motion.end + 20 {
                    Some(MotionChange::Ended((motion.end - 1) * FRAME))
                } else {
                    None
                };
                let strength = if motion.contains(&frame) { 90 } else { 0 };
                let update = MotionUpdate { pts: frame * FRAME, strength, change, stirring: false };
                self.takes.extend(self.cutter.motion(&update));
            }
            self
        }
    }

    fn summary(take: &Take) -> (i64, i64, u32, EventEnd) {
        assert!(take.units[0].key && take.units[0].pts <= take.start);
        let mut times: Vec<i64> = take.units.iter().map(|unit| unit.pts).collect();
        times.dedup();
        assert_eq!(times.len(), take.units.len(), "a frame is doubled");
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == FRAME), "a frame is missing");
        (take.start / FRAME, take.end / FRAME, take.frames(), take.why)
    }

    #[test]
    fn an_event_has_pre_roll_and_lasts_twelve_seconds() {
        let mut feed = Feed::new(EventConfig::default());
        let takes = &feed.run(400, 105..130).takes;
        assert_eq!(takes.iter().map(summary).collect::<Vec<_>>(), [(75, 195, 120, EventEnd::Quiet)]);
        let take = &takes[0];
        assert_eq!(take.units[0].pts, 60 * FRAME);
        assert_eq!(take.started_at(), Timestamp::from_micros(1_007_500_000));
        assert_eq!(take.ended_at(), Timestamp::from_micros(1_019_500_000));
        assert_eq!(take.motion_started_at(), Timestamp::from_micros(1_010_500_000));
        assert_eq!(take.motion_ended_at(), Timestamp::from_micros(1_012_900_000));
        let motion = take.motion();
        assert_eq!(motion.len(), 120);
        assert_eq!(motion.iter().filter(|sample| sample.strength > 0).count(), 25);
        assert_eq!(motion[30].offset_ms, 3000);
    }

    #[test]
    fn an_event_lasts_while_motion_lasts() {
        let mut feed = Feed::new(EventConfig::default());
        let takes = &feed.run(600, 105..300).takes;
        assert_eq!(takes.iter().map(summary).collect::<Vec<_>>(), [(75, 329, 254, EventEnd::Quiet)]);
    }

    #[test]
    fn endless_motion_makes_one_event_after_the_other() {
        let mut feed = Feed::new(EventConfig::default());
        let takes = &feed.run(2000, 105..9999).takes;
        assert_eq!(
            takes.iter().map(summary).collect::<Vec<_>>(),
            [
                (75, 675, 600, EventEnd::LengthMax),
                (695, 1295, 600, EventEnd::LengthMax),
                (1315, 1915, 600, EventEnd::LengthMax),
            ]
        );
    }

    #[test]
    fn a_camera_that_is_quieted_leaves_events_out_and_says_so() {
        let quieting = Quieting { events: 3, ..Quieting::default() };
        let config = EventConfig { quieting: Some(quieting), ..EventConfig::default() };
        let mut feed = Feed::new(config.clone());
        let starts = |feed: &Feed| feed.takes.iter().map(|take| summary(take).0).collect::<Vec<_>>();
        feed.run(1_914, 105..99_999);
        assert_eq!((starts(&feed), feed.cutter.quieted_since()), (vec![75, 695], None));
        feed.run(1_920, 105..99_999);
        assert_eq!(feed.cutter.quieted_since(), Some(Timestamp::from_micros(1_191_500_000)));
        // The third ended with frame 1,915: five minutes later, and three seconds before that, for the one that goes on.
        feed.run(6_000, 105..99_999);
        assert_eq!(starts(&feed), [75, 695, 1_315, 4_885]);
        // What hole there is, it stays so; and without quieting each minute has its event.
        feed.cutter.interrupt();
        assert!(feed.cutter.quieted_since().is_some());
        let loud = EventConfig { quieting: None, ..config };
        assert_eq!(Feed::new(loud).run(6_000, 105..99_999).takes.len(), 9);
    }

    #[test]
    fn without_cool_down_nothing_is_shown_twice() {
        let config = EventConfig { cool_down: Duration::ZERO, ..EventConfig::default() };
        let mut feed = Feed::new(config);
        let takes = &feed.run(1400, 105..9999).takes;
        assert_eq!(takes[0].end, takes[1].start);
    }

    #[test]
    fn an_interrupted_event_ends_with_its_last_frame() {
        let mut feed = Feed::new(EventConfig::default());
        feed.run(150, 105..300);
        let take = feed.cutter.interrupt().unwrap();
        assert_eq!(summary(&take), (75, 150, 75, EventEnd::Interrupted));
        assert!(feed.cutter.interrupt().is_none());
    }

    #[test]
    fn bytes_end_an_event() {
        let mut feed = Feed::new(EventConfig { bytes_max: 1000, ..EventConfig::default() });
        let takes = &feed.run(400, 105..300).takes;
        assert_eq!(summary(&takes[0]), (75, 160, 85, EventEnd::BytesMax));
    }

    #[test]
    fn motion_before_there_is_enough_video_begins_at_the_first_key_frame() {
        let mut feed = Feed::new(EventConfig::default());
        let takes = &feed.run(400, 10..40).takes;
        assert_eq!(summary(&takes[0]), (0, 120, 120, EventEnd::Quiet));
    }

    #[test]
    fn a_failing_decoder_does_not_keep_an_event_open() {
        let mut feed = Feed::new(EventConfig::default());
        feed.run(120, 105..300);
        let mut takes = Vec::new();
        for frame in 120..1000 {
            takes.extend(feed.cutter.unit(&unit(frame, frame % 20 == 0)));
        }
        assert_eq!(takes.iter().map(summary).collect::<Vec<_>>(), [(75, 675, 600, EventEnd::LengthMax)]);
    }

    #[test]
    fn frames_missing_behind_the_last_reference_are_left_out() {
        let units: Vec<_> =
            [0, 1, 2, 4, 3, 8, 6, 5].into_iter().map(|frame| unit(frame, frame == 0)).collect();
        assert_eq!(last_whole(&units), 7 * FRAME);
    }
}
