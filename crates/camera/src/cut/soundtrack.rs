//! An event's sound, cut to the event's time.

use std::sync::Arc;

use bytes::Bytes;

use crate::encode::{self, PRIMING};
use crate::mp4::{SoundSample, SoundTrack};
use crate::sound::{SoundCodec, SoundFormat, SoundUnit};
use crate::video::TICKS_PER_SECOND;

/// A piece's own clock is believed as long as it agrees with the video's by this much. If it does not, it has jumped.
const JUMP: i64 = 2 * TICKS_PER_SECOND;

/// A piece of sound at its place: samples since the event's beginning.
struct Piece {
    data: Bytes,
    at: i64,
    samples: i64,
}

/// The soundtrack of what is shown from `start` to `end`; `None` if there is no sound of it.
pub(super) fn soundtrack(units: &[SoundUnit], start: i64, end: i64) -> Option<SoundTrack> {
    let format = Arc::clone(&units.last()?.format);
    let length = format.samples(end - start);
    let pieces = in_order(placed(units, &format, start));
    let track = |config, samples| SoundTrack {
        config,
        rate: format.rate(),
        channels: format.channels(),
        length,
        samples,
    };
    match format.codec() {
        SoundCodec::Aac(config) => Some(track(config.clone(), as_it_is(pieces, length))),
        SoundCodec::MuLaw | SoundCodec::ALaw | SoundCodec::L16 => {
            let (begins, raw) = joined(&format, pieces, length)?;
            let aac = encode::to_aac(&format, raw)?;
            let frames = (0..).zip(aac.frames).map(|(number, data)| SoundSample {
                data,
                at: begins + number * encode::FRAME - PRIMING,
                samples: encode::FRAME,
            });
            Some(track(aac.config, frames.take_while(|frame| frame.at < length).collect()))
        }
    }
    .filter(|track| !track.is_silent())
}

/// Pieces by the newest knowledge of how the clocks of sound and video lie, which is the best, so that there is no step
/// where that was found out better.
fn placed(units: &[SoundUnit], format: &SoundFormat, start: i64) -> Vec<Piece> {
    let distance = |unit: &SoundUnit| unit.pts - format.ticks(unit.at);
    let newest = units.last().map_or(0, distance);
    let units = units.iter().filter(|unit| *unit.format == *format);
    let piece = |unit: &SoundUnit| Piece {
        data: unit.data.clone(),
        at: if distance(unit).abs_diff(newest) < JUMP as u64 {
            unit.at - format.samples(start - newest)
        } else {
            format.samples(unit.pts - start)
        },
        samples: unit.samples.into(),
    };
    units.map(piece).collect()
}

/// Pieces one behind the other: what overlaps the one before is left out, and what misses its end by less than half its
/// length, as rounded times do, is joined to it. A larger hole stays one.
fn in_order(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut next: Option<i64> = None;
    let mut ordered = Vec::with_capacity(pieces.len());
    for mut piece in pieces {
        if let Some(next) = next {
            let off = piece.at - next;
            if off < -(piece.samples / 2) {
                continue;
            }
            if off <= piece.samples / 2 {
                piece.at = next;
            }
        }
        next = Some(piece.at + piece.samples);
        ordered.push(piece);
    }
    ordered
}

/// Frames of AAC that sound within the event, and one before: to decode a frame takes the one before it.
fn as_it_is(pieces: Vec<Piece>, length: i64) -> Vec<SoundSample> {
    let first = pieces.iter().position(|piece| piece.at + piece.samples > 0).unwrap_or(pieces.len());
    let from = match first.checked_sub(1) {
        // Behind a hole the one before is of no use.
        Some(before)
            if pieces.get(before).zip(pieces.get(first)).is_some_and(|(a, b)| a.at + a.samples == b.at) =>
        {
            before
        }
        _ => first,
    };
    let sounding = pieces.into_iter().skip(from).take_while(|piece| piece.at < length);
    sounding.map(|Piece { data, at, samples }| SoundSample { data, at, samples }).collect()
}

