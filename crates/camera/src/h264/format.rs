//! What a stream of H.264 says of itself before its first picture.

use bytes::Bytes;

use super::nal::write_nal;
use super::sps::Sps;

/// The format of a video: its size, and the parameter sets that decoders and MP4 files need.
///
/// Two formats are equal if their parameter sets are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoFormat {
    config: Bytes,
    parameter_sets: Vec<u8>,
    sps: Sps,
}

/// Why a format cannot be recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The parameter sets make no sense.
    #[error("the camera's H.264 parameter sets cannot be read")]
    Malformed,
    /// H.264, and of a kind that is not decoded here.
    #[error("H.264 with {0} is not supported yet")]
    NotSupported(&'static str),
    /// Pictures have more pixels than are decoded here.
    #[error("pictures of {0}x{1} are larger than is supported")]
    TooLarge(u32, u32),
}

/// Most pixels of a picture: 4096 x 3072. Bounds the decoder's memory.
const PIXELS_MAX: u32 = 4096 * 3072;

impl VideoFormat {
    /// Reads an AVC decoder configuration record (ISO/IEC 14496-15, 5.3.3.1): the content of an MP4 file's
    /// `avcC` box. NAL units must have lengths of four bytes.
    pub fn from_avc_config(config: Bytes) -> Result<Self, FormatError> {
        let (sps_nals, pps_nals) = parameter_sets(&config).ok_or(FormatError::Malformed)?;
        let sps = sps_nals.first().and_then(|nal| Sps::parse(nal)).ok_or(FormatError::Malformed)?;
        if sps.chroma_format != 1 {
            return Err(FormatError::NotSupported("other colour than 4:2:0"));
        }
        if sps.bit_depth != 8 {
            return Err(FormatError::NotSupported("more than 8 bits"));
        }
        if !sps.progressive {
            return Err(FormatError::NotSupported("interlaced pictures"));
        }
        if sps.width * sps.height > PIXELS_MAX {
            return Err(FormatError::TooLarge(sps.width, sps.height));
        }
        let mut sets = Vec::new();
        for nal in sps_nals.iter().chain(&pps_nals) {
            write_nal(nal, &mut sets);
        }
        Ok(Self { parameter_sets: sets, sps, config })
    }

    /// Width of a picture in pixels.
    pub fn width(&self) -> u32 {
        self.sps.width
    }

    /// Height of a picture in pixels.
    pub fn height(&self) -> u32 {
        self.sps.height
    }

    /// Width and height of a pixel, as a ratio; (1, 1) for square ones.
    pub fn pixel_aspect(&self) -> (u32, u32) {
        self.sps.pixel_aspect
    }

    /// The profile's name, such as `High`.
    pub fn profile(&self) -> &'static str {
        match self.sps.profile {
            66 => "Baseline",
            77 => "Main",
            88 => "Extended",
            100 => "High",
            _ => "another profile",
        }
    }

    /// Frames each second, if the stream says so.
    pub fn frame_rate(&self) -> Option<f64> {
        self.sps.frame_rate.map(|(units, scale)| f64::from(scale) / f64::from(units))
    }

    /// The AVC decoder configuration record.
    pub fn avc_config(&self) -> &Bytes {
        &self.config
    }

    /// Parameter sets as a byte stream (annex B).
    pub(crate) fn annex_b(&self) -> &[u8] {
        &self.parameter_sets
    }

    /// Luma goes from 0 to 255, not from 16 to 235.
    pub(crate) fn full_range(&self) -> bool {
        self.sps.full_range
    }

    /// Colours are as in BT.709.
    pub(crate) fn bt709(&self) -> bool {
        self.sps.bt709
    }
}

type NalUnits<'a> = Vec<&'a [u8]>;

/// Sequence and picture parameter sets of a record. `None`: malformed, or NAL lengths not of four bytes.
fn parameter_sets(config: &[u8]) -> Option<(NalUnits<'_>, NalUnits<'_>)> {
    let [1, _, _, _, length_size, sps_count, rest @ ..] = config else { return None };
    if length_size & 3 != 3 {
        return None;
    }
    let (sps, rest) = take_units(rest, sps_count & 0x1f)?;
    let (pps_count, rest) = rest.split_first()?;
    let (pps, _) = take_units(rest, *pps_count)?;
    (!sps.is_empty() && !pps.is_empty()).then_some((sps, pps))
}

fn take_units(mut rest: &[u8], count: u8) -> Option<(NalUnits<'_>, &[u8])> {
    let mut units = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (unit, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        units.push(unit);
        rest = after;
    }
    Some((units, rest))
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
            assert_eq!(VideoFormat::from_avc_config(truncated), Err(FormatError::Malformed));
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
            Err(FormatError::NotSupported("more than 8 bits"))
        );
    }
}
