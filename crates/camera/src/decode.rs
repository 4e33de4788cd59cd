//! From encoded frames to pictures, with `openh264`.
//!
//! The decoder keeps pictures back to put them into the order of showing, and does not say which access unit a
//! picture came from. So presentation times wait in a sorted queue, and each picture takes the earliest. No more
//! can wait than the stream's depth of reordering and one; if more do, access units went in of which no picture
//! came, and as many are taken out. The decoder is flushed at the very end only: with B-frames any earlier flush,
//! even before a key frame, loses pictures.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use openh264::OpenH264API;
use openh264::decoder::{DecodedYUV, Decoder, DecoderConfig, Flush};
use openh264::formats::YUVSource;
use ownsight_model::Timestamp;

use crate::h264::{VideoFormat, write_annex_b};
use crate::video::AccessUnit;

/// A decoded picture, 4:2:0, borrowed from the decoder.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// Luma, `stride.0` bytes a row.
    pub y: &'a [u8],
    /// Blue difference, half as wide and high.
    pub u: &'a [u8],
    /// Red difference, half as wide and high.
    pub v: &'a [u8],
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Bytes of a row of luma, and of a row of either difference.
    pub stride: (usize, usize),
    /// When it is shown, in ticks.
    pub pts: i64,
    /// The moment that it shows.
    pub at: Timestamp,
    /// It was encoded without reference to others.
    pub key: bool,
}

impl<'a> Picture<'a> {
    fn new(yuv: &'a DecodedYUV<'a>, pts: i64, tag: Tag) -> Option<Self> {
        let (width, height) = yuv.dimensions();
        let (y_stride, u_stride, _) = yuv.strides();
        let picture = Self {
            y: yuv.y(),
            u: yuv.u(),
            v: yuv.v(),
            width,
            height,
            stride: (y_stride, u_stride),
            pts,
            at: tag.at,
            key: tag.key,
        };
        picture.is_whole().then_some(picture)
    }

    /// Whether the planes hold what width, height and strides promise.
    fn is_whole(&self) -> bool {
        let (half_width, half_height) = (self.width / 2, self.height / 2);
        half_width > 0
            && half_height > 0
            && self.stride.0 >= self.width
            && self.stride.1 >= half_width
            && self.y.len() >= self.stride.0 * (self.height - 1) + self.width
            && self.u.len() >= self.stride.1 * (half_height - 1) + half_width
            && self.v.len() >= self.stride.1 * (half_height - 1) + half_width
    }
}

/// A decoder cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("no H.264 decoder can be made: {0}")]
pub struct DecoderError(openh264::Error);

#[derive(Clone, Copy, Debug)]
struct Tag {
    at: Timestamp,
    key: bool,
}

/// The deepest reordering there can be (ISO/IEC 14496-10, A.3.1).
const DEPTH_MAX: usize = 16;

/// Decodes the access units of one stream of video.
pub struct PictureDecoder {
    decoder: Option<Decoder>,
    format: Option<Arc<VideoFormat>>,
    waiting: BTreeMap<i64, Tag>,
    depth: Depth,
    stream: Vec<u8>,
    undecoded: u64,
}

/// How many frames the stream shows later than frames that it sends after them.
#[derive(Debug, Default)]
struct Depth {
    recent: VecDeque<i64>,
    most: usize,
}

impl Depth {
    /// The next frame in decoding order.
    fn frame(&mut self, pts: i64) {
        self.most = self.most.max(self.recent.iter().filter(|earlier| **earlier > pts).count());
        if self.recent.len() == DEPTH_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(pts);
    }
}

impl PictureDecoder {
    /// A decoder that waits for a key frame.
    pub fn new() -> Self {
        Self {
            decoder: None,
            format: None,
            waiting: BTreeMap::new(),
            depth: Depth::default(),
            stream: Vec::new(),
            undecoded: 0,
        }
    }

    /// Frames so far of which no picture came.
    pub fn undecoded(&self) -> u64 {
        self.undecoded
    }

