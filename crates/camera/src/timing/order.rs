//! Decode times, where only presentation times are known.

/// When each frame of a stretch of video is decoded, and by how much all is shown later.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DecodeTimes {
    /// Decode times in decoding order, strictly increasing.
    pub(crate) dts: Vec<i64>,
    /// The smallest delay that lets every frame be decoded no later than it is shown:
    /// `dts[i] <= pts[i] + delay`.
    pub(crate) delay: i64,
}

/// Derives decode times from presentation times in decoding order.
///
/// Frames are decoded at the pace at which they are shown, so the n-th frame is decoded when the n-th in order of
/// presentation would be shown without B-frames. Without B-frames, decode and presentation times are the same.
pub(crate) fn decode_times(pts: &[i64]) -> DecodeTimes {
    let mut dts = pts.to_vec();
    dts.sort_unstable();
    let mut earliest = i64::MIN;
    for time in &mut dts {
        *time = (*time).max(earliest);
        earliest = *time + 1;
    }
    let delay = dts.iter().zip(pts).map(|(dts, pts)| dts - pts).max().unwrap_or(0).max(0);
    DecodeTimes { dts, delay }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_b_frames_times_are_the_same() {
        let pts = [0, 9000, 18_000, 27_001];
        assert_eq!(decode_times(&pts), DecodeTimes { dts: pts.to_vec(), delay: 0 });
    }

    #[test]
    fn with_b_frames_nothing_is_decoded_after_it_is_shown() {
        // The footage's first frames: I P P B P B B B.
        let pts = [0, 1, 2, 4, 3, 8, 6, 5, 7];
        let times = decode_times(&pts);
        assert_eq!(times.dts, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(times.delay, 2);
    }

    #[test]
    fn doubled_times_still_increase() {
        let times = decode_times(&[0, 5, 5, 5, 6]);
        assert_eq!(times.dts, [0, 5, 6, 7, 8]);
        assert_eq!(times.delay, 2);
    }

    #[test]
    fn nothing_gives_nothing() {
        assert_eq!(decode_times(&[]), DecodeTimes { dts: Vec::new(), delay: 0 });
    }
}
