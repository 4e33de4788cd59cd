//! From length-prefixed NAL units (ISO/IEC 14496-15, as in MP4) to a byte stream (ISO/IEC 14496-10, annex B).

const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// Appends one access unit as a byte stream. `false`, with `stream` as it was, if the lengths do not add up.
pub(crate) fn write_annex_b(access_unit: &[u8], stream: &mut Vec<u8>) -> bool {
    let before = stream.len();
    let mut rest = access_unit;
    while !rest.is_empty() {
        let Some((length, after)) = rest.split_first_chunk::<4>() else {
            stream.truncate(before);
            return false;
        };
        let Some((nal, after)) = usize::try_from(u32::from_be_bytes(*length))
            .ok()
            .and_then(|length| after.split_at_checked(length))
        else {
            stream.truncate(before);
            return false;
        };
        write_nal(nal, stream);
        rest = after;
    }
    true
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
