//! The last seconds of encoded video, from which an event takes what came before its motion.

use std::collections::VecDeque;

use crate::config::EventConfig;
use crate::video::{AccessUnit, TICKS_PER_SECOND, to_ticks};

/// Motion is known this much after it began, at most: detection, reordering, slow frame rates.
const LATENCY_TICKS: i64 = 4 * TICKS_PER_SECOND;

/// Whole groups of pictures, each from its key frame on.
///
/// INVARIANT: it is empty or its first unit is a key frame.
#[derive(Debug)]
pub(super) struct Ring {
    units: VecDeque<AccessUnit>,
    bytes: usize,
    bytes_max: usize,
    length_max: i64,
    wanted: i64,
    pre_roll: i64,
    /// The last two key frames.
    keys: (i64, i64),
}

impl Ring {
    pub(super) fn new(config: &EventConfig) -> Self {
        Self {
            units: VecDeque::new(),
            bytes: 0,
            bytes_max: config.ring_bytes_max,
            length_max: to_ticks(config.ring_length_max),
            wanted: to_ticks(config.pre_roll).saturating_add(LATENCY_TICKS),
            pre_roll: to_ticks(config.pre_roll),
            keys: (i64::MAX, i64::MAX),
        }
    }

    /// Takes the next unit in decoding order. Units before the first key frame are left out.
    pub(super) fn push(&mut self, unit: &AccessUnit) {
        if self.units.is_empty() && !unit.key {
            return;
        }
        self.bytes += unit.data.len();
        self.units.push_back(unit.clone());
        if unit.key {
            self.keys = (self.keys.1, unit.pts);
        }
        // Motion that only a key frame shows began after the one before it.
        let looked = self.keys.0.saturating_sub(self.pre_roll);
        let wanted = unit.pts.saturating_sub(self.wanted).min(looked);
        while let Some(second) = self.second_group() {
            let begins = self.units.get(second).map_or(unit.pts, |unit| unit.pts);
            if begins > wanted && !self.is_over(unit.pts) {
                break;
            }
            self.drop_first(second);
        }
        if self.is_over(unit.pts) {
            // One group of pictures is longer than memory allows: nothing can be decoded until the next.
            self.clear();
        }
    }

    pub(super) fn clear(&mut self) {
        self.units.clear();
        self.bytes = 0;
    }

    /// When the first unit is shown; `None` if there is none.
    pub(super) fn first_pts(&self) -> Option<i64> {
        self.units.front().map(|unit| unit.pts)
    }

    /// The units from the last key frame at or before `pts` on, or from the first there is.
    pub(super) fn units_from_key(&self, pts: i64) -> Vec<AccessUnit> {
        let first = self.units.iter().rposition(|unit| unit.key && unit.pts <= pts).unwrap_or(0);
        self.units.iter().skip(first).cloned().collect()
    }

    fn second_group(&self) -> Option<usize> {
        self.units.iter().skip(1).position(|unit| unit.key).map(|index| index + 1)
    }

    fn is_over(&self, now: i64) -> bool {
        let first = self.units.front().map_or(now, |unit| unit.pts);
        self.bytes > self.bytes_max || now - first > self.length_max
    }

    fn drop_first(&mut self, count: usize) {
        for unit in self.units.drain(..count) {
            self.bytes -= unit.data.len();
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;

    pub(in crate::cut) fn ring_units(ring: &Ring) -> (Option<i64>, usize, usize) {
        (ring.units.front().map(|unit| unit.pts / 9000), ring.units.len(), ring.bytes)
    }

    use crate::cut::cutter::tests::unit;

    #[test]
    fn what_came_before_is_kept_from_a_key_frame_on() {
        let mut ring = Ring::new(&EventConfig::default());
        for frame in 15..400 {
            ring.push(&unit(frame, frame % 20 == 0));
        }
        // 7 s before frame 399 is 329: its key frame is 320.
        assert_eq!(ring_units(&ring), (Some(320), 80, 800));
        let units = ring.units_from_key(350 * 9000);
        assert_eq!((units.len(), units[0].pts), (60, 340 * 9000));
        assert_eq!(ring.units_from_key(0).len(), 80);
    }

    #[test]
    fn bytes_bound_it() {
        let mut ring = Ring::new(&EventConfig { ring_bytes_max: 500, ..EventConfig::default() });
        for frame in 0..400 {
            ring.push(&unit(frame, frame % 20 == 0));
            let (_, count, bytes) = ring_units(&ring);
            assert!(bytes <= 500 && bytes == count * 10);
        }
    }

    #[test]
    fn a_group_longer_than_memory_is_given_up() {
        let config = EventConfig { ring_length_max: Duration::from_secs(10), ..EventConfig::default() };
        let mut ring = Ring::new(&config);
        for frame in 0..150 {
            ring.push(&unit(frame, frame == 0));
        }
        assert_eq!(ring_units(&ring), (None, 0, 0));
        ring.push(&unit(150, true));
        assert_eq!(ring_units(&ring), (Some(150), 1, 10));
    }
}
