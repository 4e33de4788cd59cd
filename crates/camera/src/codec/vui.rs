//! The head of the video usability information, which H.264 (ISO/IEC 14496-10, E.1.1) and H.265 (ISO/IEC 23008-2,
//! E.2.1) write alike: the shape of a pixel and what its numbers mean.

use super::bits::Bits;
use super::format::PictureForm;

/// Width and height of a pixel by code (table E-1 of either standard).
const PIXEL_ASPECTS: [(u32, u32); 17] = [
    (1, 1),
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];

/// Reads as far as the place of the chroma samples. `None`: it ended before; what could be read is in `form`.
pub(super) fn read_head(bits: &mut Bits<'_>, form: &mut PictureForm) -> Option<()> {
    if bits.bit()? {
        let aspect = match bits.bits(8)? {
            255 => (bits.bits(16)?, bits.bits(16)?),
            code => PIXEL_ASPECTS.get(usize::try_from(code).ok()?).copied().unwrap_or((1, 1)),
        };
        if aspect.0 > 0 && aspect.1 > 0 {
            form.pixel_aspect = aspect;
        }
    }
    if bits.bit()? {
        bits.bit()?; // overscan_appropriate_flag
    }
    if bits.bit()? {
        bits.bits(3)?; // video_format
        form.full_range = bits.bit()?;
        if bits.bit()? {
            bits.bits(16)?; // colour_primaries, transfer_characteristics
            form.bt709 = bits.bits(8)? == 1;
        }
    }
    if bits.bit()? {
        bits.unsigned()?; // chroma_sample_loc_type_top_field
        bits.unsigned()?;
    }
    Some(())
}
