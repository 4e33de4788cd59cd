//! NAL units: the pieces an H.264 stream is made of (ITU-T H.264, 7.3 and annex B).

use bytes::Bytes;

/// An instantaneous decoding refresh slice: decoding can start here.
pub(crate) const IDR: u8 = 5;
/// Sequence parameter set.
pub(crate) const SPS: u8 = 7;
/// Picture parameter set.
pub(crate) const PPS: u8 = 8;
/// Access unit delimiter.
pub(crate) const DELIMITER: u8 = 9;

/// The type of a NAL unit; 0 (unspecified) for an empty one.
pub(crate) fn kind(nal: &[u8]) -> u8 {
    nal.first().map_or(0, |header| header & 0x1f)
}

/// What a decoder must know before the first picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParameterSets {
    pub(crate) sps: Bytes,
    pub(crate) pps: Bytes,
}

impl ParameterSets {
    /// `profile-level-id` of RFC 6184, 8.1: profile, constraint flags and level as six hexadecimal digits.
    pub(crate) fn profile_level_id(&self) -> String {
        self.sps.iter().skip(1).take(3).fold(String::new(), |id, byte| format!("{id}{byte:02X}"))
    }
}

/// The NAL units of an annex B byte stream, without start codes and empty units.
pub(crate) fn split_annex_b(stream: &Bytes) -> Vec<Bytes> {
    let mut nals = Vec::new();
    let mut start = None;
    for (index, window) in stream.windows(3).enumerate() {
        if window == [0, 0, 1] {
            if let Some(start) = start {
                push_trimmed(&mut nals, stream, start, index);
            }
            start = Some(index + 3);
        }
    }
    if let Some(start) = start {
        push_trimmed(&mut nals, stream, start, stream.len());
    }
    nals
}

/// Zeros before a start code belong to it or are padding; a NAL unit itself never ends in a zero.
fn push_trimmed(nals: &mut Vec<Bytes>, stream: &Bytes, start: usize, end: usize) {
    let zeros = stream.get(start..end).map_or(0, |nal| nal.iter().rev().take_while(|b| **b == 0).count());
    if start < end - zeros {
        nals.push(stream.slice(start..end - zeros));
    }
}

/// Appends one NAL unit with its start code.
pub(crate) fn push_annex_b(stream: &mut Vec<u8>, nal: &[u8]) {
    stream.extend_from_slice(&[0, 0, 0, 1]);
    stream.extend_from_slice(nal);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_codes_of_both_lengths_split() {
        let stream =
            Bytes::from_static(&[0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 0, 1, 0x65, 0, 0, 3, 1]);
        let nals = split_annex_b(&stream);
        assert_eq!(nals, [&[0x67, 1, 2][..], &[0x68, 3], &[0x65, 0, 0, 3, 1]]);
        assert_eq!(nals.iter().map(|nal| kind(nal)).collect::<Vec<_>>(), [SPS, PPS, IDR]);
    }

    #[test]
    fn joining_is_undone_by_splitting() {
        let nals = [vec![0x67, 0x42], vec![0x41, 9, 9, 0, 0, 2], vec![0x41]];
        let mut stream = Vec::new();
        for nal in &nals {
            push_annex_b(&mut stream, nal);
        }
        assert_eq!(split_annex_b(&Bytes::from(stream)), nals);
        assert!(split_annex_b(&Bytes::from_static(&[1, 2, 3])).is_empty());
        assert!(split_annex_b(&Bytes::from_static(&[0, 0, 1, 0, 0, 1])).is_empty());
    }
}
