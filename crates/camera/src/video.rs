//! Video on its way through the pipeline: encoded frames with their times.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use ownsight_model::Timestamp;

use crate::codec::VideoFormat;

/// Ticks of a second in which times within a video are counted: RTP's clock for video (RFC 6184, 8.2.1).
pub const TICKS_PER_SECOND: i64 = 90_000;

/// One encoded frame: an access unit. Cloning shares the bytes; `Debug` does not show them.
#[derive(Clone)]
pub struct AccessUnit {
    /// NAL units, each after its length in four bytes, without parameter sets.
    pub data: Bytes,
    /// When it is shown, in [`TICKS_PER_SECOND`] from an arbitrary zero. Units come in decoding order, so
    /// with B-frames this goes back and forth.
    pub pts: i64,
    /// The moment that it shows.
    pub at: Timestamp,
    /// Decoding can begin here.
    pub key: bool,
    /// The format in which it is to be decoded.
    pub format: Arc<VideoFormat>,
}

impl fmt::Debug for AccessUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessUnit")
            .field("bytes", &self.data.len())
            .field("pts", &self.pts)
            .field("at", &self.at)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// A duration in ticks, rounded down; durations here are at most minutes.
pub(crate) fn to_ticks(span: std::time::Duration) -> i64 {
    i64::try_from(span.as_micros()).map_or(i64::MAX, |micros| micros.saturating_mul(9) / 100)
}

/// Ticks in microseconds, rounded to the nearest.
pub(crate) fn to_micros(ticks: i64) -> i64 {
    (ticks.saturating_mul(100) + 4 * ticks.signum()) / 9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_and_micros() {
        assert_eq!(to_ticks(std::time::Duration::from_secs(12)), 12 * TICKS_PER_SECOND);
        assert_eq!(to_micros(9), 100);
        assert_eq!(to_micros(-9000), -100_000);
        assert_eq!(to_micros(1), 11);
    }
}
