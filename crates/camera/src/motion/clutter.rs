//! Whether things come and go from picture to picture all over the scene, as rain and snow do.
//!
//! The scene is divided into regions. A region is hit by a picture if a cell of it differed in that picture only, and nothing around
//! it before or after. Who runs may do that too, from one region to the next; rain hits most of them again and again.

/// Regions across and down.
const ACROSS: usize = 6;
const DOWN: usize = 4;
/// Seconds in which hits are forgotten.
const SECONDS: f32 = 5.0;
/// A region is cluttered if a larger part of the pictures hits it.
const HIT_PART: f32 = 0.1;
/// With pictures further apart than this, in seconds, who walks is somewhere else in each, too.
const ELAPSED_MAX: f32 = 0.3;

/// What part of the last pictures hit each region.
#[derive(Clone, Debug)]
pub(super) struct Clutter {
    regions: [f32; ACROSS * DOWN],
    /// Regions in which anything is looked at.
    watched: [bool; ACROSS * DOWN],
}

impl Clutter {
    /// No picture yet. `watched` are the places of the cells that are looked at, across and down from 0 to 1.
    pub(super) fn new(watched: impl Iterator<Item = (f32, f32)>) -> Self {
        Self { regions: [0.0; ACROSS * DOWN], watched: marked(watched) }
    }

    /// The next picture, after `elapsed` seconds, with the places of the cells that hit.
    pub(super) fn picture(&mut self, hits: impl Iterator<Item = (f32, f32)>, elapsed: f32) {
        if elapsed > ELAPSED_MAX {
            self.regions = [0.0; ACROSS * DOWN];
            return;
        }
        let share = 1.0 - (-elapsed / SECONDS).exp();
        for (part, hit) in self.regions.iter_mut().zip(marked(hits)) {
            *part += share * (f32::from(u8::from(hit)) - *part);
        }
    }

    /// Whether half of what is looked at is cluttered.
    pub(super) fn is_there(&self) -> bool {
        let watched = || self.regions.iter().zip(&self.watched).filter(|(_, watched)| **watched);
        let cluttered = watched().filter(|(part, _)| **part > HIT_PART).count();
        cluttered > 0 && 2 * cluttered >= watched().count()
    }
}

fn marked(places: impl Iterator<Item = (f32, f32)>) -> [bool; ACROSS * DOWN] {
    let mut regions = [false; ACROSS * DOWN];
    for (across, down) in places {
        let index = |part: f32, count: usize| ((part * count as f32) as usize).min(count - 1);
        if let Some(region) = regions.get_mut(index(down, DOWN) * ACROSS + index(across, ACROSS)) {
            *region = true;
        }
    }
    regions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everywhere() -> impl Iterator<Item = (f32, f32)> {
        (0..ACROSS * DOWN).map(|index| {
            ((index % ACROSS) as f32 / ACROSS as f32 + 0.05, (index / ACROSS) as f32 / DOWN as f32 + 0.05)
        })
    }

    #[test]
    fn rain_is_clutter_within_a_second_and_no_more_when_it_is_over() {
        let mut clutter = Clutter::new(everywhere());
        let pictures = (0..20).find(|_| {
            clutter.picture(everywhere(), 0.1);
            clutter.is_there()
        });
        assert!(pictures.is_some_and(|pictures| pictures < 10), "{pictures:?}");
        (0..150).for_each(|_| clutter.picture(std::iter::empty(), 0.1));
        assert!(!clutter.is_there());
    }

    #[test]
    fn who_runs_is_no_clutter() {
        let mut clutter = Clutter::new(everywhere());
        for number in 0..20 {
            let across = number as f32 / 20.0;
            clutter.picture([(across, 0.4), (across, 0.6), (across, 0.7)].into_iter(), 0.2);
            assert!(!clutter.is_there(), "{number}");
        }
    }

    #[test]
    fn pictures_far_apart_tell_nothing() {
        let mut clutter = Clutter::new(everywhere());
        (0..50).for_each(|_| clutter.picture(everywhere(), 0.5));
        assert!(!clutter.is_there());
    }
}
