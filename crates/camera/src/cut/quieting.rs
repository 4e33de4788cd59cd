//! A camera that makes event upon event is quieted: its events are further apart, unless what moves is larger than usual.
//! Why so: docs/decisions/0054.

use std::collections::VecDeque;
use std::time::Duration;

use ownsight_model::Timestamp;

/// When a camera is quieted, and what that means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quieting {
    /// It is quieted when it had so many events
    pub events: usize,
    /// within this time.
    pub within: Duration,
    /// Then no event begins for this long after the end of one,
    pub cool_down: Duration,
    /// unless motion is stronger by this much than the strongest of most of those events, of 255.
    pub stronger_by: u8,
    /// It ends when nothing was left out for this long.
    pub calm_after: Duration,
}

impl Default for Quieting {
    fn default() -> Self {
        Self {
            events: 30,
            within: Duration::from_hours(1),
            cool_down: Duration::from_mins(5),
            stronger_by: 24,
            calm_after: Duration::from_mins(20),
        }
    }
}

/// Counts events, and says whether one may begin. Its times are those of the frames, so that it outlasts a stream.
#[derive(Debug)]
pub(super) struct Quieter {
    config: Option<Quieting>,
    /// When the latest events ended, and the strongest motion of each.
    events: VecDeque<(Timestamp, u8)>,
    quieted: Option<Quieted>,
}

#[derive(Debug)]
struct Quieted {
    since: Timestamp,
    /// Stronger motion than this is an event at once.
    usual: u8,
    /// When motion was last left out.
    left_out: Timestamp,
}

impl Quieter {
    pub(super) fn new(config: Option<Quieting>) -> Self {
        Self { config, events: VecDeque::new(), quieted: None }
    }

    /// Since when the camera is quieted.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.quieted.as_ref().map(|quieted| quieted.since)
    }

    /// An event has ended.
    pub(super) fn event(&mut self, ended_at: Timestamp, strongest: u8) {
        let Some(config) = &self.config else { return };
        // A clock that was set back must not keep events for ever.
        self.events.retain(|(at, _)| *at <= ended_at && ended_at.since(*at) < config.within);
        if self.events.len() >= config.events {
            self.events.pop_front();
        }
        self.events.push_back((ended_at, strongest));
        if self.quieted.is_none() && self.events.len() >= config.events {
            let mut strengths: Vec<u8> = self.events.iter().map(|(_, strongest)| *strongest).collect();
            strengths.sort_unstable();
            // The few strongest of them may have been the ones that mattered.
            let usual = strengths.get(strengths.len() * 3 / 4).copied().unwrap_or(u8::MAX);
            let usual = usual.saturating_add(config.stronger_by);
            self.quieted = Some(Quieted { since: ended_at, usual, left_out: ended_at });
        }
    }

    /// Whether an event may begin now, with motion of this strength. If not, that is what was left out.
    pub(super) fn lets(&mut self, now: Timestamp, strength: u8) -> bool {
        let cools = self.cools(now);
        let Some(quieted) = &mut self.quieted else { return true };
        if !cools || strength > quieted.usual {
            return true;
        }
        if strength > 0 {
            quieted.left_out = now;
        }
        false
    }

    /// Whether it is quieted, and the last event was so short a time ago that another one has to wait.
    pub(super) fn cools(&self, now: Timestamp) -> bool {
        let (Some(config), Some(_), Some((last, _))) = (&self.config, &self.quieted, self.events.back())
        else {
            return false;
        };
        // A clock may have been set back: then it is as far from the last one on the other side.
        u128::from(now.as_micros().abs_diff(last.as_micros())) < config.cool_down.as_micros()
    }

    /// Time goes on: when nothing was left out for long enough, it is over.
    pub(super) fn at(&mut self, now: Timestamp) {
        let (Some(config), Some(quieted)) = (&self.config, &mut self.quieted) else { return };
        // After a clock was set back it begins to be calm anew.
        quieted.left_out = quieted.left_out.min(now);
        if now.since(quieted.left_out) >= config.calm_after {
            self.quieted = None;
            self.events.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_000_000_000 + seconds * 1_000_000)
    }

    /// A camera with an event each `every` seconds, of this strength, where it may; how many there were in each hour.
    fn hours(every: i64, strength: u8, hours: i64, config: Option<Quieting>) -> (Vec<usize>, Quieter) {
        let mut quieter = Quieter::new(config);
        let mut counts = vec![0; hours as usize];
        for second in (0..hours * 3600).step_by(every as usize) {
            quieter.at(at(second));
            if quieter.lets(at(second), strength) {
                quieter.event(at(second + 12), strength);
                counts[(second / 3600) as usize] += 1;
            }
        }
        (counts, quieter)
    }

    #[test]
    fn event_upon_event_is_quieted_and_a_lively_day_is_not() {
        let (counts, quieter) = hours(20, 40, 3, Some(Quieting::default()));
        // Thirty in the first ten minutes, then one each five.
        assert!((38..=42).contains(&counts[0]) && (10..=12).contains(&counts[2]), "{counts:?}");
        assert_eq!(quieter.since(), Some(at(29 * 20 + 12)));
        let (counts, quieter) = hours(20, 40, 3, None);
        assert_eq!((counts, quieter.since()), (vec![180; 3], None), "switched off");
        let (counts, quieter) = hours(125, 40, 3, Some(Quieting::default()));
        assert_eq!((counts, quieter.since()), (vec![29; 3], None), "29 an hour");
    }

    #[test]
    fn what_is_larger_than_usual_is_an_event_all_the_same() {
        let (_, mut quieter) = hours(20, 40, 1, Some(Quieting::default()));
        quieter.event(at(3_600), 40);
        assert!(!quieter.lets(at(3_605), 40) && !quieter.lets(at(3_605), 64));
        assert!(quieter.lets(at(3_605), 65));
    }

    #[test]
    fn it_ends_by_itself_when_nothing_is_left_out() {
        let (_, mut quieter) = hours(20, 40, 1, Some(Quieting::default()));
        quieter.event(at(3_600), 40);
        assert!(!quieter.lets(at(3_700), 40));
        // A picture without motion is nothing that was left out.
        assert!(!quieter.lets(at(3_800), 0));
        quieter.at(at(3_700 + 1_199));
        assert!(quieter.since().is_some());
        quieter.at(at(3_700 + 1_200));
        assert_eq!(quieter.since(), None);
        assert!(quieter.lets(at(4_901), 1));
        quieter.event(at(4_910), 1);
        assert_eq!(quieter.since(), None, "it counts anew");
    }

    #[test]
    fn a_clock_that_is_set_back_leaves_it_as_it_was_without_the_future() {
        let (_, mut quieter) = hours(20, 40, 1, Some(Quieting::default()));
        assert!(quieter.since().is_some());
        assert!(quieter.lets(at(-100_000), 40), "not silent until the clock is where it was");
        quieter.event(at(-100_000), 40);
        assert!(!quieter.lets(at(-99_999), 40));
        assert!(quieter.lets(at(-99_000), 40));
    }
}
