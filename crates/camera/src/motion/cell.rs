//! One cell of a scene: between which values it lies when nothing moves, and how far it must stray to differ.

/// Where luma is no further above black than this, the floor is lower: what differs is as much darker as the light is.
const LIGHT_LUMA: f32 = 50.0;
/// Luma of black.
const BLACK: f32 = 16.0;
/// And this part of the floor remains in any darkness; noise is what sets the limit there.
const FLOOR_PART_MIN: f32 = 0.4;
/// `noise` is a mean deviation; this many of them are a difference.
const NOISE_FACTOR: f32 = 4.5;

#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) low: f32,
    pub(super) high: f32,
    pub(super) noise: f32,
    pub(super) last: f32,
    /// What the last key frame showed, in the light of now.
    pub(super) key: f32,
    pub(super) active: bool,
    /// Whether it differed in the last pictures, the newest in the lowest bit.
    pub(super) history: u8,
    pub(super) excluded: bool,
}

impl Cell {
    /// A cell that was seen once.
    pub(super) fn new(value: f32, floor: f32, excluded: bool) -> Self {
        Self {
            low: value,
            high: value,
            noise: floor / NOISE_FACTOR,
            last: value,
            key: value,
            active: false,
            history: 0,
            excluded,
        }
    }

    /// How far a value is from what the cell shows when nothing moves. Luma ends at 0 and 255, whatever the light
    /// that it is corrected by.
    pub(super) fn stray(&self, value: f32) -> f32 {
        (self.low.clamp(0.0, 255.0) - value).max(value - self.high.clamp(0.0, 255.0)).max(0.0)
    }

    /// How far it must stray to differ, in a picture of so much luma on average. A bright place in a dark picture has no lower
    /// floor, nor has a dark one in a bright picture.
    pub(super) fn limit(&self, floor: f32, luma: f32) -> f32 {
        let luma = f32::midpoint(self.low, self.high).max(luma);
        let light = ((luma - BLACK) / LIGHT_LUMA).clamp(FLOOR_PART_MIN, 1.0);
        (self.noise * NOISE_FACTOR).max(floor * light)
    }

    pub(super) fn follow(&mut self, value: f32, share: f32) {
        self.low += share * (value - self.low.clamp(0.0, 255.0));
        self.high += share * (value - self.high.clamp(0.0, 255.0));
    }
}
