//! What a stream says of itself before its first picture.

use bytes::Bytes;

use super::nal::write_nal;
use super::{Codec, h264, h265};

/// The format of a video: its size, and the parameter sets that decoders and MP4 files need.
///
/// Two formats are equal if their parameter sets are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoFormat {
    codec: Codec,
    profile: &'static str,
    config: Bytes,
    parameter_sets: Vec<u8>,
    form: PictureForm,
}

/// Why a format cannot be recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The parameter sets make no sense.
    #[error("the camera's {0} parameter sets cannot be read")]
    Malformed(&'static str),
    /// A kind that is not decoded here.
    #[error("{0} is not supported yet")]
    NotSupported(&'static str),
    /// Pictures have more pixels than are decoded here.
    #[error("pictures of {0}x{1} are larger than is supported")]
    TooLarge(u32, u32),
}

/// Most pixels of a picture: 4096 x 3072. Bounds the decoder's memory.
pub(crate) const PIXELS_MAX: u32 = 4096 * 3072;
/// Widest or highest picture that is looked at.
pub(super) const SIDE_MAX: u32 = 8192;

/// How pictures look, whatever they are encoded with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PictureForm {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Width and height of a pixel.
    pub(super) pixel_aspect: (u32, u32),
    /// Luma goes from 0 to 255, not from 16 to 235.
    pub(super) full_range: bool,
    /// Colours are as in ITU-R BT.709, not BT.601.
    pub(super) bt709: bool,
    /// Time units of one frame, and time units of one second.
    pub(super) frame_rate: Option<(u32, u32)>,
}

impl PictureForm {
    /// Square pixels of which nothing else is known.
    pub(super) const fn of_size(width: u32, height: u32) -> Self {
        Self { width, height, pixel_aspect: (1, 1), full_range: false, bt709: false, frame_rate: None }
    }
}

/// What a codec's configuration record holds.
pub(super) struct ParameterSets<'a> {
    /// In the order in which a decoder wants them.
    pub(super) units: Vec<&'a [u8]>,
    pub(super) profile: &'static str,
    pub(super) form: PictureForm,
}

impl VideoFormat {
    /// Reads an AVC decoder configuration record (ISO/IEC 14496-15, 5.3.3.1): the content of an MP4 file's
    /// `avcC` box. NAL units must have lengths of four bytes.
    pub fn from_avc_config(config: Bytes) -> Result<Self, FormatError> {
        Self::of(Codec::H264, config, h264::read)
    }

    /// Reads an HEVC decoder configuration record (ISO/IEC 14496-15, 8.3.3.1): the content of an MP4 file's
    /// `hvcC` box. NAL units must have lengths of four bytes.
    pub fn from_hevc_config(config: Bytes) -> Result<Self, FormatError> {
        Self::of(Codec::H265, config, h265::read)
    }

    fn of(
        codec: Codec,
        config: Bytes,
        read: fn(&[u8]) -> Result<ParameterSets<'_>, FormatError>,
    ) -> Result<Self, FormatError> {
        let ParameterSets { units, profile, form } = read(&config)?;
        if form.width * form.height > PIXELS_MAX {
            return Err(FormatError::TooLarge(form.width, form.height));
        }
        let mut parameter_sets = Vec::new();
        for nal in units {
            write_nal(nal, &mut parameter_sets);
        }
        Ok(Self { codec, profile, config, parameter_sets, form })
    }

    /// How it is encoded.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Width of a picture in pixels.
    pub fn width(&self) -> u32 {
        self.form.width
    }

    /// Height of a picture in pixels.
    pub fn height(&self) -> u32 {
        self.form.height
    }

    /// Width and height of a pixel, as a ratio; (1, 1) for square ones.
    pub fn pixel_aspect(&self) -> (u32, u32) {
        self.form.pixel_aspect
    }

    /// The profile's name, such as `High`.
    pub fn profile(&self) -> &'static str {
        self.profile
    }

    /// Frames each second, if the stream says so.
    pub fn frame_rate(&self) -> Option<f64> {
        self.form.frame_rate.map(|(units, scale)| f64::from(scale) / f64::from(units))
    }

    /// The decoder configuration record.
    pub fn config(&self) -> &Bytes {
        &self.config
    }

    /// Parameter sets as a byte stream (annex B).
    pub(crate) fn annex_b(&self) -> &[u8] {
        &self.parameter_sets
    }

    /// Luma goes from 0 to 255, not from 16 to 235.
    pub(crate) fn full_range(&self) -> bool {
        self.form.full_range
    }

    /// Colours are as in BT.709.
    pub(crate) fn bt709(&self) -> bool {
        self.form.bt709
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: [u8; 39] = [
        0x01, 0x4d, 0x40, 0x1f, 0xff, 0xe1, 0x00, 0x18, 0x67, 0x4d, 0x40, 0x1f, 0xec, 0xa0, 0x60, 0x09, 0x34,
        0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x03, 0x02, 0x81, 0xe3, 0x06, 0x32, 0xc0, 0x01, 0x00,
        0x04, 0x68, 0xef, 0x84, 0x72,
    ];

    #[test]
    fn footage_is_read() {
        let format = VideoFormat::from_avc_config(Bytes::from_static(&CONFIG)).unwrap();
        assert_eq!((format.width(), format.height(), format.profile()), (768, 576, "Main"));
        assert_eq!(format.frame_rate(), Some(10.0));
        assert_eq!(&format.annex_b()[..6], [0, 0, 0, 1, 0x67, 0x4d]);
    }

    #[test]
    fn truncated_or_mutated_records_are_survived() {
        for length in 0..CONFIG.len() {
            let truncated = Bytes::copy_from_slice(&CONFIG[..length]);
            assert_eq!(VideoFormat::from_avc_config(truncated), Err(FormatError::Malformed("H.264")));
        }
        for position in 0..CONFIG.len() {
            for value in 0..=255 {
                let mut config = CONFIG;
                config[position] = value;
                let _ = VideoFormat::from_avc_config(Bytes::copy_from_slice(&config));
            }
        }
    }

    #[test]
    fn ten_bits_are_refused() {
        // High 10, level 3, set 0, chroma 4:2:0, 10 bits of luma and chroma.
        let sps = [0x67, 110, 0, 30, 0b1010_0110, 0b1100_1110, 0b1000_0010, 0b1000_0010, 0b1110_0100];
        let mut config = vec![1, 110, 0, 30, 0xff, 0xe1, 0, u8::try_from(sps.len()).unwrap()];
        config.extend_from_slice(&sps);
        config.extend_from_slice(&[1, 0, 1, 0x68]);
        assert_eq!(
            VideoFormat::from_avc_config(config.into()),
            Err(FormatError::NotSupported("H.264 with more than 8 bits"))
        );
    }
}