    /// Decodes one access unit and hands each picture that is now due, in the order of showing, to `show`.
    ///
    /// A unit that cannot be decoded is counted, and pictures come again from the next key frame on. A key frame of
    /// another format begins a stream anew; pictures that are still kept back are lost then, so
    /// [`flush`](Self::flush) first.
    pub fn decode(
        &mut self,
        unit: &AccessUnit,
        mut show: impl FnMut(Picture<'_>),
    ) -> Result<(), DecoderError> {
        if unit.key {
            self.begin_group(unit)?;
        }
        let Some(decoder) = &mut self.decoder else {
            self.undecoded += 1;
            return Ok(());
        };
        self.stream.clear();
        if unit.key {
            self.stream.extend_from_slice(unit.format.annex_b());
        }
        if !write_annex_b(&unit.data, &mut self.stream) {
            self.undecoded += 1;
            self.abandon();
            return Ok(());
        }
        self.depth.frame(unit.pts);
        if self.waiting.insert(unit.pts, Tag { at: unit.at, key: unit.key }).is_some() {
            self.undecoded += 1;
        }
        match decoder.decode(&self.stream) {
            Ok(Some(yuv)) => show_next(&yuv, &mut self.waiting, &mut self.undecoded, &mut show),
            Ok(None) => {}
            Err(_) => self.abandon(),
        }
        let in_vain = self.waiting.len().saturating_sub(self.depth.most + 1);
        for _ in 0..in_vain {
            self.waiting.pop_first();
        }
        self.undecoded += in_vain as u64;
        Ok(())
    }

    /// Hands out the pictures that were kept back, and waits for a key frame.
    pub fn flush(&mut self, mut show: impl FnMut(Picture<'_>)) {
        if let Some(decoder) = &mut self.decoder
            && let Ok(pictures) = decoder.flush_remaining()
        {
            for yuv in pictures {
                show_next(&yuv, &mut self.waiting, &mut self.undecoded, &mut show);
            }
        }
        self.abandon();
    }

    fn begin_group(&mut self, unit: &AccessUnit) -> Result<(), DecoderError> {
        if self.format.as_ref() != Some(&unit.format) {
            self.abandon();
        }
        if self.decoder.is_none() {
            self.decoder = Some(new_decoder()?);
            self.format = Some(Arc::clone(&unit.format));
        }
        Ok(())
    }

    /// Forgets a decoder whose state cannot be trusted any more.
    fn abandon(&mut self) {
        self.decoder = None;
        self.depth = Depth::default();
        self.undecoded += self.waiting.len() as u64;
        self.waiting.clear();
    }
}

impl Default for PictureDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for PictureDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PictureDecoder")
            .field("waiting", &self.waiting.len())
            .field("undecoded", &self.undecoded)
            .finish_non_exhaustive()
    }
}

fn show_next(
    yuv: &DecodedYUV<'_>,
    waiting: &mut BTreeMap<i64, Tag>,
    undecoded: &mut u64,
    show: &mut impl FnMut(Picture<'_>),
) {
    let Some((pts, tag)) = waiting.pop_first() else { return };
    match Picture::new(yuv, pts, tag) {
        Some(picture) => show(picture),
        None => *undecoded += 1,
    }
}

fn new_decoder() -> Result<Decoder, DecoderError> {
    let config = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
    Decoder::with_api_config(OpenH264API::from_source(), config).map_err(DecoderError)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(order: &[i64]) -> usize {
        let mut depth = Depth::default();
        for pts in order {
            depth.frame(*pts);
        }
        depth.most
    }

    #[test]
    fn depth_is_that_of_reordering() {
        assert_eq!(depth(&[0, 1, 2, 3]), 0);
        assert_eq!(depth(&[0, 2, 1, 4, 3]), 1);
        assert_eq!(depth(&[0, 4, 2, 1, 3, 8, 6, 5, 7]), 2);
    }
}
