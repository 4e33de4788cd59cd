//! Sound on its way through the pipeline: encoded pieces with their times.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::video::TICKS_PER_SECOND;

/// Samples each second that an MP4's sample entry can say and that encoders for it know.
const RATE_MAX: u32 = 48_000;
/// A longer configuration of AAC is none.
const CONFIG_BYTES_MAX: usize = 64;

/// How sound is encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SoundCodec {
    /// AAC as MP4 holds it, with its `AudioSpecificConfig` (ISO/IEC 14496-3, 1.6.2.1).
    Aac(Bytes),
    /// G.711 µ-law: a byte for each sample.
    MuLaw,
    /// G.711 A-law: a byte for each sample.
    ALaw,
    /// Linear samples of 16 bits, the higher byte first (RFC 3551, 4.5.11).
    L16,
}

/// The format of a camera's sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundFormat {
    codec: SoundCodec,
    rate: u32,
    channels: u16,
}

impl SoundFormat {
    /// `None` if an MP4 cannot hold it.
    pub fn new(codec: SoundCodec, rate: u32, channels: u16) -> Option<Self> {
        let fits = match &codec {
            SoundCodec::Aac(config) => {
                (2..=CONFIG_BYTES_MAX).contains(&config.len()) && (1..=8).contains(&channels)
            }
            SoundCodec::MuLaw | SoundCodec::ALaw | SoundCodec::L16 => {
                AAC_RATES.contains(&rate) && (1..=2).contains(&channels)
            }
        };
        (fits && (AAC_RATES[0]..=RATE_MAX).contains(&rate)).then_some(Self { codec, rate, channels })
    }

    /// How it is encoded.
    pub fn codec(&self) -> &SoundCodec {
        &self.codec
    }

    /// Samples of each channel in a second. The sound's times are counted in it.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Channels.
    pub fn channels(&self) -> u16 {
        self.channels
    }

    /// A time in samples as ticks.
    pub(crate) fn ticks(&self, samples: i64) -> i64 {
        scaled(samples, TICKS_PER_SECOND, self.rate.into())
    }

    /// Ticks as a time in samples.
    pub(crate) fn samples(&self, ticks: i64) -> i64 {
        scaled(ticks, self.rate.into(), TICKS_PER_SECOND)
    }
}

/// Rates that AAC has a number for, up to the largest.
const AAC_RATES: [u32; 9] = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, RATE_MAX];

/// A time in another scale, rounded to the nearest.
pub(crate) fn scaled(value: i64, to: i64, from: i64) -> i64 {
    let product = i128::from(value) * i128::from(to);
    let from = i128::from(from.max(1));
    i64::try_from((product + from / 2).div_euclid(from)).unwrap_or(i64::MAX)
}

/// A piece of sound: an AAC frame, or the samples of one packet. Cloning shares the bytes; `Debug` does not show them.
#[derive(Clone)]
pub struct SoundUnit {
    /// As encoded.
    pub data: Bytes,
    /// When it begins by the sound's own clock, in samples from an arbitrary zero.
    pub at: i64,
    /// How many samples of each channel it holds.
    pub samples: u32,
    /// When it begins by the video's clock, in [`TICKS_PER_SECOND`], as far as that was known when it came.
    pub pts: i64,
    /// The format in which it is to be decoded.
    pub format: Arc<SoundFormat>,
}

impl fmt::Debug for SoundUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoundUnit")
            .field("bytes", &self.data.len())
            .field("at", &self.at)
            .field("samples", &self.samples)
            .field("pts", &self.pts)
            .finish_non_exhaustive()
    }
}

impl SoundUnit {
    /// The end of it, in ticks.
    pub(crate) fn end(&self) -> i64 {
        self.pts.saturating_add(self.format.ticks(self.samples.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_mp4_cannot_hold_is_no_format() {
        let aac = || SoundCodec::Aac(Bytes::from_static(&[0x12, 0x10]));
        assert!(SoundFormat::new(aac(), 44_100, 2).is_some());
        assert!(SoundFormat::new(aac(), 96_000, 2).is_none());
        assert!(SoundFormat::new(aac(), 44_100, 0).is_none());
        assert!(SoundFormat::new(SoundCodec::Aac(Bytes::new()), 44_100, 1).is_none());
        assert!(SoundFormat::new(SoundCodec::MuLaw, 8_000, 1).is_some());
        assert!(SoundFormat::new(SoundCodec::L16, 8_001, 1).is_none());
        assert!(SoundFormat::new(SoundCodec::L16, 16_000, 6).is_none());
    }

    #[test]
    fn times_are_rounded_to_the_nearest() {
        let format = SoundFormat::new(SoundCodec::L16, 44_100, 1).unwrap();
        assert_eq!((format.ticks(1024), format.samples(2090)), (2090, 1024));
        assert_eq!((format.ticks(-1024), format.samples(-2090)), (-2090, -1024));
    }
}