/// Samples in one row from the first piece of the event on, with silence in the holes. Returns where they begin.
fn joined(format: &SoundFormat, pieces: Vec<Piece>, length: i64) -> Option<(i64, Vec<u8>)> {
    let (width, silence) = match format.codec() {
        SoundCodec::MuLaw => (1, 0xff),
        SoundCodec::ALaw => (1, 0xd5),
        SoundCodec::L16 => (2, 0),
        SoundCodec::Aac(_) => return None,
    };
    let width = width * usize::from(format.channels());
    let sounding = pieces.into_iter().filter(|piece| piece.at + piece.samples > 0 && piece.at < length);
    let (mut begins, mut raw) = (None, Vec::new());
    for piece in sounding {
        let from = *begins.get_or_insert(piece.at);
        // Both are within the event and a piece's length: some megabytes at most.
        let place = usize::try_from(piece.at - from).ok()?.checked_mul(width)?;
        raw.resize(place.max(raw.len()), silence);
        raw.extend_from_slice(&piece.data);
    }
    begins.map(|begins| (begins, raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aac() -> Arc<SoundFormat> {
        let config = Bytes::from_static(&[0x11, 0x88]);
        Arc::new(SoundFormat::new(SoundCodec::Aac(config), 48_000, 1).unwrap())
    }

    /// Frames of 1,024 samples with these numbers, the video's clock 1 s ahead of the sound's.
    fn units(frames: impl IntoIterator<Item = i64>) -> Vec<SoundUnit> {
        let unit = |frame: i64| {
            let at = frame * 1024 + frame % 2;
            let (data, format) = (Bytes::from(vec![frame as u8]), aac());
            SoundUnit { data, at, samples: 1024, pts: format.ticks(at) + TICKS_PER_SECOND, format }
        };
        frames.into_iter().map(unit).collect()
    }

    fn summary(track: &SoundTrack) -> Vec<(u8, i64)> {
        track.samples.iter().map(|sample| (sample.data[0], sample.at)).collect()
    }

    #[test]
    fn sound_is_cut_to_the_event_and_led_in_by_a_frame() {
        // From 10.5 frames on, for three frames.
        let start = TICKS_PER_SECOND + 10 * 1920 + 960;
        let track = soundtrack(&units(0..100), start, start + 3 * 1920).unwrap();
        assert_eq!(track.length, 3 * 1024);
        assert_eq!(
            summary(&track),
            [(9, -1536), (10, -512), (11, 512), (12, 1536), (13, 2560)],
            "with rounded times joined"
        );
    }

    #[test]
    fn a_lost_packet_is_a_hole_and_moves_nothing() {
        let start = TICKS_PER_SECOND;
        let track =
            soundtrack(&units((0..100).filter(|frame| *frame != 4)), start, start + 7 * 1920).unwrap();
        let frames = summary(&track);
        assert_eq!(frames.len(), 6);
        assert_eq!(frames[3..], [(3, 3 * 1024), (5, 5 * 1024 + 1), (6, 6 * 1024 + 1)]);
    }

    #[test]
    fn the_newest_knowledge_of_the_clocks_holds_for_all() {
        let mut units = units(0..50);
        // Until half of it, the video's clock was thought to be 300 ms elsewhere.
        units.iter_mut().take(25).for_each(|unit| unit.pts -= 27_000);
        let track = soundtrack(&units, TICKS_PER_SECOND, 2 * TICKS_PER_SECOND).unwrap();
        let frames = summary(&track);
        assert!(
            (0..).zip(&frames).all(|(number, frame)| *frame == (number as u8, number * 1024)),
            "{frames:?}"
        );
    }

    #[test]
    fn a_clock_that_jumps_loses_no_step() {
        let mut units = units(0..50);
        units.iter_mut().skip(25).for_each(|unit| unit.at += 1_000_000);
        let frames = summary(&soundtrack(&units, TICKS_PER_SECOND, 2 * TICKS_PER_SECOND).unwrap());
        assert_eq!(frames.len(), 47);
        assert!((0..).zip(&frames).all(|(number, frame)| (frame.1 - number * 1024).abs() < 4), "{frames:?}");
    }

    #[test]
    fn without_sound_of_its_time_there_is_no_track() {
        assert!(soundtrack(&[], 0, 100).is_none());
        assert!(soundtrack(&units(0..10), 50 * TICKS_PER_SECOND, 60 * TICKS_PER_SECOND).is_none());
        assert!(soundtrack(&units(200..210), TICKS_PER_SECOND, 2 * TICKS_PER_SECOND).is_none());
    }

    #[test]
    fn holes_in_samples_are_silent() {
        let format = Arc::new(SoundFormat::new(SoundCodec::ALaw, 8_000, 1).unwrap());
        let piece = |at: i64| Piece { data: Bytes::from(vec![1; 160]), at, samples: 160 };
        let (begins, raw) =
            joined(&format, vec![piece(-160), piece(-80), piece(80), piece(400)], 8_000).unwrap();
        assert_eq!((begins, raw.len()), (-80, 640));
        assert!(raw[..320].iter().all(|byte| *byte == 1) && raw[320..480].iter().all(|byte| *byte == 0xd5));
        assert!(joined(&format, vec![piece(-160), piece(8_000)], 8_000).is_none());
    }
}
