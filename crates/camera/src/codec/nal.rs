//! Length-prefixed NAL units (ISO/IEC 14496-15, as in MP4), and from them to a byte stream (annex B of either
//! standard).

const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// Appends one access unit as a byte stream. `false`, with `stream` as it was, if the lengths do not add up.
pub(crate) fn write_annex_b(access_unit: &[u8], stream: &mut Vec<u8>) -> bool {
    let before = stream.len();
    for nal in units(access_unit) {
        let Some(nal) = nal else {
            stream.truncate(before);
            return false;
        };
        write_nal(nal, stream);
    }
    true
}

/// The NAL units of an access unit, each `Some`; a last `None` if the lengths do not add up.
pub(super) fn units(access_unit: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    let mut rest = access_unit;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let unit = rest.split_first_chunk::<4>().and_then(|(length, after)| {
            after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
        });
        rest = unit.map_or(&[], |(_, after)| after);
        Some(unit.map(|(nal, _)| nal))
    })
}

/// One NAL unit after its length in two bytes, as records of parameter sets have it, and what follows.
pub(super) fn take_unit(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, after) = bytes.split_first_chunk()?;
    after.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// Appends one NAL unit with its start code.
pub(super) fn write_nal(nal: &[u8], stream: &mut Vec<u8>) {
    stream.extend_from_slice(&START_CODE);
    stream.extend_from_slice(nal);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_become_a_byte_stream() {
        let mut stream = vec![9];
        assert!(write_annex_b(&[0, 0, 0, 2, 0x65, 1, 0, 0, 0, 1, 6], &mut stream));
        assert_eq!(stream, [9, 0, 0, 0, 1, 0x65, 1, 0, 0, 0, 1, 6]);
    }

    #[test]
    fn wrong_lengths_write_nothing() {
        for bad in [&[0, 0, 0][..], &[0, 0, 0, 9, 1], &[0xff, 0xff, 0xff, 0xff, 1], &[0, 0, 0, 1, 1, 0]] {
            let mut stream = vec![9];
            assert!(!write_annex_b(bad, &mut stream), "{bad:?}");
            assert_eq!(stream, [9]);
        }
    }
}
