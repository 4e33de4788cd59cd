//! Codecs, and how their pictures are told apart.

use super::nal::units;

/// How a video is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// H.264, AVC.
    H264,
    /// H.265, HEVC.
    H265,
}

impl Codec {
    /// As people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::H264 => "H.264",
            Self::H265 => "H.265",
        }
    }

    /// `Some(true)`: decoding can begin with this access unit. `None`: it holds no picture.
    ///
    /// In H.265 that is any picture for random access, types 16 to 21 (7.4.2.2): many encoders begin a group with one
    /// whose few following pictures may look back past it, and send no other kind.
    pub(crate) fn begins_with(self, access_unit: &[u8]) -> Option<bool> {
        units(access_unit).find_map(|nal| self.picture_kind(nal?))
    }

    /// A picture that looks back past the one for random access before it (RASL, types 8 and 9): who begins there cannot
    /// decode it.
    pub(crate) fn looks_back(self, access_unit: &[u8]) -> bool {
        let kinds = units(access_unit).map_while(|nal| nal?.first().map(|header| header >> 1 & 0x3f));
        self == Self::H265 && kinds.into_iter().any(|kind| matches!(kind, 8 | 9))
    }

    fn picture_kind(self, nal: &[u8]) -> Option<bool> {
        let header = nal.first()?;
        match self {
            Self::H264 => match header & 0x1f {
                5 => Some(true),
                1..=4 => Some(false),
                _ => None,
            },
            Self::H265 => match header >> 1 & 0x3f {
                16..=21 => Some(true),
                0..=9 => Some(false),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_from_the_rest() {
        let h264 = |unit: &[u8]| Codec::H264.begins_with(unit);
        assert_eq!(h264(&[0, 0, 0, 1, 0x06, 0, 0, 0, 1, 0x65]), Some(true));
        assert_eq!(h264(&[0, 0, 0, 2, 0x41, 9]), Some(false));
        assert_eq!(h264(&[0, 0, 0, 1, 0x06]), None);
        assert_eq!(h264(&[0, 0, 0, 9, 0x65]), None);
        assert_eq!(h264(&[]), None);
        let h265 = |kind: u8| Codec::H265.begins_with(&[0, 0, 0, 2, 39 << 1, 1, 0, 0, 0, 2, kind << 1, 1]);
        assert_eq!([19, 20, 21].map(h265), [Some(true); 3], "IDR and CRA");
        assert_eq!([0, 1, 8, 9].map(h265), [Some(false); 4]);
        assert_eq!([22, 32, 33, 35, 63].map(h265), [None; 5]);
        let looks_back =
            |kind: u8| Codec::H265.looks_back(&[0, 0, 0, 2, 39 << 1, 1, 0, 0, 0, 2, kind << 1, 1]);
        assert_eq!([6, 7, 8, 9, 16, 21].map(looks_back), [false, false, true, true, false, false]);
    }
}
