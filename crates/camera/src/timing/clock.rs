//! From RTP's clock to this machine's.
//!
//! When a frame arrives says when it was made, plus what encoder and network took. That delay varies, and never
//! goes below a floor; so the least delay of the last half minute is taken as the distance between the clocks,
//! and is followed slowly. A camera whose clock runs wrong by 0.1 % is followed within some tens of milliseconds.
//!
//! RTCP sender reports (RFC 3550, 6.4.1) pair a reading of RTP's clock with the moment of sending. Their arrival
//! is a sample too, and a better one: it had no encoder to wait for. The wall clock in them is not used, because
//! cameras' wall clocks are often wrong.

/// Time is cut into slots of this length; each keeps its least delay.
const SLOT_MICROS: i64 = 1_000_000;
/// Slots looked at.
const SLOTS: usize = 30;
/// Until then the distance follows each smaller delay at once: many servers begin with a burst of older frames.
const SETTLING_MICROS: i64 = 10_000_000;
/// Distances larger than this are closed quickly.
const FAR_MICROS: i64 = 50_000;
/// Sender reports that differ more from frames than this are wrong, and not used.
const REPORT_LEAD_MICROS_MAX: i64 = 1_000_000;

/// Distance between RTP's clock and this machine's, in microseconds.
#[derive(Debug)]
pub(super) struct Clock {
    first: i64,
    last: i64,
    distance: i64,
    frames: Floor,
    reports: Floor,
}

impl Clock {
    /// Begins with a frame whose RTP time is `rtp` and which arrived at `arrival`, both in microseconds.
    pub(super) fn new(rtp: i64, arrival: i64) -> Self {
        let mut frames = Floor::default();
        frames.add(arrival, arrival - rtp);
        Self { first: arrival, last: arrival, distance: arrival - rtp, frames, reports: Floor::default() }
    }

    /// Takes a frame's arrival.
    pub(super) fn frame(&mut self, rtp: i64, arrival: i64) {
        self.frames.add(arrival, arrival - rtp);
        self.follow(arrival);
    }

    /// Takes a sender report's arrival.
    pub(super) fn report(&mut self, rtp: i64, arrival: i64) {
        let delay = arrival - rtp;
        let lead = self.frames.least(arrival).map_or(0, |least| least - delay);
        if (0..=REPORT_LEAD_MICROS_MAX).contains(&lead) {
            self.reports.add(arrival, delay);
        }
    }

    /// Whether the first seconds are over.
    pub(super) fn settled(&self) -> bool {
        self.last - self.first >= SETTLING_MICROS
    }

    /// When a frame with this RTP time was made, by this machine's clock.
    pub(super) fn place(&self, rtp: i64) -> i64 {
        rtp + self.distance
    }

    fn follow(&mut self, arrival: i64) {
        let elapsed = (arrival - self.last).max(0);
        self.last = self.last.max(arrival);
        let least = match (self.frames.least(arrival), self.reports.least(arrival)) {
            (Some(frames), Some(reports)) => frames.min(reports),
            (Some(frames), None) => frames,
            (None, _) => return,
        };
        let error = least - self.distance;
        let step = if !self.settled() && error < 0 {
            i64::MAX
        } else if error.abs() > FAR_MICROS {
            elapsed / 50
        } else {
            elapsed / 500
        };
        self.distance += error.clamp(-step, step);
    }
}

/// The least delay within a sliding window.
#[derive(Debug, Default)]
struct Floor {
    slots: std::collections::VecDeque<(i64, i64)>,
}

impl Floor {
    fn add(&mut self, arrival: i64, delay: i64) {
        let slot = arrival.div_euclid(SLOT_MICROS);
        match self.slots.back_mut() {
            Some((newest, least)) if *newest >= slot => *least = (*least).min(delay),
            _ => self.slots.push_back((slot, delay)),
        }
        while self.slots.len() > SLOTS {
            self.slots.pop_front();
        }
    }

    fn least(&self, arrival: i64) -> Option<i64> {
        let oldest = arrival.div_euclid(SLOT_MICROS) - SLOTS as i64;
        self.slots.iter().filter(|(slot, _)| *slot > oldest).map(|(_, least)| *least).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds an hour of 10 frames a second from a camera whose clock runs `ppm` fast. Returns the largest error
    /// after the first minute, beyond the smallest delay.
    fn largest_error(
        ppm: i64,
        burst: i64,
        reports: bool,
        delay: impl Fn(i64, &mut fastrand::Rng) -> i64,
    ) -> i64 {
        let mut rng = fastrand::Rng::with_seed(7);
        let rtp = |made: i64| 1_000_000_000 + made + made * ppm / 1_000_000;
        let mut clock: Option<Clock> = None;
        let mut arrived = 0;
        let mut largest = 0;
        for frame in 0..36_000_i64 {
            let made = frame * 100_000;
            arrived = if made < burst { burst } else { arrived.max(made + 20_000 + delay(made, &mut rng)) };
            let clock = match &mut clock {
                None => clock.insert(Clock::new(rtp(made), arrived)),
                Some(clock) => {
                    clock.frame(rtp(made), arrived);
                    clock
                }
            };
            if reports && frame % 50 == 7 {
                clock.report(rtp(made + 40_000), arrived.max(made + 45_000));
            }
            if made > 60_000_000 {
                let error = clock.place(rtp(made)) - (made + 20_000);
                largest = largest.max(error.abs());
            }
        }
        largest
    }

    fn jitter(_: i64, rng: &mut fastrand::Rng) -> i64 {
        -(20_000.0 * rng.f64().max(1e-9).ln()) as i64
    }

    #[test]
    fn drift_stays_within_100_ms() {
        for ppm in [-500, -50, 0, 50, 500] {
            for reports in [false, true] {
                let error = largest_error(ppm, 0, reports, jitter);
                assert!(error < 60_000, "{ppm} ppm, reports {reports}: {error} us");
            }
        }
    }

    #[test]
    fn stalls_and_a_first_burst_are_forgotten() {
        // Every minute nothing comes for two seconds, then all at once; the stream begins with four old seconds.
        let stalls = |made: i64, rng: &mut fastrand::Rng| {
            let phase = made % 60_000_000;
            jitter(made, rng) + if phase < 2_000_000 { 2_000_000 - phase } else { 0 }
        };
        let error = largest_error(100, 4_000_000, false, stalls);
        assert!(error < 100_000, "{error} us");
    }

    #[test]
    fn nonsense_reports_are_ignored() {
        let mut clock = Clock::new(0, 50_000);
        for second in 1..120 {
            clock.frame(second * 1_000_000, second * 1_000_000 + 50_000);
            clock.report(second * 1_000_000 + 3_600_000_000, second * 1_000_000 + 60_000);
            clock.report(second * 1_000_000 - 3_600_000_000, second * 1_000_000 + 60_000);
        }
        assert_eq!(clock.place(120_000_000), 120_050_000);
    }
}
