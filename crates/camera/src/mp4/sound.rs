//! The track of sound in a clip, beside the video's.
//!
//! ```text
//! trak                      8.3.1
//!   tkhd                    8.3.2   track 2, full volume
//!   edts / elst             8.6.6   nothing until the sound begins, then from where it is heard
//!   mdia
//!     mdhd                  8.4.2   time scale: the sound's rate
//!     hdlr                  8.4.3   soun
//!     minf
//!       smhd                12.2.2
//!       dinf / dref / url
//!       stbl                8.5.1
//!         stsd / mp4a       12.2.3, and esds: ISO/IEC 14496-14, 5.6
//!         stts, stsc, stsz, stco
//! ```
//!
//! A hole in the sound is a sample that lasts until the next one: what comes after it is in step again.

use bytes::Bytes;

use super::boxes::{Boxes, saturate};
use super::layout::Chunk;
use crate::sound::scaled;
use crate::video::TICKS_PER_SECOND;

/// One frame of AAC.
#[derive(Clone)]
pub(crate) struct SoundSample {
    /// A raw data block.
    pub(crate) data: Bytes,
    /// When it sounds, in samples since the beginning of what is shown; before it, if less than 0.
    pub(crate) at: i64,
    /// Samples in it.
    pub(crate) samples: i64,
}

/// Sound beside the video of a movie.
#[derive(Clone)]
pub(crate) struct SoundTrack {
    /// The `AudioSpecificConfig`.
    pub(crate) config: Bytes,
    /// Samples in a second.
    pub(crate) rate: u32,
    /// Channels.
    pub(crate) channels: u16,
    /// How long the movie is, in samples.
    pub(crate) length: i64,
    /// The frames in their order, none before the end of the one before it.
    pub(crate) samples: Vec<SoundSample>,
}

impl SoundTrack {
    /// Whether nothing of it is heard in the movie.
    pub(crate) fn is_silent(&self) -> bool {
        let (begins, ends) = self.heard();
        ends <= begins
    }

    /// From when to when it is heard, in samples of the movie.
    fn heard(&self) -> (i64, i64) {
        let first = self.samples.first().map_or(0, |sample| sample.at);
        let last = self.samples.last().map_or(0, |sample| sample.at + sample.samples);
        (first.max(0), last.min(self.length))
    }

    /// Of each frame: from its beginning to the next one's.
    fn durations(&self) -> Vec<u32> {
        let ends = self.samples.iter().skip(1).map(|sample| sample.at);
        let last = self.samples.last().map(|sample| sample.at + sample.samples);
        let times = self.samples.iter().map(|sample| sample.at).zip(ends.chain(last));
        times.map(|(at, end)| saturate((end - at).max(0))).collect()
    }

    /// Samples of the movie as its ticks.
    fn ticks(&self, samples: i64) -> u64 {
        u64::try_from(scaled(samples, TICKS_PER_SECOND, self.rate.into())).unwrap_or(0)
    }

    /// Writes the track of a movie that was made at `created` and whose frames lie in `chunks`.
    pub(super) fn write_trak(&self, boxes: &mut Boxes, created: u64, chunks: &[Chunk]) {
        let (begins, ends) = self.heard();
        let (silent, ends) = (self.ticks(begins), self.ticks(ends));
        boxes.write(*b"trak", |boxes| {
            boxes.write_full(*b"tkhd", 1, 3, |boxes| {
                boxes.u64(created);
                boxes.u64(created);
                boxes.u32(2); // track_ID
                boxes.u32(0);
                boxes.u64(ends);
                boxes.zeros(12); // layer, group
                boxes.u16(0x100); // volume 1
                boxes.u16(0);
                boxes.matrix();
                boxes.zeros(8);
            });
            boxes.write(*b"edts", |boxes| {
                boxes.write_full(*b"elst", 1, 0, |boxes| {
                    boxes.u32(if silent > 0 { 2 } else { 1 });
                    if silent > 0 {
                        boxes.u64(silent);
                        boxes.u64(u64::MAX); // media_time -1: nothing
                        boxes.u32(0x1_0000); // media_rate 1
                    }
                    let first = self.samples.first().map_or(0, |sample| sample.at);
                    boxes.u64(ends.saturating_sub(silent));
                    boxes.u64(u64::try_from(-first).unwrap_or(0));
                    boxes.u32(0x1_0000);
                });
            });
            boxes.write(*b"mdia", |boxes| self.write_mdia(boxes, created, chunks));
        });
    }

    fn write_mdia(&self, boxes: &mut Boxes, created: u64, chunks: &[Chunk]) {
        let durations = self.durations();
        boxes.write_full(*b"mdhd", 1, 0, |boxes| {
            boxes.u64(created);
            boxes.u64(created);
            boxes.u32(self.rate);
            boxes.u64(durations.iter().map(|samples| u64::from(*samples)).sum());
            boxes.u16(0x55c4); // language: und
            boxes.u16(0);
        });
        boxes.write_hdlr(*b"soun");
        boxes.write(*b"minf", |boxes| {
            boxes.write_full(*b"smhd", 0, 0, |boxes| boxes.zeros(4));
            boxes.write_dinf();
            boxes.write(*b"stbl", |boxes| {
                boxes.write_full(*b"stsd", 0, 0, |boxes| {
                    boxes.u32(1);
                    self.write_mp4a(boxes);
                });
                boxes.write_full(*b"stts", 0, 0, |boxes| boxes.write_runs(&durations));
                Chunk::write_all(boxes, chunks, self.samples.iter().map(|sample| sample.data.len()));
            });
        });
    }

    fn write_mp4a(&self, boxes: &mut Boxes) {
        boxes.write(*b"mp4a", |boxes| {
            boxes.zeros(6);
            boxes.u16(1); // data_reference_index
            boxes.zeros(8);
            boxes.u16(self.channels);
            boxes.u16(16); // samplesize
            boxes.zeros(4);
            boxes.u32(self.rate << 16); // 16.16; no rate here is larger than 48,000
            boxes.write_full(*b"esds", 0, 0, |boxes| {
                let config = self.config.len();
                boxes.descriptor(3, 3 + (2 + 13 + 2 + config) + (2 + 1)); // ES_Descriptor
                boxes.raw(&[0, 0, 0]);
                boxes.descriptor(4, 13 + 2 + config); // DecoderConfigDescriptor
                boxes.raw(&[0x40, 0x15]); // AAC, a stream of sound
                boxes.zeros(11); // buffer size and bit rates: not said
                boxes.descriptor(5, config); // DecoderSpecificInfo
                boxes.raw(&self.config);
                boxes.descriptor(6, 1); // SLConfigDescriptor
                boxes.raw(&[2]);
            });
        });
    }
}
