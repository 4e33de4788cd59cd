//! Everybody in the footage is found where he is, at each whole second that was looked up by eye.

use ownsight_camera::{Area, Detector, MotionConfig};

use crate::support::appearances::{Sight, appearances};
use crate::support::footage;

/// Who is not touched by motion within a fifth of a second, by a quarter of his box at least.
fn missed(pictures: &[footage::Luma], sights: &[Sight], config: MotionConfig) -> Vec<(char, usize)> {
    let mut detector = Detector::new(config);
    let look = |(number, luma): (usize, &footage::Luma)| {
        let height = luma.pixels.len() / luma.width;
        detector.luma(&luma.pixels, luma.width, luma.width, height, luma.pts, number.is_multiple_of(20));
        detector.moving().collect()
    };
    let seen: Vec<Vec<Area>> = pictures.iter().enumerate().map(look).collect();
    let touched = |sight: &&Sight| {
        let frame = sight.second * 10;
        let mut areas = seen[frame - 2..seen.len().min(frame + 3)].iter().flatten();
        areas.any(|area| sight.part_in(area) >= 0.25)
    };
    sights.iter().filter(|sight| !touched(sight)).map(|sight| (sight.who, sight.second)).collect()
}

#[test]
fn everybody_in_the_footage_is_found_where_he_is() {
    let (pictures, _) = footage::decode(&footage::units());
    // The scene is learnt in the first one and a half seconds.
    let sights: Vec<Sight> = appearances().into_iter().filter(|sight| sight.second >= 2).collect();
    assert!(sights.len() > 450, "{}", sights.len());
    let found = missed(&pictures, &sights, MotionConfig::default());
    assert!(found.len() * 100 <= sights.len(), "{found:?}");
    // A detector that sees less is caught.
    let blind = MotionConfig { size_min: 0.01, ..MotionConfig::default() };
    assert!(missed(&pictures, &sights, blind).len() * 10 > sights.len());
}
