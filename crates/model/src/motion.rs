//! The motion section of an event: the strength of motion over time.
//!
//! ```text
//! offset  size  what (numbers are big-endian)
//! 0       1     format version, 1
//! 1       3     zero
//! 4       4     when motion began, ms since the event's start
//! 8       4     when motion ended, ms since the event's start
//! 12      2     width of the video, pixels
//! 14      2     height of the video, pixels
//! 16      4     frames that are shown
//! 20      4     number n of samples, at most 65,536
//! 24      5·n   for each sample: ms since the event's start (4), strength 0 to 255 (1)
//! ```

/// Most samples of a motion section.
pub const SAMPLES_MAX: usize = 65_536;
const HEAD_BYTES: usize = 24;

/// The strength of motion over an event's time, and what the video is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MotionTrack {
    /// When motion began, ms since the event's start.
    pub began_ms: u32,
    /// When motion ended, ms since the event's start.
    pub ended_ms: u32,
    /// Width of the video, pixels.
    pub width: u16,
    /// Height of the video, pixels.
    pub height: u16,
    /// Frames that are shown.
    pub frames: u32,
    /// Samples in the order of time: ms since the event's start, strength.
    pub samples: Vec<(u32, u8)>,
}

/// Bytes that are not a motion section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a motion section of a known version")]
pub struct MotionError;

impl MotionTrack {
    /// The section's bytes. Samples after the first [`SAMPLES_MAX`] are left out.
    pub fn encode(&self) -> Vec<u8> {
        let count = self.samples.len().min(SAMPLES_MAX);
        let mut out = Vec::with_capacity(HEAD_BYTES + 5 * count);
        out.extend_from_slice(&[1, 0, 0, 0]);
        out.extend_from_slice(&self.began_ms.to_be_bytes());
        out.extend_from_slice(&self.ended_ms.to_be_bytes());
        out.extend_from_slice(&self.width.to_be_bytes());
        out.extend_from_slice(&self.height.to_be_bytes());
        out.extend_from_slice(&self.frames.to_be_bytes());
        out.extend_from_slice(&(count as u32).to_be_bytes());
        for (offset_ms, strength) in self.samples.iter().take(count) {
            out.extend_from_slice(&offset_ms.to_be_bytes());
            out.push(*strength);
        }
        out
    }

    /// Reads a section's bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, MotionError> {
        let (head, samples) = bytes.split_first_chunk::<HEAD_BYTES>().ok_or(MotionError)?;
        let [1, 0, 0, 0, a, b, c, d, e, f, g, h, w0, w1, h0, h1, f0, f1, f2, f3, n0, n1, n2, n3] = *head
        else {
            return Err(MotionError);
        };
        let count = u32::from_be_bytes([n0, n1, n2, n3]) as usize;
        if count > SAMPLES_MAX || samples.len() != 5 * count {
            return Err(MotionError);
        }
        let samples = samples.chunks_exact(5).filter_map(|sample| match *sample {
            [a, b, c, d, strength] => Some((u32::from_be_bytes([a, b, c, d]), strength)),
            _ => None,
        });
        Ok(Self {
            began_ms: u32::from_be_bytes([a, b, c, d]),
            ended_ms: u32::from_be_bytes([e, f, g, h]),
            width: u16::from_be_bytes([w0, w1]),
            height: u16::from_be_bytes([h0, h1]),
            frames: u32::from_be_bytes([f0, f1, f2, f3]),
            samples: samples.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_and_refuses_what_is_cut() {
        let track = MotionTrack {
            began_ms: 3000,
            ended_ms: 9000,
            width: 768,
            height: 576,
            frames: 120,
            samples: vec![(0, 0), (100, 255)],
        };
        let bytes = track.encode();
        assert_eq!(MotionTrack::decode(&bytes), Ok(track));
        for length in 0..bytes.len() {
            assert_eq!(MotionTrack::decode(&bytes[..length]), Err(MotionError));
        }
    }
}
