//! H.265's decoder configuration record (ISO/IEC 14496-15, 8.3.3.1).

mod reference_sets;
mod sps;

use super::format::{FormatError, ParameterSets};
use sps::Sps;

/// Sets of one kind that are looked at; a stream has one of each, rarely two.
const SETS_MAX: usize = 16;

/// What holds parameter sets (table 7-1).
const VPS: u8 = 32;
const SPS: u8 = 33;
const PPS: u8 = 34;

/// Reads the content of an MP4 file's `hvcC` box. NAL units must have lengths of four bytes.
pub(super) fn read(config: &[u8]) -> Result<ParameterSets<'_>, FormatError> {
    const MALFORMED: FormatError = FormatError::Malformed("H.265");
    let [vps, sps, pps] = parameter_sets(config).ok_or(MALFORMED)?;
    let first = sps.first().and_then(|nal| Sps::parse(nal)).ok_or(MALFORMED)?;
    if first.chroma_format != 1 {
        return Err(FormatError::NotSupported("H.265 with other colour than 4:2:0"));
    }
    if first.bit_depth > 10 {
        return Err(FormatError::NotSupported("H.265 with more than 10 bits"));
    }
    if first.fields {
        return Err(FormatError::NotSupported("H.265 with interlaced pictures"));
    }
    let profile = match first.profile {
        1 => "Main",
        2 => "Main 10",
        3 => "Main Still Picture",
        _ => "another profile",
    };
    Ok(ParameterSets { units: [vps, sps, pps].concat(), profile, form: first.form })
}

/// Video, sequence and picture parameter sets of a record. `None`: malformed, or NAL lengths not of four bytes.
fn parameter_sets(config: &[u8]) -> Option<[Vec<&[u8]>; 3]> {
    let (header, mut rest) = config.split_first_chunk::<23>()?;
    let [1, .., length_size, arrays] = header else { return None };
    if length_size & 3 != 3 {
        return None;
    }
    let mut sets = [const { Vec::new() }; 3];
    for _ in 0..*arrays {
        let ([kind, high, low], mut units) = rest.split_first_chunk()?;
        for _ in 0..u16::from_be_bytes([*high, *low]) {
            let (unit, after) = super::nal::take_unit(units)?;
            units = after;
            let [vps, sps, pps] = &mut sets;
            let of_its_kind = match kind & 0x3f {
                VPS => vps,
                SPS => sps,
                PPS => pps,
                _ => continue,
            };
            if of_its_kind.len() == SETS_MAX {
                return None;
            }
            of_its_kind.push(unit);
        }
        rest = units;
    }
    sets.iter().all(|of_a_kind| !of_a_kind.is_empty()).then_some(sets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `footage/pedestrians.mp4`, encoded anew by x265, without what is no parameter set.
    const CONFIG: [u8; 111] = [
        0x01, 0x01, 0x60, 0x00, 0x00, 0x00, 0x90, 0x00, 0x00, 0x00, 0x00, 0x00, 0x5a, 0xf0, 0x00, 0xfc, 0xfd,
        0xf8, 0xf8, 0x00, 0x00, 0x0f, 0x03, 0xa0, 0x00, 0x01, 0x00, 0x18, 0x40, 0x01, 0x0c, 0x01, 0xff, 0xff,
        0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x5a, 0x95, 0x94,
        0x09, 0xa1, 0x00, 0x01, 0x00, 0x2a, 0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00,
        0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x5a, 0xa0, 0x06, 0x02, 0x00, 0x90, 0x59, 0x65, 0x65, 0x92, 0x4c,
        0xae, 0x69, 0xc2, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x14, 0x10, 0xa2, 0x00, 0x01,
        0x00, 0x07, 0x44, 0x01, 0xc1, 0x72, 0xb4, 0x62, 0x40,
    ];

    #[test]
    fn footage_is_read() {
        let sets = read(&CONFIG).unwrap();
        assert_eq!((sets.form.width, sets.form.height, sets.profile), (768, 576, "Main"));
        assert_eq!((sets.form.pixel_aspect, sets.form.frame_rate), ((1, 1), Some((1, 10))));
        assert_eq!(sets.units.iter().map(|nal| nal[0] >> 1).collect::<Vec<_>>(), [VPS, SPS, PPS]);
    }

    #[test]
    fn truncated_or_mutated_records_are_survived() {
        for length in 0..CONFIG.len() {
            assert_eq!(
                read(&CONFIG[..length]).err(),
                Some(FormatError::Malformed("H.265")),
                "{length} bytes"
            );
        }
        for position in 0..CONFIG.len() {
            for value in 0..=255 {
                let mut config = CONFIG;
                config[position] = value;
                let _ = read(&config);
            }
        }
    }
}
