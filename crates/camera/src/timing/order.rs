//! Decode times, where only presentation times are known.

/// Derives decode times, strictly increasing, from presentation times in decoding order.
///
/// Frames are decoded at the pace at which they are shown: the n-th in decoding order when the n-th in the order of
/// showing is shown. Without B-frames, decode and presentation times are the same; with them a frame may be
/// decoded "after" it is shown, and presentation minus decode time is negative.
pub(crate) fn decode_times(pts: &[i64]) -> Vec<i64> {
    let mut dts = pts.to_vec();
    dts.sort_unstable();
    let mut earliest = i64::MIN;
    for time in &mut dts {
        *time = (*time).max(earliest);
        earliest = time.saturating_add(1);
    }
    dts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_b_frames_times_are_the_same() {
        let pts = [0, 9000, 18_000, 27_001];
        assert_eq!(decode_times(&pts), pts);
    }

    #[test]
    fn with_b_frames_the_pace_is_that_of_showing() {
        // The footage's first frames: I P P B P B B B.
        assert_eq!(decode_times(&[0, 1, 2, 4, 3, 8, 6, 5, 7]), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn doubled_times_still_increase() {
        assert_eq!(decode_times(&[0, 5, 5, 5, 6]), [0, 5, 6, 7, 8]);
    }

    #[test]
    fn nothing_gives_nothing() {
        assert!(decode_times(&[]).is_empty());
    }
}
