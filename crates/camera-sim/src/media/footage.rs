//! The bundled footage: its access units in decoding order, each with its place in display order.

use std::sync::LazyLock;

use bytes::Bytes;

use super::mp4::{self, Mp4Error};
use super::nal::ParameterSets;

/// Frames a second at which the footage was recorded.
pub(crate) const NATIVE_FPS: u32 = 10;

static BUNDLED: LazyLock<Result<Footage, Mp4Error>> =
    LazyLock::new(|| Footage::read(include_bytes!("../../../../footage/pedestrians.mp4")));

/// A clip that can be played from any key frame on. It borrows the file; nothing is decoded ahead.
#[derive(Debug)]
pub(crate) struct Footage {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) parameter_sets: ParameterSets,
    /// In decoding order, never empty; the first is a key frame.
    pub(crate) units: Vec<AccessUnit>,
    /// How many frames a picture may be shown after its turn in decoding order.
    pub(crate) reordering: u32,
}

/// One coded picture.
#[derive(Debug)]
pub(crate) struct AccessUnit {
    pub(crate) nals: Vec<&'static [u8]>,
    /// Its number in display order, from 0.
    pub(crate) display: u32,
    pub(crate) key: bool,
}

impl Footage {
    /// The footage of this repository, `footage/pedestrians.mp4`, parsed at the first call.
    pub(crate) fn bundled() -> Result<&'static Self, Mp4Error> {
        BUNDLED.as_ref().map_err(Clone::clone)
    }

    fn read(file: &'static [u8]) -> Result<Self, Mp4Error> {
        let track = mp4::read(file)?;
        let mut order: Vec<i64> = track.samples.iter().map(|sample| sample.presentation).collect();
        order.sort_unstable();
        let mut units = Vec::with_capacity(track.samples.len());
        let mut reordering = 0;
        for (decode, sample) in track.samples.iter().enumerate() {
            let display = order.partition_point(|time| *time < sample.presentation);
            reordering = reordering.max(decode.saturating_sub(display));
            units.push(AccessUnit { nals: sample.nals()?, display: display as u32, key: sample.key });
        }
        if !units.first().is_some_and(|unit| unit.key) {
            return Err(Mp4Error::Unsupported("a start without key frame"));
        }
        let parameter_sets =
            ParameterSets { sps: Bytes::from_static(track.sps), pps: Bytes::from_static(track.pps) };
        Ok(Self {
            width: track.width,
            height: track.height,
            parameter_sets,
            units,
            reordering: reordering as u32,
        })
    }

    /// How many units a loop of about `frames` frames has: it ends where a key frame begins, or at the file's end.
    pub(crate) fn loop_end(&self, frames: Option<u32>) -> usize {
        let Some(frames) = frames else { return self.units.len() };
        let wanted = frames.max(1) as usize;
        let next_key = self.units.iter().enumerate().skip(wanted).find(|(_, unit)| unit.key);
        next_key.map_or(self.units.len(), |(index, _)| index)
    }

    /// The key frame at or before this place in display order. Groups of pictures are closed, so the frames before a
    /// key frame in decoding order are also those before it in display order.
    pub(crate) fn key_before(&self, display: usize) -> usize {
        let until = self.units.get(..=display).unwrap_or(&self.units);
        until.iter().rposition(|unit| unit.key).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_numbers_are_a_permutation_within_closed_groups() {
        let footage = Footage::bundled().unwrap();
        let mut seen: Vec<u32> = footage.units.iter().map(|unit| unit.display).collect();
        seen.sort_unstable();
        assert!(seen.iter().enumerate().all(|(index, display)| index as u32 == *display));
        assert!(footage.reordering > 0, "the footage has B-frames");
        for (index, unit) in footage.units.iter().enumerate().filter(|(_, unit)| unit.key) {
            assert_eq!(unit.display as usize, index, "a key frame begins its group in both orders");
        }
    }

    #[test]
    fn loop_ends_before_a_key_frame() {
        let footage = Footage::bundled().unwrap();
        assert_eq!(footage.loop_end(None), 795);
        assert_eq!(footage.loop_end(Some(20)), 20);
        assert_eq!(footage.loop_end(Some(21)), 40);
        assert_eq!(footage.loop_end(Some(100_000)), 795);
        assert_eq!(footage.key_before(39), 20);
        assert_eq!(footage.key_before(40), 40);
    }
}
