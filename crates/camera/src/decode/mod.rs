//! From encoded frames to pictures: H.264 with `openh264`, H.265 with an `ffmpeg` of this machine.
//!
//! A decoder is flushed at the very end only: with B-frames any earlier flush, even before a key frame, loses pictures.

mod due;
mod ffmpeg;

use std::fmt;
use std::sync::Arc;

use openh264::OpenH264API;
use openh264::decoder::{DecodedYUV, Decoder, DecoderConfig, Flush};
use openh264::formats::YUVSource;
use ownsight_model::Timestamp;

use crate::codec::{Codec, VideoFormat, write_annex_b};
use crate::video::AccessUnit;
use due::{Due, Tag};
use ffmpeg::Ffmpeg;
pub use ffmpeg::find_ffmpeg;

/// A decoded picture, 4:2:0, borrowed from the decoder. `Debug` does not show it.
#[derive(Clone, Copy)]
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
    /// Luma goes from 0 to 255, not from 16 to 235.
    pub full_range: bool,
    /// Colours are as in BT.709, not BT.601.
    pub bt709: bool,
}

impl<'a> Picture<'a> {
    fn of_openh264(yuv: &'a DecodedYUV<'a>, format: &VideoFormat, (pts, tag): (i64, Tag)) -> Option<Self> {
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
            full_range: format.full_range(),
            bt709: format.bt709(),
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
pub enum DecoderError {
    /// The library refuses.
    #[error("no H.264 decoder can be made: {0}")]
    OpenH264(openh264::Error),
    /// There is no `ffmpeg` on this machine.
    #[error("H.265 is decoded by ffmpeg, which is not on this machine: install it")]
    NoFfmpeg,
    /// It is there, and does not start.
    #[error("ffmpeg does not start: {0}")]
    Ffmpeg(std::io::Error),
}

/// Frames that may be on their way through another process. More are a process that does not keep up.
const BEHIND_MAX: usize = 64;

impl fmt::Debug for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}x{}, pts {}, …)", self.width, self.height, self.pts)
    }
}

/// Decodes the access units of one stream of video.
pub struct PictureDecoder {
    engine: Option<Engine>,
    format: Option<Arc<VideoFormat>>,
    due: Due,
    stream: Vec<u8>,
    /// Nothing but the first picture and those that look back past it has come yet.
    first_group: bool,
}

enum Engine {
    OpenH264(Box<Decoder>),
    Ffmpeg(Ffmpeg),
}

impl PictureDecoder {
    /// A decoder that waits for a key frame.
    pub fn new() -> Self {
        Self { engine: None, format: None, due: Due::default(), stream: Vec::new(), first_group: false }
    }

    /// Frames so far of which no picture came.
    pub fn undecoded(&self) -> u64 {
        self.due.undecoded()
    }

    /// Decodes one access unit and hands each picture that is now due, in the order of showing, to `show`. Those of H.265
    /// come some frames late, scaled to what is looked at, as another process has them ready.
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
        let (Some(engine), Some(format)) = (&mut self.engine, &self.format) else {
            self.due.in_vain();
            return Ok(());
        };
        if self.first_group && !unit.key {
            if format.codec().looks_back(&unit.data) {
                // No picture comes of it, and those that come must not be given its time.
                self.due.in_vain();
                return Ok(());
            }
            self.first_group = false;
        }
        self.stream.clear();
        if unit.key {
            self.stream.extend_from_slice(unit.format.annex_b());
        }
        if !write_annex_b(&unit.data, &mut self.stream) {
            self.due.in_vain();
            self.abandon();
            return Ok(());
        }
        self.due.frame(unit);
        let decoded = match engine {
            Engine::OpenH264(decoder) => {
                let decoded = decoder.decode(&self.stream);
                if let Ok(Some(yuv)) = &decoded {
                    show_next(yuv, format, &mut self.due, &mut show);
                }
                decoded.is_ok()
            }
            Engine::Ffmpeg(ffmpeg) => {
                let given = ffmpeg.decode(std::mem::take(&mut self.stream), &mut self.due, &mut show);
                given.is_ok() && self.due.waiting() <= BEHIND_MAX
            }
        };
        if !decoded {
            self.abandon();
        } else if matches!(self.engine, Some(Engine::OpenH264(_))) {
            self.due.all_given();
        }
        Ok(())
    }

    /// Hands out the pictures that were kept back, and waits for a key frame.
    pub fn flush(&mut self, mut show: impl FnMut(Picture<'_>)) {
        match (self.engine.take(), &self.format) {
            (Some(Engine::OpenH264(mut decoder)), Some(format)) => {
                if let Ok(pictures) = decoder.flush_remaining() {
                    for yuv in pictures {
                        show_next(&yuv, format, &mut self.due, &mut show);
                    }
                }
            }
            (Some(Engine::Ffmpeg(ffmpeg)), _) => ffmpeg.finish(&mut self.due, &mut show),
            _ => {}
        }
        self.abandon();
    }

    fn begin_group(&mut self, unit: &AccessUnit) -> Result<(), DecoderError> {
        if self.format.as_ref() != Some(&unit.format) {
            self.abandon();
        }
        if self.engine.is_none() {
            self.engine = Some(match unit.format.codec() {
                Codec::H264 => Engine::OpenH264(Box::new(new_openh264()?)),
                Codec::H265 => Engine::Ffmpeg(Ffmpeg::start(&unit.format)?),
            });
            self.format = Some(Arc::clone(&unit.format));
            self.first_group = true;
        } else {
            self.first_group = false;
        }
        Ok(())
    }

    /// Forgets a decoder whose state cannot be trusted any more.
    fn abandon(&mut self) {
        self.engine = None;
        self.due.abandon();
    }
}

impl Default for PictureDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for PictureDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PictureDecoder").field("due", &self.due).finish_non_exhaustive()
    }
}

fn show_next(yuv: &DecodedYUV<'_>, format: &VideoFormat, due: &mut Due, show: &mut impl FnMut(Picture<'_>)) {
    let Some(next) = due.next() else { return };
    match Picture::of_openh264(yuv, format, next) {
        Some(picture) => show(picture),
        None => due.in_vain(),
    }
}

fn new_openh264() -> Result<Decoder, DecoderError> {
    let config = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
    Decoder::with_api_config(OpenH264API::from_source(), config).map_err(DecoderError::OpenH264)
}
