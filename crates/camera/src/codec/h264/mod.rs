//! H.264's decoder configuration record (ISO/IEC 14496-15, 5.3.3.1).

mod sps;

use super::format::{FormatError, ParameterSets};
use sps::Sps;

type NalUnits<'a> = Vec<&'a [u8]>;

/// Reads the content of an MP4 file's `avcC` box. NAL units must have lengths of four bytes.
pub(super) fn read(config: &[u8]) -> Result<ParameterSets<'_>, FormatError> {
    let (sps_nals, pps_nals) = parameter_sets(config).ok_or(FormatError::Malformed("H.264"))?;
    let sps = sps_nals.first().and_then(|nal| Sps::parse(nal)).ok_or(FormatError::Malformed("H.264"))?;
    if sps.chroma_format != 1 {
        return Err(FormatError::NotSupported("H.264 with other colour than 4:2:0"));
    }
    if sps.bit_depth != 8 {
        return Err(FormatError::NotSupported("H.264 with more than 8 bits"));
    }
    if !sps.progressive {
        return Err(FormatError::NotSupported("H.264 with interlaced pictures"));
    }
    let profile = match sps.profile {
        66 => "Baseline",
        77 => "Main",
        88 => "Extended",
        100 => "High",
        _ => "another profile",
    };
    Ok(ParameterSets { units: [sps_nals, pps_nals].concat(), profile, form: sps.form })
}

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
        let (unit, after) = super::nal::take_unit(rest)?;
        units.push(unit);
        rest = after;
    }
    Some((units, rest))
}
