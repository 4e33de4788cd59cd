//! The sequence parameter set (ISO/IEC 14496-10, 7.3.2.1.1 and annex E.1.1).

use crate::codec::bits::Bits;
use crate::codec::format::PictureForm;
use crate::codec::vui;
use crate::codec::window::read_window;

/// What recording needs of a sequence parameter set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sps {
    pub(super) profile: u8,
    pub(super) chroma_format: u32,
    pub(super) bit_depth: u32,
    pub(super) progressive: bool,
    pub(super) form: PictureForm,
}

/// Profiles that carry chroma format, bit depth and scaling matrices.
const HIGH_PROFILES: [u8; 12] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134];

impl Sps {
    /// Reads a whole NAL unit, with its header byte. `None`: not a sequence parameter set that makes sense.
    pub(super) fn parse(nal: &[u8]) -> Option<Self> {
        let (header, body) = nal.split_first()?;
        if header & 0x1f != 7 {
            return None;
        }
        let mut bits = Bits::new(body);
        let profile = u8::try_from(bits.bits(8)?).ok()?;
        bits.bits(16)?; // constraint flags, level
        bits.unsigned()?; // seq_parameter_set_id
        let (mut chroma_format, mut bit_depth) = (1, 8);
        if HIGH_PROFILES.contains(&profile) {
            chroma_format = bits.unsigned()?;
            if chroma_format == 3 {
                bits.bit()?; // separate_colour_plane_flag
            }
            bit_depth = bits.unsigned()?.max(bits.unsigned()?).checked_add(8)?;
            bits.bit()?; // qpprime_y_zero_transform_bypass_flag
            if bits.bit()? {
                skip_scaling_lists(&mut bits, if chroma_format == 3 { 12 } else { 8 })?;
            }
        }
        bits.unsigned()?; // log2_max_frame_num_minus4
        match bits.unsigned()? {
            0 => {
                bits.unsigned()?; // log2_max_pic_order_cnt_lsb_minus4
            }
            1 => {
                bits.bit()?;
                bits.signed()?;
                bits.signed()?;
                for _ in 0..bits.unsigned()?.min(255) {
                    bits.signed()?;
                }
            }
            _ => {}
        }
        bits.unsigned()?; // max_num_ref_frames
        bits.bit()?; // gaps_in_frame_num_value_allowed_flag
        let width_mbs = bits.unsigned()?.checked_add(1)?;
        let height_units = bits.unsigned()?.checked_add(1)?;
        let progressive = bits.bit()?;
        if !progressive {
            bits.bit()?; // mb_adaptive_frame_field_flag
        }
        bits.bit()?; // direct_8x8_inference_flag
        let units = if progressive { 1 } else { 2 };
        let size = (width_mbs.checked_mul(16)?, height_units.checked_mul(16 * units)?);
        let (width, height) = read_window(&mut bits, chroma_format, units, size)?;
        let mut sps = Self {
            profile,
            chroma_format,
            bit_depth,
            progressive,
            form: PictureForm::of_size(width, height),
        };
        if bits.bit() == Some(true) {
            // Cameras write broken VUI; what could be read of it is used.
            sps.read_vui(&mut bits);
        }
        Some(sps)
    }

    fn read_vui(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        vui::read_head(bits, &mut self.form)?;
        if bits.bit()? {
            let (units, scale) = (bits.bits(32)?, bits.bits(32)?);
            // A tick is a field, and a frame has two (E.2.1).
            self.form.frame_rate =
                units.checked_mul(2).filter(|units| *units > 0 && scale > 0).map(|units| (units, scale));
        }
        Some(())
    }
}

/// 7.3.2.1.1.1.
fn skip_scaling_lists(bits: &mut Bits<'_>, count: usize) -> Option<()> {
    for list in 0..count {
        if !bits.bit()? {
            continue;
        }
        let (mut last, mut next) = (8_i32, 8_i32);
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next != 0 {
                next = last.checked_add(bits.signed()?)?.rem_euclid(256);
            }
            if next != 0 {
                last = next;
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `footage/pedestrians.mp4`, made by x264.
    const X264_MAIN: [u8; 24] = [
        0x67, 0x4d, 0x40, 0x1f, 0xec, 0xa0, 0x60, 0x09, 0x34, 0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00,
        0x03, 0x02, 0x81, 0xe3, 0x06, 0x32, 0xc0,
    ];

    #[test]
    fn footage_is_read() {
        let sps = Sps::parse(&X264_MAIN).unwrap();
        assert_eq!((sps.profile, sps.chroma_format, sps.bit_depth, sps.progressive), (77, 1, 8, true));
        assert_eq!((sps.form.width, sps.form.height, sps.form.pixel_aspect), (768, 576, (1, 1)));
        let (units, scale) = sps.form.frame_rate.unwrap();
        assert_eq!(scale / units, 10);
    }

    #[test]
    fn truncated_sets_are_refused() {
        for length in 0..9 {
            assert_eq!(Sps::parse(&X264_MAIN[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn every_mutation_is_survived() {
        for position in 1..X264_MAIN.len() {
            for value in 0..=255 {
                let mut sps = X264_MAIN;
                sps[position] = value;
                let _ = Sps::parse(&sps);
            }
        }
    }
}
