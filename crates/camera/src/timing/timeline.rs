//! Gives each frame its place: in the video by RTP's clock, in the day by arrival; and says where time jumps.

use std::time::{Duration, Instant};

use ownsight_model::Timestamp;

use super::clock::Clock;
use crate::video::{TICKS_PER_SECOND, to_micros};

/// A moment by both of this machine's clocks: the steady one and that of the day.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Never jumps.
    pub steady: Instant,
    /// Can be set.
    pub wall: Timestamp,
}

impl Moment {
    /// Both clocks' readings now.
    pub fn now() -> Self {
        Self { steady: Instant::now(), wall: Timestamp::now() }
    }
}

/// A frame's place in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The moment that the frame shows.
    pub at: Timestamp,
    /// Time has jumped, or this is the first frame: nothing before can be joined to it.
    pub jumped: bool,
}

/// A step ahead of all frames so far that is a jump.
const AHEAD_TICKS_MAX: i64 = 10 * TICKS_PER_SECOND;
/// A step behind the latest frame that is a jump. B-frames go back by less.
const BACK_TICKS_MAX: i64 = 4 * TICKS_PER_SECOND;
/// A frame from further in the future than this shows that the camera's clock has jumped.
const FUTURE_MICROS_MAX: i64 = 2_000_000;

/// Places the frames of one connection.
///
/// Within a video, frames are as far apart as the camera says. Where the video lies in the day follows arrival,
/// so a camera's wrong clock does not matter; it drifts from the true time by less than 100 ms after the first
/// minute. When this machine's clock is set, the next frame is placed by the new time.
#[derive(Debug)]
pub struct Timeline {
    start: Instant,
    state: Option<(Clock, i64)>,
}

impl Timeline {
    /// A timeline without frames.
    pub fn new() -> Self {
        Self { start: Instant::now(), state: None }
    }

    /// Forgets the frames of before: the next is the first. What arrival is counted from stays.
    pub(crate) fn forget(&mut self) {
        self.state = None;
    }

    /// Places a frame shown at `pts` (in ticks) that arrived at `arrival`.
    pub fn frame(&mut self, pts: i64, arrival: Moment) -> Placed {
        let arrived = self.micros(arrival.steady);
        let rtp = to_micros(pts);
        let jumped = match &self.state {
            None => true,
            Some((clock, latest)) => {
                pts > latest.saturating_add(AHEAD_TICKS_MAX)
                    || pts < latest.saturating_sub(BACK_TICKS_MAX)
                    || clock.settled() && clock.place(rtp) > arrived + FUTURE_MICROS_MAX
            }
        };
        let distance = match &mut self.state {
            Some((clock, latest)) if !jumped => {
                clock.frame(rtp, arrived);
                *latest = pts.max(*latest);
                clock.place(rtp) - arrived
            }
            state => {
                *state = Some((Clock::new(rtp, arrived), pts));
                0
            }
        };
        Placed { at: arrival.wall.shifted(distance), jumped }
    }

    /// Takes a sender report that pairs RTP time `pts` (in ticks) with the moment of its sending.
    pub fn sender_report(&mut self, pts: i64, arrival: Moment) {
        let arrived = self.micros(arrival.steady);
        if let Some((clock, _)) = &mut self.state {
            clock.report(to_micros(pts), arrived);
        }
    }

    /// What is to be added to RTP's clock to get this machine's, as [`micros`](Self::micros) counts it; `None` before the
    /// first frame.
    pub(crate) fn distance(&self) -> Option<i64> {
        self.state.as_ref().map(|(clock, _)| clock.place(0))
    }

    /// A moment in microseconds since this timeline began.
    pub(crate) fn micros(&self, moment: Instant) -> i64 {
        let since = moment.checked_duration_since(self.start).unwrap_or(Duration::ZERO);
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(timeline: &mut Timeline, base: Moment, pts_ms: i64, arrival_ms: u64) -> Placed {
        let arrival = Moment {
            steady: base.steady + Duration::from_millis(arrival_ms),
            wall: base.wall.plus(Duration::from_millis(arrival_ms)),
        };
        timeline.frame(pts_ms * 90, arrival)
    }

    #[test]
    fn frames_are_as_far_apart_as_the_camera_says() {
        let mut timeline = Timeline::new();
        let base = Moment::now();
        assert_eq!(
            feed(&mut timeline, base, 5000, 40),
            Placed { at: base.wall.shifted(40_000), jumped: true }
        );
        let second = feed(&mut timeline, base, 5100, 190);
        assert_eq!(second, Placed { at: base.wall.shifted(140_000), jumped: false });
    }

    #[test]
    fn b_frames_and_stalls_are_no_jumps() {
        let mut timeline = Timeline::new();
        let base = Moment::now();
        assert!(feed(&mut timeline, base, 0, 0).jumped);
        for (pts, arrival) in [(400, 100), (200, 200), (100, 300), (300, 400), (500, 9000), (700, 9001)] {
            assert!(!feed(&mut timeline, base, pts, arrival).jumped, "{pts} at {arrival}");
        }
    }

    #[test]
    fn jumps_are_found() {
        for (pts, name) in [(3_600_000, "ahead"), (-3_600_000, "back"), (24_000, "into the future")] {
            let mut timeline = Timeline::new();
            let base = Moment::now();
            for frame in 0..=200 {
                assert_eq!(feed(&mut timeline, base, frame * 100, frame as u64 * 100).jumped, frame == 0);
            }
            let placed = feed(&mut timeline, base, pts, 20_100);
            assert_eq!(placed, Placed { at: base.wall.shifted(20_100_000), jumped: true }, "{name}");
            assert!(!feed(&mut timeline, base, pts + 100, 20_200).jumped, "{name}");
        }
    }
}
