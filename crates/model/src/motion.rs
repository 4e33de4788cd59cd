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
        let mut rest = bytes;
        if take(&mut rest)? != [1, 0, 0, 0] {
            return Err(MotionError);
        }
        let began_ms = u32::from_be_bytes(take(&mut rest)?);
        let ended_ms = u32::from_be_bytes(take(&mut rest)?);
        let width = u16::from_be_bytes(take(&mut rest)?);
        let height = u16::from_be_bytes(take(&mut rest)?);
        let frames = u32::from_be_bytes(take(&mut rest)?);
        let count = u32::from_be_bytes(take(&mut rest)?) as usize;
        if count > SAMPLES_MAX || rest.len() != 5 * count {
            return Err(MotionError);
        }
        let mut samples = Vec::with_capacity(count);
        for _ in 0..count {
            let offset_ms = u32::from_be_bytes(take(&mut rest)?);
            let [strength] = take(&mut rest)?;
            samples.push((offset_ms, strength));
        }
        Ok(Self { began_ms, ended_ms, width, height, frames, samples })
    }
}

/// Takes the next bytes off the front.
fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], MotionError> {
    let (field, behind) = rest.split_first_chunk().ok_or(MotionError)?;
    *rest = behind;
    Ok(*field)
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
