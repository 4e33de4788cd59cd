//! The last seconds of encoded sound, beside the ring of video and for as long as that.

use std::collections::VecDeque;

use crate::sound::SoundUnit;
use crate::video::TICKS_PER_SECOND;

/// More bytes than these are not kept: the oldest go. G.711 for a quarter of an hour, 16 bits at 48 kHz in stereo for 40 s.
const BYTES_MAX: usize = 8 << 20;
/// Pieces kept, at most. Each costs memory besides its bytes.
const UNITS_MAX: usize = 16_384;
/// Kept before the video and beyond what an event asks for: a decoder of AAC needs the frame before, and the clocks of
/// sound and video may turn out to lie a little differently.
const MARGIN: i64 = TICKS_PER_SECOND / 2;

/// Pieces of sound in the order of their coming.
#[derive(Debug, Default)]
pub(super) struct Sounds {
    units: VecDeque<SoundUnit>,
    bytes: usize,
}

impl Sounds {
    /// Takes the next piece; video is kept since `since`.
    pub(super) fn push(&mut self, unit: &SoundUnit, since: i64) {
        self.bytes += unit.data.len();
        self.units.push_back(unit.clone());
        while let Some(first) = self.units.front()
            && (first.end() < since.saturating_sub(MARGIN)
                || self.bytes > BYTES_MAX
                || self.units.len() > UNITS_MAX)
        {
            self.bytes -= first.data.len();
            self.units.pop_front();
        }
    }

    pub(super) fn clear(&mut self) {
        self.units.clear();
        self.bytes = 0;
    }

    /// Bytes of all that is kept.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What sounds from `start` to `end`, and a little more on both sides.
    pub(super) fn between(&self, start: i64, end: i64) -> Vec<SoundUnit> {
        let wanted = |unit: &&SoundUnit| unit.end() > start - MARGIN && unit.pts < end + MARGIN;
        self.units.iter().filter(wanted).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::sound::{SoundCodec, SoundFormat};

    fn unit(at: i64, bytes: usize) -> SoundUnit {
        let format = Arc::new(SoundFormat::new(SoundCodec::MuLaw, 8_000, 1).unwrap());
        let pts = format.ticks(at);
        SoundUnit { data: Bytes::from(vec![0; bytes]), at, samples: 160, pts, format }
    }

    proptest! {
        /// Whatever comes, it is bounded, counts its bytes, and holds all of the time that video is kept of.
        #[test]
        fn what_is_kept_is_bounded_and_whole(
            pieces in prop::collection::vec((0_usize..70_000, -2_000_i64..20_000), 1..400),
            kept in 0_i64..10,
        ) {
            let mut sounds = Sounds::default();
            let (mut at, mut given) = (0_i64, Vec::new());
            let (mut latest, mut was_full) = (i64::MIN, false);
            for (bytes, step) in pieces {
                at += step;
                let next = unit(at, bytes);
                let since = next.pts - kept * TICKS_PER_SECOND;
                given.push((next.pts, next.end()));
                latest = latest.max(since);
                was_full |= sounds.bytes() + bytes > BYTES_MAX;
                sounds.push(&next, since);
                let bytes: usize = sounds.units.iter().map(|unit| unit.data.len()).sum();
                prop_assert_eq!(bytes, sounds.bytes());
                prop_assert!(bytes <= BYTES_MAX && sounds.units.len() <= UNITS_MAX);
                // The newest that there is room for are all there, as they came.
                let last: Vec<_> = sounds.units.iter().map(|unit| unit.pts).collect();
                let tail: Vec<_> = given[given.len() - last.len()..].iter().map(|piece| piece.0).collect();
                prop_assert_eq!(last, tail);
                if let Some(gone) = given.len().checked_sub(sounds.units.len() + 1) {
                    prop_assert!(was_full || given[gone].1 < latest - MARGIN, "{:?} is gone", given[gone]);
                }
            }
        }
    }

    #[test]
    fn an_event_takes_its_time_and_a_little_more() {
        let mut sounds = Sounds::default();
        (0..1_000).for_each(|piece| sounds.push(&unit(piece * 160, 160), 0));
        let taken = sounds.between(5 * TICKS_PER_SECOND, 10 * TICKS_PER_SECOND);
        assert_eq!((taken[0].at, taken[taken.len() - 1].at), (225 * 160 - 160 + 160, 524 * 160));
        sounds.clear();
        assert_eq!((sounds.bytes(), sounds.between(0, i64::MAX / 2).len()), (0, 0));
    }
}
