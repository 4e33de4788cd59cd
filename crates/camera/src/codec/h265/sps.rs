//! The sequence parameter set (ISO/IEC 23008-2, 7.3.2.2 and annex E.2.1).

use super::{SPS, reference_sets};
use crate::codec::bits::Bits;
use crate::codec::format::{PictureForm, SIDE_MAX};
use crate::codec::vui;
use crate::codec::window::read_window;

/// What recording needs of a sequence parameter set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sps {
    pub(super) profile: u32,
    pub(super) chroma_format: u32,
    pub(super) bit_depth: u32,
    /// Pictures are fields.
    pub(super) fields: bool,
    pub(super) form: PictureForm,
}

impl Sps {
    /// Reads a whole NAL unit, with its header. `None`: not a sequence parameter set that makes sense.
    pub(super) fn parse(nal: &[u8]) -> Option<Self> {
        let ([kind, _], body) = nal.split_first_chunk()?;
        if kind >> 1 & 0x3f != SPS {
            return None;
        }
        let mut bits = Bits::new(body);
        bits.bits(4)?; // sps_video_parameter_set_id
        let layers = bits.bits(3)?; // sps_max_sub_layers_minus1
        bits.bit()?; // sps_temporal_id_nesting_flag
        let profile = read_profile(&mut bits, layers)?;
        bits.unsigned()?; // sps_seq_parameter_set_id
        let chroma_format = bits.unsigned()?;
        if chroma_format == 3 {
            bits.bit()?; // separate_colour_plane_flag
        }
        let (width, height) = (bits.unsigned()?, bits.unsigned()?);
        // What is decoded is as large as this, however little of it is shown.
        if width > SIDE_MAX || height > SIDE_MAX {
            return None;
        }
        let (width, height) = read_window(&mut bits, chroma_format, 1, (width, height))?;
        let bit_depth = bits.unsigned()?.max(bits.unsigned()?).checked_add(8)?;
        let mut sps = Self {
            profile,
            chroma_format,
            bit_depth,
            fields: false,
            form: PictureForm::of_size(width, height),
        };
        // What cannot be read of the rest is not known; nothing that is recorded depends on it.
        let _ = sps.read_rest(&mut bits, layers);
        Some(sps)
    }

    fn read_rest(&mut self, bits: &mut Bits<'_>, layers: u32) -> Option<()> {
        let order_bits = bits.unsigned()?.checked_add(4).filter(|bits| *bits <= 16)?;
        let described = if bits.bit()? { layers + 1 } else { 1 };
        for _ in 0..3 * described {
            bits.unsigned()?; // buffering, reordering, latency
        }
        for _ in 0..6 {
            bits.unsigned()?; // sizes and depths of coding and transform blocks
        }
        if bits.bit()? && bits.bit()? {
            skip_scaling_lists(bits)?;
        }
        bits.bits(2)?; // amp_enabled_flag, sample_adaptive_offset_enabled_flag
        if bits.bit()? {
            bits.bits(8)?; // bit depths of PCM
            bits.unsigned()?;
            bits.unsigned()?;
            bits.bit()?;
        }
        reference_sets::skip(bits)?;
        if bits.bit()? {
            let count = bits.unsigned()?.min(32);
            for _ in 0..count {
                bits.bits(order_bits + 1)?; // lt_ref_pic_poc_lsb_sps, used_by_curr_pic_lt_sps_flag
            }
        }
        bits.bits(2)?; // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
        if bits.bit()? { self.read_vui(bits) } else { Some(()) }
    }

    fn read_vui(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        vui::read_head(bits, &mut self.form)?;
        bits.bit()?; // neutral_chroma_indication_flag
        self.fields = bits.bit()?;
        bits.bit()?; // frame_field_info_present_flag
        if bits.bit()? {
            for _ in 0..4 {
                bits.unsigned()?; // default display window
            }
        }
        if bits.bit()? {
            let (units, scale) = (bits.bits(32)?, bits.bits(32)?);
            self.form.frame_rate = (units > 0 && scale > 0).then_some((units, scale));
        }
        Some(())
    }
}

/// 7.3.3, of which the profile is returned.
fn read_profile(bits: &mut Bits<'_>, layers: u32) -> Option<u32> {
    bits.bits(3)?; // general_profile_space, general_tier_flag
    let profile = bits.bits(5)?;
    for count in [32, 32, 16, 8] {
        bits.bits(count)?; // compatibility, constraints, level
    }
    let mut present = Vec::new();
    for _ in 0..layers {
        present.push((bits.bit()?, bits.bit()?));
    }
    if layers > 0 {
        for _ in layers..8 {
            bits.bits(2)?;
        }
    }
    for (profile, level) in present {
        if profile {
            for count in [32, 32, 24] {
                bits.bits(count)?;
            }
        }
        if level {
            bits.bits(8)?;
        }
    }
    Some(profile)
}

/// 7.3.4.
fn skip_scaling_lists(bits: &mut Bits<'_>) -> Option<()> {
    for size in 0..4_u32 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if !bits.bit()? {
                bits.unsigned()?; // scaling_list_pred_matrix_id_delta
                continue;
            }
            if size > 1 {
                bits.signed()?;
            }
            for _ in 0..64.min(1 << (4 + 2 * size)) {
                bits.signed()?;
            }
        }
    }
    Some(())
}
