//! The bundled footage as a camera would send it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use ownsight_camera::{AccessUnit, PictureDecoder, TICKS_PER_SECOND, VideoFormat};
use ownsight_model::Timestamp;

use super::mp4::Mp4;

/// Frames of the footage, ten a second.
pub(crate) const FRAMES: usize = 795;
/// Ticks of a frame.
pub(crate) const FRAME_TICKS: i64 = TICKS_PER_SECOND / 10;
/// The moment of the first frame.
pub(crate) const BEGINNING: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

pub(crate) fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../footage/pedestrians.mp4")
}

/// All frames in decoding order.
pub(crate) fn units() -> Vec<AccessUnit> {
    static UNITS: OnceLock<Vec<AccessUnit>> = OnceLock::new();
    UNITS.get_or_init(|| read(&std::fs::read(path()).expect("footage/pedestrians.mp4"))).clone()
}

/// The frames of a file, in decoding order.
pub(crate) fn read(file: &[u8]) -> Vec<AccessUnit> {
    let mp4 = Mp4::parse(file);
    let read = if mp4.h265 { VideoFormat::from_hevc_config } else { VideoFormat::from_avc_config };
    let format = Arc::new(read(mp4.config.clone().into()).unwrap());
    let unit = |sample: &super::mp4::Sample| {
        let pts = (sample.pts - mp4.edit.0) * TICKS_PER_SECOND / mp4.scale as i64;
        AccessUnit {
            data: Bytes::copy_from_slice(&file[sample.range.clone()]),
            pts,
            at: BEGINNING.shifted(pts * 100 / 9),
            key: sample.key,
            format: Arc::clone(&format),
        }
    };
    mp4.samples.iter().map(unit).collect()
}

/// Frames for ever: the footage again and again, without a jump.
pub(crate) fn endless() -> impl Iterator<Item = AccessUnit> {
    let length = FRAMES as i64 * FRAME_TICKS;
    (0..).flat_map(move |round| {
        units().into_iter().map(move |unit| AccessUnit {
            pts: unit.pts + round * length,
            at: unit.at.shifted(round * length * 100 / 9),
            ..unit
        })
    })
}

/// A decoded picture's luma, without padding.
#[derive(Clone)]
pub(crate) struct Luma {
    pub(crate) pixels: Vec<u8>,
    pub(crate) width: usize,
    pub(crate) pts: i64,
}

/// Decodes frames and returns what they show, in order.
pub(crate) fn decode(units: &[AccessUnit]) -> (Vec<Luma>, u64) {
    let mut decoder = PictureDecoder::new();
    let mut pictures = Vec::new();
    let mut keep = |picture: ownsight_camera::Picture<'_>| {
        let rows = picture.y.chunks(picture.stride.0).take(picture.height);
        pictures.push(Luma {
            pixels: rows.flat_map(|row| &row[..picture.width]).copied().collect(),
            width: picture.width,
            pts: picture.pts,
        });
    };
    for unit in units {
        decoder.decode(unit, &mut keep).unwrap();
    }
    decoder.flush(&mut keep);
    (pictures, decoder.undecoded())
}
