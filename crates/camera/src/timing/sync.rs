//! How far the clocks of a camera's sound and of its video are apart.
//!
//! Each stream counts from a zero of its own. Sender reports (RFC 3550, 6.4.1) give a reading of each beside one wall
//! clock, which may be wrong, as long as it is the same for both. Before two such reports have come, and where they say
//! what cannot be, arrival tells: sound and video that arrive together, each at its least delay, were made together.

use super::clock::Clock;

/// Reports that differ more from arrival than this are wrong, and not used.
const REPORTS_OFF_MICROS_MAX: i64 = 2_000_000;
/// Steps of the sound's clock that are a jump.
const AHEAD_MICROS_MAX: i64 = 10_000_000;
const BACK_MICROS_MAX: i64 = 1_000_000;

/// Readings that belong together, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Report {
    rtp: i64,
    wall: i64,
}

/// Distance from the sound's clock to the video's.
#[derive(Debug, Default)]
pub(crate) struct Sync {
    clock: Option<(Clock, i64)>,
    sound: Option<Report>,
    video: Option<Report>,
}

impl Sync {
    /// Takes a piece of sound that ends at `rtp` by its clock and arrived at `arrived` by this machine's, while the
    /// video's clock is `video` behind that. Returns what is to be added to the sound's clock to get the video's. All in
    /// microseconds.
    pub(crate) fn piece(&mut self, rtp: i64, arrived: i64, video: i64) -> i64 {
        let clock = match &mut self.clock {
            Some((clock, latest))
                if (latest.saturating_sub(BACK_MICROS_MAX)..=latest.saturating_add(AHEAD_MICROS_MAX))
                    .contains(&rtp) =>
            {
                clock.frame(rtp, arrived);
                *latest = rtp.max(*latest);
                clock
            }
            other => {
                self.sound = None;
                &mut other.insert((Clock::new(rtp, arrived), rtp)).0
            }
        };
        let by_arrival = clock.place(0) - video;
        let by_reports = match (self.sound, self.video) {
            (Some(sound), Some(video)) => Some((video.rtp - video.wall) - (sound.rtp - sound.wall)),
            _ => None,
        };
        by_reports.filter(|by| by.abs_diff(by_arrival) <= REPORTS_OFF_MICROS_MAX as u64).unwrap_or(by_arrival)
    }

    /// Forgets what the video's reports said: its clock is another from now on.
    pub(crate) fn forget_video(&mut self) {
        self.video = None;
    }

    /// Takes a sender report of the sound.
    pub(crate) fn sound_report(&mut self, rtp: i64, ntp: u64) {
        self.sound = Some(Report { rtp, wall: micros(ntp) });
    }

    /// Takes a sender report of the video.
    pub(crate) fn video_report(&mut self, rtp: i64, ntp: u64) {
        self.video = Some(Report { rtp, wall: micros(ntp) });
    }
}

/// An NTP time, 32 bits of seconds and 32 of their fraction, in microseconds.
fn micros(ntp: u64) -> i64 {
    let (seconds, fraction) = (ntp >> 32, ntp & 0xffff_ffff);
    i64::try_from(seconds * 1_000_000 + ((fraction * 1_000_000) >> 32)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn ntp(at: i64) -> u64 {
        let at = at as u64;
        ((at / 1_000_000) << 32) | (((at % 1_000_000) << 32) / 1_000_000 + 1)
    }

    /// Sound counts from 500 s, video from 3,000 s; pieces take 40 ms on their way, frames 30 ms.
    fn fed(reports: Option<i64>) -> i64 {
        let mut sync = Sync::default();
        let mut offset = 0;
        for piece in 0..200 {
            let made = piece * SECOND / 50;
            if let Some(off) = reports
                && piece == 100
            {
                sync.sound_report(500 * SECOND + made, ntp(9_000 * SECOND + made));
                sync.video_report(3_000 * SECOND + made - SECOND, ntp(9_000 * SECOND + made - SECOND + off));
            }
            offset = sync.piece(500 * SECOND + made, made + 40_000, 30_000 - 3_000 * SECOND);
        }
        offset - 2_500 * SECOND
    }

    #[test]
    fn arrival_tells_until_reports_do() {
        assert_eq!(fed(None), 10_000);
        assert!(fed(Some(0)).abs() < 5, "{}", fed(Some(0)));
    }

    #[test]
    fn reports_that_cannot_be_are_not_used() {
        assert_eq!(fed(Some(3_600 * SECOND)), 10_000);
        assert_eq!(fed(Some(-3_600 * SECOND)), 10_000);
    }

    #[test]
    fn a_jump_of_the_sounds_clock_begins_anew() {
        let mut sync = Sync::default();
        assert_eq!(sync.piece(0, 1_000, 0), 1_000);
        assert_eq!(sync.piece(100 * SECOND, 21_000, 0), 21_000 - 100 * SECOND);
        assert_eq!(sync.piece(0, 41_000, 0), 41_000);
    }
}
