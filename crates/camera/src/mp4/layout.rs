//! Where frames lie in a clip: pictures alone in one chunk; with sound, half a second of each in turn, so that a player
//! that reads from the first byte on has both in time.

use super::boxes::{Boxes, saturate};
use super::sound::SoundTrack;
use crate::sound::scaled;
use crate::video::TICKS_PER_SECOND;

/// Ticks of video in a chunk.
const CHUNK: i64 = TICKS_PER_SECOND / 2;

/// Frames of one track that lie one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    frames: usize,
    place: u32,
}

/// Frames of video, and of sound behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) frames: usize,
    pub(super) sounds: usize,
}

/// The groups of a movie. `ends`: when each frame of video ends, in decoding order, in ticks since the beginning of what is
/// shown.
pub(super) fn groups(ends: &[i64], sound: Option<&SoundTrack>) -> Vec<Group> {
    let Some(sound) = sound else { return vec![Group { frames: ends.len(), sounds: 0 }] };
    let mut groups = Vec::new();
    let (mut frames, mut placed, mut begins) = (0, 0, None);
    for end in ends {
        frames += 1;
        if end - *begins.get_or_insert(*end) < CHUNK {
            continue;
        }
        let until = scaled(*end, sound.rate.into(), TICKS_PER_SECOND);
        let before = sound.samples.partition_point(|sample| sample.at < until).max(placed);
        groups.push(Group { frames, sounds: before - placed });
        (frames, placed, begins) = (0, before, Some(*end));
    }
    groups.push(Group { frames, sounds: sound.samples.len() - placed });
    groups
}

/// The chunks of both tracks when the first byte of the first group lies at `place`.
pub(super) fn chunks(
    groups: &[Group],
    place: u32,
    mut frames: impl Iterator<Item = usize>,
    mut sounds: impl Iterator<Item = usize>,
) -> (Vec<Chunk>, Vec<Chunk>) {
    let (mut video, mut sound) = (Vec::new(), Vec::new());
    let mut place = u64::from(place);
    let mut put = |chunks: &mut Vec<Chunk>, count: usize, sizes: &mut dyn Iterator<Item = usize>| {
        if count > 0 {
            chunks.push(Chunk { frames: count, place: saturate(place) });
        }
        place += sizes.take(count).map(|size| size as u64).sum::<u64>();
    };
    for group in groups {
        put(&mut video, group.frames, &mut frames);
        put(&mut sound, group.sounds, &mut sounds);
    }
    (video, sound)
}

impl Chunk {
    /// Writes the boxes that say where frames are, and their sizes.
    pub(super) fn write_all(boxes: &mut Boxes, chunks: &[Self], sizes: impl ExactSizeIterator<Item = usize>) {
        boxes.write_full(*b"stsc", 0, 0, |boxes| {
            let runs = || chunks.chunk_by(|a, b| a.frames == b.frames);
            boxes.u32(saturate(runs().count()));
            let mut number = 1_usize;
            for run in runs() {
                boxes.u32(saturate(number)); // first_chunk
                boxes.u32(saturate(run.first().map_or(0, |chunk| chunk.frames)));
                boxes.u32(1); // sample_description_index
                number += run.len();
            }
        });
        boxes.write_full(*b"stsz", 0, 0, |boxes| {
            boxes.u32(0); // sizes differ
            boxes.u32(saturate(sizes.len()));
            for size in sizes {
                boxes.u32(saturate(size));
            }
        });
        boxes.write_full(*b"stco", 0, 0, |boxes| {
            boxes.u32(saturate(chunks.len()));
            for chunk in chunks {
                boxes.u32(chunk.place);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::sound::SoundSample;
    use super::*;

    fn sound(frames: i64) -> SoundTrack {
        let sample = |frame: i64| SoundSample { data: Bytes::new(), at: frame * 1024 - 500, samples: 1024 };
        let samples = (0..frames).map(sample).collect();
        SoundTrack { config: Bytes::new(), rate: 48_000, channels: 1, length: 48_000 * 4, samples }
    }

    #[test]
    fn each_frame_is_in_one_chunk_and_sound_is_beside_its_picture() {
        let ends: Vec<i64> = (1..=40).map(|frame| frame * 9_000).collect();
        let groups = groups(&ends, Some(&sound(187)));
        assert_eq!(groups.iter().map(|group| group.frames).sum::<usize>(), 40);
        assert_eq!(groups.iter().map(|group| group.sounds).sum::<usize>(), 187);
        let (mut frames, mut sounds) = (0, 0);
        for group in &groups[..groups.len() - 1] {
            frames += group.frames as i64;
            sounds += group.sounds as i64;
            // The first frame of sound in the next group begins after this one's pictures.
            assert!((sounds * 1024 - 500) * 10 >= frames * 48_000 && group.frames <= 6);
        }
        let (video, sound) = chunks(&groups, 100, (0..40).map(|_| 10), (0..187).map(|_| 3));
        assert_eq!((video[0].place, sound[0].place), (100, 100 + 10 * groups[0].frames as u32));
        assert_eq!(video[1].place, 100 + (10 * groups[0].frames + 3 * groups[0].sounds) as u32);
    }

    #[test]
    fn pictures_alone_lie_in_one_chunk() {
        let ends: Vec<i64> = (1..=40).map(|frame| frame * 9_000).collect();
        assert_eq!(groups(&ends, None), [Group { frames: 40, sounds: 0 }]);
    }

    #[test]
    fn sound_that_outlasts_the_pictures_is_in_the_last_group() {
        let groups = groups(&[9_000], Some(&sound(40)));
        assert_eq!(groups, [Group { frames: 1, sounds: 40 }]);
    }
}
