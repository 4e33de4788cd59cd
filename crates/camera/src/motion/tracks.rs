//! What hangs together in one picture and in the next: blobs that stay or move on become tracks with an age.
//!
//! A streak of rain is somewhere else in the next picture, so no track of it grows old. Somebody who walks covers, from one picture
//! to the next, mostly the same cells.

use crate::video::TICKS_PER_SECOND;

/// Cells of one picture that differ and hang together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Blob {
    /// How many.
    pub(super) cells: usize,
    /// How far they stray in all.
    pub(super) amount: f32,
    /// First and last column, first and last row.
    pub(super) columns: (usize, usize),
    pub(super) rows: (usize, usize),
}

impl Blob {
    /// The blob of nothing yet.
    pub(super) const EMPTY: Self =
        Self { cells: 0, amount: 0.0, columns: (usize::MAX, 0), rows: (usize::MAX, 0) };

    /// Takes a cell in.
    pub(super) fn add(&mut self, column: usize, row: usize, amount: f32) {
        self.cells += 1;
        self.amount += amount;
        self.columns = (self.columns.0.min(column), self.columns.1.max(column));
        self.rows = (self.rows.0.min(row), self.rows.1.max(row));
    }

    fn extent(&self) -> usize {
        let side = |(first, last): (usize, usize)| (last + 1).saturating_sub(first);
        side(self.columns).max(side(self.rows))
    }

    /// Whether boxes that are widened by `reach` cells meet.
    fn is_near(&self, other: &Self, reach: usize) -> bool {
        let meet = |a: (usize, usize), b: (usize, usize)| a.0 <= b.1 + reach && b.0 <= a.1 + reach;
        meet(self.columns, other.columns) && meet(self.rows, other.rows)
    }

    /// Whether the box covers at least a third of the smaller one's, give or take a cell.
    fn covers(&self, other: &Self) -> bool {
        let shared = |a: (usize, usize), b: (usize, usize)| (a.1.min(b.1) + 2).saturating_sub(a.0.max(b.0));
        let area = |blob: &Self| (blob.columns.1 + 1 - blob.columns.0) * (blob.rows.1 + 1 - blob.rows.0);
        let both = shared(self.columns, other.columns) * shared(self.rows, other.rows);
        3 * both >= area(self).min(area(other))
    }
}

/// A blob that was seen in several pictures.
#[derive(Clone, Copy, Debug)]
struct Track {
    /// The same from picture to picture.
    id: u64,
    since: i64,
    last: i64,
    pictures: u32,
    blob: Blob,
}

/// So many are followed; of more blobs in a picture, the smallest are not.
const TRACKS_MAX: usize = 64;

/// Follows blobs from picture to picture.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    alive: Vec<Track>,
    next: Vec<Track>,
    ids: u64,
}

impl Tracks {
    /// Takes the blobs of the picture shown at `pts`. A track that pauses for longer than `pause` ends. In `clutter` a blob must
    /// cover what it was before; else it may have moved on by its own length in each tenth of a second.
    pub(super) fn follow(&mut self, blobs: &mut Vec<Blob>, pts: i64, pause: i64, clutter: bool) {
        if blobs.len() > TRACKS_MAX {
            blobs.sort_unstable_by_key(|blob| std::cmp::Reverse(blob.cells));
            blobs.truncate(TRACKS_MAX);
        }
        self.next.clear();
        for blob in &*blobs {
            let goes_on = |track: &&Track| {
                if clutter {
                    track.blob.covers(blob) && track.blob.is_near(blob, 1)
                } else {
                    let tenths = ((pts - track.last) / (TICKS_PER_SECOND / 10)).clamp(1, 100) as usize;
                    track.blob.is_near(blob, 2 + tenths * blob.extent().max(track.blob.extent()))
                }
            };
            let oldest = self.alive.iter().filter(goes_on).min_by_key(|track| track.since);
            let (id, since, pictures) = oldest.map_or((self.ids, pts, 1), |track| {
                (track.id, track.since, track.pictures.saturating_add(1))
            });
            self.ids += u64::from(oldest.is_none());
            self.next.push(Track { id, since, last: pts, pictures, blob: *blob });
        }
        // What paused may come back where it was, unless it was seen only once.
        let next = &self.next;
        let went_on = |track: &Track| next.iter().any(|now| now.id == track.id);
        let paused = self
            .alive
            .iter()
            .filter(|track| track.pictures > 1 && pts - track.last <= pause && !went_on(track));
        let room = TRACKS_MAX.saturating_sub(next.len());
        let paused: Vec<Track> = paused.take(room).copied().collect();
        self.next.extend(paused);
        std::mem::swap(&mut self.alive, &mut self.next);
    }

