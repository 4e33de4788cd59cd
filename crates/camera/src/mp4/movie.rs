//! The boxes of a clip. Numbers in comments are clauses of ISO/IEC 14496-12:2015.
//!
//! ```text
//! ftyp                      4.3     brands
//! moov                      8.2.1
//!   mvhd                    8.2.2   time scale 90,000, the exact duration shown
//!   trak                    8.3.1
//!     tkhd                  8.3.2   size as shown
//!     edts / elst           8.6.6   one edit: from where, and for how long, the frames are shown
//!     mdia                  8.4.1
//!       mdhd                8.4.2   time scale 90,000, all frames
//!       hdlr                8.4.3   vide
//!       minf                8.4.4
//!         vmhd              12.1.2
//!         dinf / dref / url 8.7.2   data is in this file
//!         stbl              8.5.1
//!           stsd            8.5.2
//!             avc1, hvc1    12.1.3, and avcC, hvcC, pasp: ISO/IEC 14496-15, 5.4.2, 8.4.1
//!           stts            8.6.1.2 decode times
//!           ctts            8.6.1.3 presentation minus decode time, only with B-frames
//!           stss            8.6.2   key frames
//!           stsc            8.7.4   one chunk, or some in turn with those of sound
//!           stsz            8.7.3   sizes
//!           stco            8.7.5   where each chunk begins
//!   trak                            the track of sound, if there is any
//! mdat                      8.1.1   the frames in decoding order
//! ```
//!
//! All times are in one scale, RTP's 90,000 to the second, so nothing is rounded. Composition offsets are signed
//! (version 1), so the edit and the media end at the same time.
//!
//! Frames before the edit are decoded and not shown; they lead from the key frame to the first frame shown. A few
//! may follow the edit, as references of the last ones. Players that know edits skip both. Firefox does not: it
//! shows every frame of the media. So these frames get a tick of 1/90,000 s each, next to the edit, instead
//! of their own time, and there too the video is as long as it says.

use bytes::Bytes;
use ownsight_model::Timestamp;

use super::boxes::{Boxes, saturate};
use super::clip::Clip;
use super::layout::{self, Chunk, Group};
use super::sound::SoundTrack;
use crate::codec::{Codec, VideoFormat};
use crate::timing::decode_times;
use crate::video::TICKS_PER_SECOND;

/// One frame of a movie.
#[derive(Clone)]
pub(crate) struct Sample {
    /// NAL units after their lengths.
    pub(crate) data: Bytes,
    /// When it is shown, in ticks.
    pub(crate) pts: i64,
    /// Decoding can begin here.
    pub(crate) key: bool,
}

/// A movie to be written: samples in decoding order, the first a key frame, and what is shown of them.
pub(crate) struct Movie<'a> {
    /// The video's format.
    pub(crate) format: &'a VideoFormat,
    /// The frames, in decoding order.
    pub(crate) samples: Vec<Sample>,
    /// The sound beside them.
    pub(crate) sound: Option<SoundTrack>,
    /// First moment shown, in ticks.
    pub(crate) start: i64,
    /// End of what is shown, in ticks.
    pub(crate) end: i64,
    /// The moment of `start`, written as the file's time of creation.
    pub(crate) created_at: Timestamp,
}

/// The time scale of movie and media.
const TIME_SCALE: u32 = 90_000;
const _: () = assert!(TIME_SCALE as i64 == TICKS_PER_SECOND);

/// Seconds from 1904, where MP4 files begin to count, to 1970.
const EPOCH_SECONDS: i64 = 2_082_844_800;

