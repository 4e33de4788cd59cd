//! Scenes made from one frame of the footage: luma with noise, changing light, compression pulses, a moving block.

use ownsight_camera::{Detector, MotionChange, MotionConfig, TICKS_PER_SECOND};

use super::footage;

pub(crate) const WIDTH: usize = 256;
pub(crate) const HEIGHT: usize = 192;
/// Frames from one key frame to the next.
const GROUP: usize = 20;
/// Values of noise that are made once and then taken from a random place on.
const NOISES: usize = 1 << 20;

/// Where a block is in a frame: its left and upper border and its side, in pixels.
pub(crate) type Block = Box<dyn Fn(usize) -> Option<(usize, usize, usize)>>;

/// What happens in a scene, frame by frame, ten a second.
pub(crate) struct Scene {
    pub(crate) still: Vec<f32>,
    pub(crate) noises: Vec<f32>,
    pub(crate) rng: fastrand::Rng,
    /// Deviation of the noise of a pixel.
    pub(crate) noise: f32,
    /// What light does to a pixel: frame, column, row, luma.
    pub(crate) light: Box<dyn Fn(usize, usize, usize, f32) -> f32>,
    /// Deviation of the step of an 8x8 block at a key frame, and what remains of it from frame to frame.
    pub(crate) pulse: (f32, f32),
    /// A block that is brighter by 35 than what is behind it.
    pub(crate) block: Block,
    pub(crate) pulses: Vec<f32>,
}

impl Scene {
    /// A still scene without noise.
    pub(crate) fn new(seed: u64) -> Self {
        let (pictures, _) = footage::decode(&footage::units()[..8]);
        let first = &pictures[0];
        let still = (0..WIDTH * HEIGHT)
            .map(|index| {
                let (x, y) = (index % WIDTH * 3, index / WIDTH * 3);
                let row = |y: usize| &first.pixels[y * first.width + x..][..3];
                (y..y + 3).flat_map(row).map(|pixel| f32::from(*pixel)).sum::<f32>() / 9.0
            })
            .collect();
        let mut rng = fastrand::Rng::with_seed(seed);
        let noises = (0..NOISES).map(|_| (0..12).map(|_| rng.f32()).sum::<f32>() - 6.0).collect();
        Self {
            still,
            noises,
            rng,
            noise: 0.0,
            light: Box::new(|_, _, _, luma| luma),
            pulse: (0.0, 0.0),
            block: Box::new(|_| None),
            pulses: vec![0.0; WIDTH / 8 * (HEIGHT / 8)],
        }
    }

    /// The luma of the frame with this number.
    fn frame(&mut self, number: usize) -> Vec<u8> {
        let key = number.is_multiple_of(GROUP);
        for pulse in &mut self.pulses {
            let step = self.noises[self.rng.usize(..NOISES)] * self.pulse.0;
            *pulse = if key { step } else { *pulse * self.pulse.1 };
        }
        let block = (self.block)(number);
        let start = self.rng.usize(..NOISES - WIDTH * HEIGHT);
        let noises = &self.noises[start..];
        let pixel = |(index, still): (usize, &f32)| {
            let (x, y) = (index % WIDTH, index / WIDTH);
            let mut luma = (self.light)(number, x, y, *still);
            if block.is_some_and(|(left, top, side)| {
                (left..left + side).contains(&x) && (top..top + side).contains(&y)
            }) {
                luma += 35.0;
            }
            luma += self.pulses[y / 8 * (WIDTH / 8) + x / 8] + noises[index] * self.noise;
            luma.round().clamp(0.0, 255.0) as u8
        };
        self.still.iter().enumerate().map(pixel).collect()
    }

    /// Lets a detector look at so many frames. Returns the frames at which motion began.
    pub(crate) fn watch(&mut self, config: MotionConfig, frames: usize) -> Vec<usize> {
        let mut detector = Detector::new(config);
        let mut starts = Vec::new();
        for number in 0..frames {
            let luma = self.frame(number);
            let pts = number as i64 * TICKS_PER_SECOND / 10;
            let update = detector.luma(&luma, WIDTH, WIDTH, HEIGHT, pts, number.is_multiple_of(GROUP));
            if let Some(MotionChange::Started(since)) = update.change {
                starts.push((since * 10 / TICKS_PER_SECOND) as usize);
            }
        }
        starts
    }
}
