//! Sensor noise: Gaussian, independent for each pixel and frame, luma only.

use super::picture::Picture;

/// A prime, so that rows that start at random places repeat no pattern.
const TABLE: usize = 65_521;
/// The widest picture (see `View::check`).
const ROW_MAX: usize = 1920;

/// Adds noise of one strength. The values come from a table, a row beginning anywhere in it: that is random enough for a
/// motion detector and costs 30 µs a frame.
pub(crate) struct Noise {
    table: Vec<i8>,
    random: fastrand::Rng,
}

impl Noise {
    /// `sigma` is the standard deviation in luma steps; it is held between 0 and 30.
    pub(crate) fn new(sigma: f32, seed: u64) -> Self {
        let sigma = if sigma.is_finite() { sigma.clamp(0.0, 30.0) } else { 0.0 };
        let mut random = fastrand::Rng::with_seed(seed);
        let table = (0..TABLE + ROW_MAX)
            .map(|_| {
                // The sum of twelve uniform values is nearly normal, with variance 1.
                let normal = (0..12).map(|_| random.f32()).sum::<f32>() - 6.0;
                (normal * sigma).round() as i8
            })
            .collect();
        Self { table, random }
    }

    pub(crate) fn add_to(&mut self, picture: &mut Picture) {
        let width = picture.width.max(1);
        for row in picture.y.chunks_mut(width) {
            let start = self.random.usize(..TABLE);
            let noise = self.table.get(start..).unwrap_or_default();
            for (value, noise) in row.iter_mut().zip(noise) {
                *value = value.saturating_add_signed(*noise);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_the_asked_strength_and_no_bias() {
        let mut picture = Picture::grey(640, 360);
        Noise::new(3.0, 1).add_to(&mut picture);
        let count = picture.y.len() as f64;
        let mean = picture.y.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
        let variance = picture.y.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / count;
        assert!((mean - 128.0).abs() < 0.1, "{mean}");
        assert!((variance.sqrt() - 3.0).abs() < 0.1, "{variance}");
    }

    #[test]
    fn frames_differ_and_silence_stays_silent() {
        let mut noise = Noise::new(2.0, 1);
        let (mut first, mut second) = (Picture::grey(64, 64), Picture::grey(64, 64));
        noise.add_to(&mut first);
        noise.add_to(&mut second);
        assert_ne!(first.y, second.y);
        let mut silent = Picture::grey(64, 64);
        Noise::new(f32::NAN, 1).add_to(&mut silent);
        assert_eq!(silent.y, Picture::grey(64, 64).y);
    }
}