impl Movie<'_> {
    /// Writes the file. Frames are shared, not copied.
    pub(crate) fn write(self) -> Clip {
        let times = Times::of(&self);
        let groups = layout::groups(&times.ends(self.start), self.sound.as_ref());
        let mut boxes = Boxes::default();
        write_ftyp(&mut boxes, self.format.codec());
        // The chunks' places are known once everything before them is written.
        let place = {
            let mut measured = Boxes::default();
            self.write_moov(&mut measured, &times, &self.chunks(&groups, 0));
            boxes.len() + measured.len() + 8
        };
        self.write_moov(&mut boxes, &times, &self.chunks(&groups, saturate(place)));
        let data = self.interleaved(&groups);
        boxes.u32(saturate(data.iter().map(Bytes::len).sum::<usize>() + 8));
        boxes.raw(b"mdat");
        Clip::new(boxes.into_bytes().into(), data)
    }

    /// Where the frames of both tracks lie.
    fn chunks(&self, groups: &[Group], place: u32) -> (Vec<Chunk>, Vec<Chunk>) {
        let sounds = self.sound.iter().flat_map(|sound| &sound.samples);
        let sizes = self.samples.iter().map(|sample| sample.data.len());
        layout::chunks(groups, place, sizes, sounds.map(|sample| sample.data.len()))
    }

    /// The frames as they lie in the file.
    fn interleaved(self, groups: &[Group]) -> Vec<Bytes> {
        let mut frames = self.samples.into_iter().map(|sample| sample.data);
        let mut sounds = self.sound.into_iter().flat_map(|sound| sound.samples).map(|sample| sample.data);
        let mut data = Vec::new();
        for group in groups {
            data.extend(frames.by_ref().take(group.frames));
            data.extend(sounds.by_ref().take(group.sounds));
        }
        data
    }

    fn shown(&self) -> u32 {
        saturate(self.end - self.start)
    }

    fn created(&self) -> u64 {
        u64::try_from(self.created_at.as_micros().div_euclid(1_000_000) + EPOCH_SECONDS).unwrap_or(0)
    }

    fn write_moov(&self, boxes: &mut Boxes, times: &Times, (chunks, sounds): &(Vec<Chunk>, Vec<Chunk>)) {
        boxes.write(*b"moov", |boxes| {
            boxes.write_full(*b"mvhd", 1, 0, |boxes| {
                boxes.u64(self.created());
                boxes.u64(self.created());
                boxes.u32(TIME_SCALE);
                boxes.u64(u64::from(self.shown()));
                boxes.u32(0x1_0000); // rate 1
                boxes.u16(0x100); // volume 1
                boxes.zeros(10);
                boxes.matrix();
                boxes.zeros(24);
                boxes.u32(if self.sound.is_some() { 3 } else { 2 }); // next_track_ID
            });
            boxes.write(*b"trak", |boxes| {
                self.write_tkhd(boxes);
                boxes.write(*b"edts", |boxes| {
                    boxes.write_full(*b"elst", 1, 0, |boxes| {
                        boxes.u32(1);
                        boxes.u64(u64::from(self.shown()));
                        boxes.u64(u64::try_from(self.start - times.origin).unwrap_or(0));
                        boxes.u32(0x1_0000); // media_rate 1
                    });
                });
                boxes.write(*b"mdia", |boxes| {
                    boxes.write_full(*b"mdhd", 1, 0, |boxes| {
                        boxes.u64(self.created());
                        boxes.u64(self.created());
                        boxes.u32(TIME_SCALE);
                        boxes.u64(times.durations.iter().map(|ticks| u64::from(*ticks)).sum());
                        boxes.u16(0x55c4); // language: und
                        boxes.u16(0);
                    });
                    boxes.write_hdlr(*b"vide");
                    boxes.write(*b"minf", |boxes| {
                        boxes.write_full(*b"vmhd", 0, 1, |boxes| boxes.zeros(8));
                        boxes.write_dinf();
                        boxes.write(*b"stbl", |boxes| self.write_stbl(boxes, times, chunks));
                    });
                });
            });
            if let Some(sound) = &self.sound {
                sound.write_trak(boxes, self.created(), sounds);
            }
        });
    }

    fn write_tkhd(&self, boxes: &mut Boxes) {
        let (aspect_x, aspect_y) = self.format.pixel_aspect();
        // 16.16 fixed point, stretched to square pixels.
        let width = (u64::from(self.format.width()) << 16) * u64::from(aspect_x) / u64::from(aspect_y.max(1));
        boxes.write_full(*b"tkhd", 1, 3, |boxes| {
            boxes.u64(self.created());
            boxes.u64(self.created());
            boxes.u32(1); // track_ID
            boxes.u32(0);
            boxes.u64(u64::from(self.shown()));
            boxes.zeros(16); // layer, group, volume of a track without sound
            boxes.matrix();
            boxes.u32(saturate(width));
            boxes.u32(self.format.height() << 16);
        });
    }

    fn write_stbl(&self, boxes: &mut Boxes, times: &Times, chunks: &[Chunk]) {
        boxes.write_full(*b"stsd", 0, 0, |boxes| {
            boxes.u32(1);
            self.write_sample_entry(boxes);
        });
        boxes.write_full(*b"stts", 0, 0, |boxes| boxes.write_runs(&times.durations));
        if times.offsets.iter().any(|offset| *offset != 0) {
            boxes.write_full(*b"ctts", 1, 0, |boxes| boxes.write_runs(&times.offsets));
        }
        boxes.write_full(*b"stss", 0, 0, |boxes| {
            let keys = || self.samples.iter().zip(1_u32..).filter(|(sample, _)| sample.key);
            boxes.u32(saturate(keys().count()));
            for (_, number) in keys() {
                boxes.u32(number);
            }
        });
        Chunk::write_all(boxes, chunks, self.samples.iter().map(|sample| sample.data.len()));
    }

    fn write_sample_entry(&self, boxes: &mut Boxes) {
        let (entry, config) = match self.format.codec() {
            Codec::H264 => (*b"avc1", *b"avcC"),
            Codec::H265 => (*b"hvc1", *b"hvcC"),
        };
        boxes.write(entry, |boxes| {
            boxes.zeros(6);
            boxes.u16(1); // data_reference_index
            boxes.zeros(16);
            boxes.u16(u16::try_from(self.format.width()).unwrap_or(u16::MAX));
            boxes.u16(u16::try_from(self.format.height()).unwrap_or(u16::MAX));
            boxes.u32(0x48_0000); // 72 dpi
            boxes.u32(0x48_0000);
            boxes.u32(0);
            boxes.u16(1); // frame_count
            boxes.zeros(32); // compressorname
            boxes.u16(0x18); // depth
            boxes.u16(0xffff);
            boxes.write(config, |boxes| boxes.raw(self.format.config()));
            let (x, y) = self.format.pixel_aspect();
            if x != y {
                boxes.write(*b"pasp", |boxes| {
                    boxes.u32(x);
                    boxes.u32(y);
                });
            }
        });
    }
}

