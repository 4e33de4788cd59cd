//! Whether encoded frames are larger than usual: what moves costs an encoder bytes, and sizes cost nothing to read.
//!
//! Sizes follow noise, light and the encoder's rate control too, and where there is noise, the frames behind each key frame are
//! larger than those later. So they are set right by what is usual at their place in the group, and held against their own median
//! and spread of the last seconds. What they say is a reason to look, never motion.

use std::collections::VecDeque;

/// So many frames are averaged: motion lasts, a single large frame is mostly the encoder's.
const AVERAGED: usize = 3;
/// Averages that the median is taken of.
const KEPT: usize = 240;
/// Before as many are known, nothing is usual.
const KNOWN_MIN: usize = 30;
/// The median is taken anew after so many frames.
const REFRESH: u32 = 8;
/// What is larger by a smaller part of the median is never unusual.
const PART_MIN: f32 = 0.15;
/// Places in a group of which it is known what is usual there; those behind are taken as they are.
const PLACES_MAX: usize = 128;
/// What is usual at a place follows the last so many groups.
const GROUPS: u32 = 16;
/// Before so many groups, nothing is usual at a place.
const GROUPS_MIN: u32 = 3;

/// Holds the sizes of frames, key frames left out, against those of the last seconds.
#[derive(Debug)]
pub(crate) struct SizeGate {
    factor: f32,
    recent: VecDeque<f32>,
    averages: VecDeque<f32>,
    limit: f32,
    stale: u32,
    places: Vec<Place>,
    /// Which of them is next.
    place: usize,
    /// Mean over the places.
    usual: f32,
}

/// What is usual so many frames behind a key frame.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    mean: f32,
    groups: u32,
}

impl Place {
    fn is_known(self) -> bool {
        self.groups >= GROUPS_MIN
    }

    fn learn(&mut self, bytes: f32) {
        // What happened to move once is not usual.
        let bytes = if self.is_known() { bytes.min(2.0 * self.mean) } else { bytes };
        self.groups = (self.groups + 1).min(GROUPS);
        self.mean += (bytes - self.mean) / self.groups as f32;
    }
}

impl SizeGate {
    /// Opens at the median and `factor` times the spread.
    pub(crate) fn new(factor: f32) -> Self {
        let (recent, averages) = (VecDeque::new(), VecDeque::new());
        let (limit, places) = (f32::INFINITY, Vec::new());
        Self { factor, recent, averages, limit, stale: 0, places, place: 0, usual: 0.0 }
    }

    /// The next frame is the first one behind a key frame.
    pub(crate) fn key(&mut self) {
        self.place = 0;
        let known = || self.places.iter().filter(|place| place.is_known()).map(|place| place.mean);
        self.usual = known().sum::<f32>() / known().count().max(1) as f32;
    }

    /// The next frame has so many bytes. Returns whether the last ones are larger than usual. `still` says that nothing is
    /// known to move: only then is its size a usual one.
    pub(crate) fn frame(&mut self, bytes: usize, still: bool) -> bool {
        if self.recent.len() == AVERAGED {
            self.recent.pop_front();
        }
        let bytes = self.set_right(bytes as f32, still);
        self.recent.push_back(bytes);
        let average = self.recent.iter().sum::<f32>() / self.recent.len() as f32;
        let larger = average > self.limit;
        if still {
            if self.averages.len() == KEPT {
                self.averages.pop_front();
            }
            self.averages.push_back(average);
            self.stale += 1;
            if self.stale >= REFRESH {
                self.stale = 0;
                self.refresh();
            }
        }
        larger
    }

    /// How many bytes the frame would have if its place in the group were no place of large ones.
    fn set_right(&mut self, bytes: f32, still: bool) -> f32 {
        let index = self.place;
        self.place += 1;
        if index == self.places.len() && index < PLACES_MAX {
            self.places.push(Place::default());
        }
        let Some(place) = self.places.get_mut(index) else { return bytes };
        // Only what is usually larger is made smaller: the other way round, each frame of a place of small ones would weigh more.
        let right = if place.is_known() && self.usual > 0.0 {
            bytes * (self.usual / place.mean).min(1.0)
        } else {
            bytes
        };
        if still {
            place.learn(bytes);
        }
        right
    }

    /// Whether it knows what is usual.
    pub(crate) fn knows(&self) -> bool {
        self.averages.len() >= KNOWN_MIN
    }

    /// What was usual says nothing of what comes.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.factor);
    }

    fn refresh(&mut self) {
        if !self.knows() {
            return;
        }
        let mut sorted: Vec<f32> = self.averages.iter().copied().collect();
        let median = median(&mut sorted);
        for average in &mut sorted {
            *average = (*average - median).abs();
        }
        let spread = self::median(&mut sorted);
        self.limit = median + (self.factor * spread).max(PART_MIN * median);
    }
}

fn median(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes around 1000 that vary by up to 50 either way.
    fn usual(index: usize) -> usize {
        950 + index * 37 % 101
    }

    fn known(factor: f32) -> SizeGate {
        let mut gate = SizeGate::new(factor);
        for index in 0..300 {
            assert!(!gate.frame(usual(index), true), "{index}");
        }
        gate
    }

    #[test]
    fn larger_frames_open_it_and_a_single_one_a_little_larger_does_not() {
        let mut gate = known(5.0);
        assert!(!gate.frame(1300, true), "one a little larger");
        assert!((0..3).any(|_| gate.frame(1500, true)), "three much larger");
    }

    #[test]
    fn what_stays_becomes_usual() {
        let mut gate = known(5.0);
        let opened = (0..300).filter(|index| gate.frame(2 * usual(*index), true)).count();
        assert!((100..200).contains(&opened), "{opened}");
    }

    #[test]
    fn what_moves_does_not_become_usual() {
        let mut gate = known(5.0);
        assert!((0..300).skip(3).all(|_| gate.frame(2000, false) || gate.recent.len() < 3));
        assert!(gate.frame(2000, true));
    }

    #[test]
    fn what_is_usual_behind_key_frames_does_not_open_it() {
        let mut gate = SizeGate::new(5.0);
        let mut group = |group: usize, more: usize| {
            gate.key();
            let size =
                |index: usize| usual(index + group * 11) + if index < 4 { 900 - 200 * index } else { 0 };
            (0..29).filter(|index| gate.frame(size(*index) + more, true)).count()
        };
        let opened: Vec<usize> = (0..30).map(|number| group(number, 0)).collect();
        assert!(opened[..9].iter().sum::<usize>() > 0, "not known yet: {opened:?}");
        assert_eq!(opened[9..].iter().sum::<usize>(), 0, "{opened:?}");
        assert!(group(30, 400) > 20, "larger at each place");
    }

    #[test]
    fn an_infinite_factor_never_opens_it() {
        let mut gate = known(f32::INFINITY);
        assert!((0..300).all(|_| !gate.frame(100_000, true)));
    }
}
