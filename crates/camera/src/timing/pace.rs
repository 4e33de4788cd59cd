//! Whether a camera's RTP clock goes at the pace that it should; frames of one that does not are placed by their
//! arrival.
//!
//! Some cameras send the same time with each frame, count milliseconds where they announce ninetieths of them, or
//! count twice as fast. Within an event such a time is worth nothing: it would never end, or show everything in a
//! flash. What a network does looks different: what came late once comes faster after that.

use std::time::{Duration, Instant};

use crate::video::{TICKS_PER_SECOND, to_ticks};

/// Pace is measured over this long.
const WINDOW: Duration = Duration::from_secs(20);
/// So many windows in a row must be wrong in the same direction: a network cannot hold back more and more.
const WINDOWS: u32 = 2;
/// A larger step between two frames is a jump, and no pace.
const STEP_TICKS_MAX: i64 = 10 * TICKS_PER_SECOND;

/// Measures one connection's frames.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    New,
    Measured {
        since: Instant,
        latest: i64,
        ticks: i64,
        wrong: Option<(Wrong, u32)>,
    },
    ByArrival {
        zero: Instant,
        latest: i64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Slow,
    Fast,
}

/// When a frame is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paced {
    /// In ticks.
    pub(crate) pts: i64,
    /// From this frame on the camera's clock is not used any more: nothing before can be joined to it.
    pub(crate) given_up: bool,
}

impl Pace {
    /// Takes a frame's own time and its arrival.
    pub(crate) fn frame(&mut self, pts: i64, arrival: Instant) -> Paced {
        match &mut self.state {
            State::New => {
                self.state = State::Measured { since: arrival, latest: pts, ticks: 0, wrong: None };
            }
            State::Measured { since, latest, ticks, wrong } => {
                let step = pts.saturating_sub(*latest);
                *latest = pts;
                if step.saturating_abs() <= STEP_TICKS_MAX {
                    *ticks = ticks.saturating_add(step);
                }
                let elapsed = arrival.saturating_duration_since(*since);
                if elapsed >= WINDOW {
                    let now = judge(*ticks, to_ticks(elapsed));
                    *wrong = now.map(|now| match *wrong {
                        Some((before, count)) if before == now => (now, count + 1),
                        _ => (now, 1),
                    });
                    (*since, *ticks) = (arrival, 0);
                    if wrong.is_some_and(|(_, count)| count >= WINDOWS) {
                        self.state = State::ByArrival { zero: arrival, latest: 0 };
                        return Paced { pts: 0, given_up: true };
                    }
                }
            }
            State::ByArrival { zero, latest } => {
                // Frames that are read at once follow each other all the same.
                *latest = to_ticks(arrival.saturating_duration_since(*zero)).max(*latest + 1);
                return Paced { pts: *latest, given_up: false };
            }
        }
        Paced { pts, given_up: false }
    }

    /// Whether the camera's clock is used.
    pub(crate) fn is_trusted(&self) -> bool {
        !matches!(self.state, State::ByArrival { .. })
    }
}

/// Far from what clocks and encoders do: less than 0.7 or more than 1.4 seconds in a second.
fn judge(ticks: i64, elapsed: i64) -> Option<Wrong> {
    if ticks.saturating_mul(10) < elapsed.saturating_mul(7) {
        Some(Wrong::Slow)
    } else if ticks.saturating_mul(10) > elapsed.saturating_mul(14) {
        Some(Wrong::Fast)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From true milliseconds to the camera's.
    type Clock = fn(i64) -> i64;

    /// Feeds ten frames a second, with times and delays in milliseconds; returns the frames' times, and when the
    /// camera's clock was given up.
    fn feed(seconds: u64, time: impl Fn(i64) -> i64, delay: impl Fn(u64) -> u64) -> (Vec<i64>, Option<u64>) {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        let (mut times, mut given_up) = (Vec::new(), None);
        for frame in 0..seconds * 10 {
            let arrival = begun + Duration::from_millis(frame * 100 + delay(frame));
            let paced = pace.frame(time(frame as i64 * 100) * 90, arrival);
            times.push(paced.pts);
            if paced.given_up {
                assert_eq!(given_up.replace(frame / 10), None);
            }
        }
        assert_eq!(pace.is_trusted(), given_up.is_none());
        (times, given_up)
    }

    #[test]
    fn clocks_that_stand_crawl_or_rush_are_given_up() {
        let cases: [(&str, Clock); 5] = [
            ("stands", |_| 5000),
            ("milliseconds", |ms| ms / 90),
            ("twice as fast", |ms| ms * 2),
            ("leaps", |ms| ms * 1000),
            ("runs back", |ms| -ms),
        ];
        for (name, time) in cases {
            let (times, given_up) = feed(60, time, |_| 0);
            assert_eq!(given_up, Some(40), "{name}");
            // From then on frames are as far apart as they arrive.
            assert!(times[400..].windows(2).all(|pair| pair[1] - pair[0] == 9000), "{name}");
        }
    }

    #[test]
    fn what_networks_and_servers_do_is_no_wrong_clock() {
        // Each 40 s nothing comes for 8 s, then all at once.
        let stalls = |frame: u64| if frame % 400 >= 320 { (400 - frame % 400) * 100 } else { 0 };
        let (times, given_up) = feed(600, |ms| ms, stalls);
        assert_eq!(given_up, None);
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 9000));
        // A clock that is wrong by 10 %, with a jump of an hour now and then.
        assert_eq!(feed(600, |ms| ms * 11 / 10 + ms / 100_000 * 3_600_000, |_| 0).1, None);
        // B-frames.
        assert_eq!(feed(600, |ms| ms + [0, 200, -100, -100][(ms / 100 % 4) as usize], |_| 0).1, None);
    }

    #[test]
    fn frames_that_arrive_at_once_follow_each_other() {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        for second in 0..=40 {
            pace.frame(0, begun + Duration::from_secs(second));
        }
        let later = begun + Duration::from_secs(41);
        let times = [later; 3].map(|arrival| pace.frame(0, arrival).pts);
        assert_eq!(times, [90_000, 90_001, 90_002]);
    }
}