fn write_ftyp(boxes: &mut Boxes, codec: Codec) {
    boxes.write(*b"ftyp", |boxes| {
        boxes.raw(b"isom");
        boxes.u32(0x200);
        boxes.raw(b"isomiso4");
        // H.265 has no brand of its own there; the sample entry says what it is.
        if codec == Codec::H264 {
            boxes.raw(b"avc1");
        }
        boxes.raw(b"mp41");
    });
}

/// The times of a movie as its boxes hold them.
struct Times {
    /// Decode time of the first sample, which is the media's zero.
    origin: i64,
    /// From each decode time to the next.
    durations: Vec<u32>,
    /// Presentation minus decode time, in two's complement.
    offsets: Vec<u32>,
}

impl Times {
    fn of(movie: &Movie<'_>) -> Self {
        let pts = squeezed(movie);
        let dts = decode_times(&pts);
        let origin = dts.first().copied().unwrap_or(movie.start);
        let last = dts.last().copied().unwrap_or(movie.start);
        let steps = dts.iter().zip(dts.iter().skip(1)).map(|(a, b)| b - a);
        let durations = steps.chain([(movie.end - last).max(1)]).map(saturate).collect();
        let offset = |(pts, dts): (&i64, &i64)| {
            i32::try_from(pts - dts).map_or(0, |offset| u32::from_be_bytes(offset.to_be_bytes()))
        };
        Self { origin, durations, offsets: pts.iter().zip(&dts).map(offset).collect() }
    }

    /// When each sample ends by decode times, in ticks since `start`.
    fn ends(&self, start: i64) -> Vec<i64> {
        let mut at = self.origin - start;
        let end = |duration: &u32| {
            at += i64::from(*duration);
            at
        };
        self.durations.iter().map(end).collect()
    }
}

/// Presentation times in decoding order, where those outside the edit are a tick apart and next to it. The first
/// frame shown, which may have begun before, begins with the edit.
fn squeezed(movie: &Movie<'_>) -> Vec<i64> {
    let mut order: Vec<i64> = movie.samples.iter().map(|sample| sample.pts).collect();
    order.sort_unstable();
    let first = order.partition_point(|pts| *pts <= movie.start).saturating_sub(1);
    let end = order.partition_point(|pts| *pts < movie.end);
    let place = |pts: i64| {
        let rank = order.partition_point(|other| *other < pts);
        if rank <= first {
            movie.start - (first - rank) as i64
        } else if rank >= end {
            movie.end + (rank - end) as i64
        } else {
            pts
        }
    };
    movie.samples.iter().map(|sample| place(sample.pts)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(pts: &[i64], start: i64, end: i64) -> (Vec<i64>, Times) {
        let config = Bytes::from_static(&[
            1, 0x4d, 0x40, 0x1f, 0xff, 0xe1, 0, 24, 0x67, 0x4d, 0x40, 0x1f, 0xec, 0xa0, 0x60, 9, 0x34, 0x20,
            0, 0, 3, 0, 0x20, 0, 0, 3, 2, 0x81, 0xe3, 6, 0x32, 0xc0, 1, 0, 4, 0x68, 0xef, 0x84, 0x72,
        ]);
        let format = VideoFormat::from_avc_config(config).unwrap();
        let sample = |pts: &i64| Sample { data: Bytes::new(), pts: *pts, key: false };
        let samples = pts.iter().map(sample).collect();
        let movie = Movie {
            format: &format,
            samples,
            sound: None,
            start,
            end,
            created_at: Timestamp::from_micros(0),
        };
        (squeezed(&movie), Times::of(&movie))
    }

    #[test]
    fn what_is_not_shown_takes_no_time() {
        let (pts, times) = times(&[0, 100, 200, 300, 400, 500], 200, 400);
        assert_eq!(pts, [198, 199, 200, 300, 400, 401]);
        assert_eq!((times.origin, times.durations), (198, vec![1, 1, 100, 100, 1, 1]));
        assert!(times.offsets.iter().all(|offset| *offset == 0));
    }

    #[test]
    fn an_edit_within_a_frame_begins_with_it() {
        let (pts, times) = times(&[0, 100, 200, 300], 150, 350);
        assert_eq!(pts, [149, 150, 200, 300]);
        assert_eq!(times.durations, [1, 50, 100, 50]);
    }

    #[test]
    fn b_frames_are_decoded_at_the_pace_of_showing() {
        let (_, times) = times(&[0, 400, 200, 100, 300], 0, 500);
        assert_eq!(times.durations, [100; 5]);
        let offsets: Vec<i32> = times.offsets.iter().map(|offset| *offset as i32).collect();
        assert_eq!(offsets, [0, 300, 0, -200, -100]);
    }
}