    /// When what is seen in the picture at `pts`, and has been for at least `age`, was first seen.
    pub(super) fn since(&self, pts: i64, age: i64) -> Option<i64> {
        let old = |track: &&Track| track.last == pts && track.pictures > 1 && pts - track.since >= age;
        self.alive.iter().filter(old).map(|track| track.since).min()
    }

    /// Whether anything is followed that may become motion.
    pub(super) fn any(&self) -> bool {
        !self.alive.is_empty()
    }

    /// Nothing goes on.
    pub(super) fn clear(&mut self) {
        self.alive.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH: i64 = TICKS_PER_SECOND / 10;

    /// Three by four cells with this upper left corner.
    fn blob(column: usize, row: usize) -> Blob {
        let mut blob = Blob::EMPTY;
        (0..12).for_each(|index| blob.add(column + index % 3, row + index / 3, 1.0));
        blob
    }

    /// Since when something goes on after these pictures, in pictures.
    fn since(pictures: &[&[(usize, usize)]], clutter: bool) -> Option<i64> {
        let mut tracks = Tracks::default();
        for (pts, places) in pictures.iter().enumerate() {
            let mut blobs = places.iter().map(|place| blob(place.0, place.1)).collect();
            tracks.follow(&mut blobs, pts as i64 * TENTH, 2 * TENTH, clutter);
        }
        tracks.since((pictures.len() as i64 - 1) * TENTH, 3 * TENTH).map(|since| since / TENTH)
    }

    #[test]
    fn what_walks_goes_on_and_what_is_elsewhere_does_not() {
        let walks: [&[_]; 5] = [&[(10, 5)], &[(11, 5)], &[(12, 6)], &[(13, 6)], &[(14, 6)]];
        assert_eq!((since(&walks, true), since(&walks, false)), (Some(0), Some(0)));
        let falls: [&[_]; 5] = [&[(10, 5)], &[(40, 9)], &[(12, 36)], &[(3, 6)], &[(74, 6)]];
        assert_eq!((since(&falls, true), since(&falls, false)), (None, None));
        let runs: [&[_]; 5] = [&[(10, 5)], &[(15, 5)], &[(20, 5)], &[(25, 5)], &[(30, 5)]];
        assert_eq!(
            (since(&runs, true), since(&runs, false)),
            (None, Some(0)),
            "runs only where nothing else falls"
        );
    }

    #[test]
    fn a_pause_belongs_to_it_if_it_is_short() {
        let short: [&[_]; 5] = [&[(10, 5)], &[(10, 5)], &[], &[(10, 5)], &[(11, 5)]];
        assert_eq!(since(&short, true), Some(0));
        let long: [&[_]; 7] = [&[(10, 5)], &[(10, 5)], &[], &[], &[], &[(10, 5)], &[(11, 5)]];
        assert_eq!(since(&long, true), None);
    }

    #[test]
    fn only_so_many_are_followed() {
        let mut tracks = Tracks::default();
        for pts in 0..4 {
            let mut blobs: Vec<Blob> = (0..3000).map(|index| blob(index % 60, index / 60)).collect();
            tracks.follow(&mut blobs, pts, 2, false);
            assert!(tracks.alive.len() <= TRACKS_MAX);
        }
    }
}
