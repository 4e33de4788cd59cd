//! What a camera sees when nothing moves, and what differs from it.
//!
//! For each cell the scene keeps how it looks (`mean`) and how far it usually strays (`noise`); both follow the
//! picture slowly. A cell differs if it strays by more than a floor and by more than a multiple of its noise.
//! Three things that are not motion are taken out:
//!
//! - **Light.** A change that is the same affine function of luma over most of the picture (a cloud, the camera's
//!   exposure) is fitted and removed. If most cells differ even so, at once (a lamp, the infrared filter), it is a
//!   new scene: it is learnt, and nothing counts as motion meanwhile.
//! - **Key frames.** Encoders redraw the whole picture at each, with other errors than before. In cells that were
//!   still just before, the step at a key frame is added to the mean, up to a limit, and raises the cell's limit
//!   for some frames while the encoder returns to its former picture.
//! - **Specks.** A differing cell counts only if it hangs together with others.

use super::grid::Grid;

/// Seconds in which `mean` follows. Who stands still for longer becomes part of the scene.
const MEAN_SECONDS: f32 = 4.0;
/// Seconds in which `noise` follows.
const NOISE_SECONDS: f32 = 12.0;
/// The same where something moves: trees in the wind become noise, a passer-by does not.
const NOISE_SECONDS_ACTIVE: f32 = 90.0;
/// `noise` is a mean deviation; this many of them are a difference.
const NOISE_FACTOR: f32 = 4.5;
/// Largest step at a key frame that is taken for compression, in luma.
const PULSE_MAX: f32 = 12.0;
/// What remains of a key frame's raised limit from one frame to the next.
const PULSE_DECAY: f32 = 0.9;
/// A stream with key frames closer together than this has no pulses worth removing.
const PULSE_FRAMES_MIN: u32 = 5;
/// If a larger part of the picture differs at once, it is a new scene.
const NEW_SCENE_PART: f32 = 0.5;
/// How long a new scene is learnt, in seconds.
const LEARN_SECONDS: f32 = 1.5;

/// What differs in one picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Difference {
    /// Sum, over the cells that count, of how far they stray in multiples of their limit (at most 4 each).
    pub(super) amount: f32,
    /// Cells that count.
    pub(super) cells: usize,
}

/// How sensitive a scene is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Luma by which a cell must stray at least.
    pub(super) floor: f32,
    /// Cells that must hang together.
    pub(super) cells_min: usize,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    mean: f32,
    noise: f32,
    pulse: f32,
    last: f32,
    active: bool,
    excluded: bool,
}

/// The scene of one camera.
#[derive(Debug)]
pub(super) struct Scene {
    limits: Limits,
    columns: usize,
    cells: Vec<Cell>,
    learning: f32,
    frames_since_key: u32,
    active_part: f32,
    residuals: Vec<f32>,
    reach: Vec<usize>,
}

impl Scene {
    /// Begins with a picture. `excluded` says of each cell, by column and row, whether it is ignored.
    pub(super) fn new(limits: Limits, grid: &Grid, excluded: impl Fn(usize, usize) -> bool) -> Self {
        let columns = grid.columns.max(1);
        let cell = |(index, value): (usize, &f32)| Cell {
            mean: *value,
            noise: limits.floor / NOISE_FACTOR,
            pulse: 0.0,
            last: *value,
            active: false,
            excluded: excluded(index % columns, index / columns),
        };
        Self {
            limits,
            columns,
            cells: grid.cells.iter().enumerate().map(cell).collect(),
            learning: LEARN_SECONDS,
            frames_since_key: 0,
            active_part: 0.0,
            residuals: Vec::new(),
            reach: Vec::new(),
        }
    }

    /// Whether a picture's grid fits this scene.
    pub(super) fn fits(&self, grid: &Grid) -> bool {
        self.columns == grid.columns.max(1) && self.cells.len() == grid.cells.len()
    }

    /// Compares the next picture, `elapsed` seconds after the one before it, and learns from it.
    pub(super) fn look(&mut self, grid: &Grid, elapsed: f32, key: bool) -> Difference {
        let pulsed = key && self.frames_since_key >= PULSE_FRAMES_MIN;
        self.frames_since_key = if key { 0 } else { self.frames_since_key.saturating_add(1) };
        let light = Light::fit(&self.cells, &grid.cells);
        self.relight(light);
        if pulsed {
            self.absorb_pulse(grid);
        }
        self.compare(grid);
        let active = self.cells.iter().filter(|cell| cell.active).count();
        let watched = self.cells.iter().filter(|cell| !cell.excluded).count().max(1);
        let part = active as f32 / watched as f32;
        let new_scene = part > NEW_SCENE_PART && self.active_part < NEW_SCENE_PART / 2.0;
        self.active_part = part;
        if new_scene {
            self.learning = LEARN_SECONDS;
        }
        let difference = if self.learning > 0.0 { Difference::default() } else { self.connected() };
        self.learn(grid, elapsed);
        difference
    }

    /// Moves means, and what the last picture was, to the light of the new picture.
    fn relight(&mut self, light: Light) {
        for cell in &mut self.cells {
            cell.mean = light.apply(cell.mean);
            cell.last = light.apply(cell.last);
        }
    }

    fn absorb_pulse(&mut self, grid: &Grid) {
        for (cell, value) in self.cells.iter_mut().zip(&grid.cells) {
            if !cell.active {
                let step = (value - cell.last).clamp(-PULSE_MAX, PULSE_MAX);
                cell.mean += step;
                cell.pulse = cell.pulse.max(step.abs());
            }
        }
    }

    fn compare(&mut self, grid: &Grid) {
        self.residuals.clear();
        for (cell, value) in self.cells.iter_mut().zip(&grid.cells) {
            let limit = (cell.noise * NOISE_FACTOR).max(self.limits.floor) + cell.pulse;
            let residual = (value - cell.mean).abs() / limit;
            cell.active = residual > 1.0 && !cell.excluded;
            self.residuals.push(residual);
        }
    }

    /// Sums up the cells that hang together, diagonals included, with at least `cells_min` others.
    fn connected(&mut self) -> Difference {
        let mut seen = vec![false; self.cells.len()];
        let mut total = Difference::default();
        for start in 0..self.cells.len() {
            let mut part = Difference::default();
            self.reach.clear();
            self.reach.push(start);
            while let Some(index) = self.reach.pop() {
                let (Some(cell), Some(seen)) = (self.cells.get(index), seen.get_mut(index)) else { continue };
                if *seen || !cell.active {
                    continue;
                }
                *seen = true;
                part.cells += 1;
                part.amount += self.residuals.get(index).copied().unwrap_or(0.0).min(4.0);
                self.reach.extend(neighbours(index, self.columns));
            }
            if part.cells >= self.limits.cells_min {
                total.cells += part.cells;
                total.amount += part.amount;
            }
        }
        total
    }

    fn learn(&mut self, grid: &Grid, elapsed: f32) {
        let share = |seconds: f32| 1.0 - (-elapsed / seconds).exp();
        let learning = self.learning > 0.0;
        let mean_share = if learning { share(LEARN_SECONDS / 4.0) } else { share(MEAN_SECONDS) };
        let noise_share = share(if learning { LEARN_SECONDS } else { NOISE_SECONDS });
        let noise_share_active = share(NOISE_SECONDS_ACTIVE);
        for (cell, value) in self.cells.iter_mut().zip(&grid.cells) {
            let stray = (value - cell.mean).abs();
            let noise_share = if cell.active && !learning { noise_share_active } else { noise_share };
            cell.noise += noise_share * (stray.min(3.0 * self.limits.floor) - cell.noise);
            cell.mean += mean_share * (value - cell.mean);
            cell.pulse *= PULSE_DECAY;
            cell.last = *value;
        }
        self.learning -= elapsed;
    }
}

fn neighbours(index: usize, columns: usize) -> impl Iterator<Item = usize> {
    let column = index % columns;
    let left = usize::from(column > 0);
    let right = usize::from(column + 1 < columns);
    [index.checked_sub(columns), Some(index), index.checked_add(columns)]
        .into_iter()
        .flatten()
        .flat_map(move |middle| middle - left..=middle + right)
}

/// A change of light: luma becomes `gain` times itself plus `offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Light {
    gain: f32,
    offset: f32,
}

impl Light {
    const SAME: Self = Self { gain: 1.0, offset: 0.0 };

    fn apply(self, value: f32) -> f32 {
        self.gain * value + self.offset
    }

    /// Fits the change from the scene to a picture by least squares; twice, the second time without the cells
    /// that the first fit explains worst: those are what moves.
    fn fit(cells: &[Cell], values: &[f32]) -> Self {
        let first = Self::fit_where(cells, values, |_, _| true);
        let mut errors: Vec<f32> =
            cells.iter().zip(values).map(|(cell, value)| (first.apply(cell.mean) - value).abs()).collect();
        let middle = errors.len() / 2;
        if errors.is_empty() {
            return Self::SAME;
        }
        let (_, median, _) = errors.select_nth_unstable_by(middle, f32::total_cmp);
        let limit = (*median * 3.0).max(0.5);
        Self::fit_where(cells, values, |cell, value| (first.apply(cell.mean) - value).abs() <= limit)
    }

    fn fit_where(cells: &[Cell], values: &[f32], keep: impl Fn(&Cell, f32) -> bool) -> Self {
        let (mut count, mut x, mut y, mut xx, mut xy) = (0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64);
        for (cell, value) in cells.iter().zip(values) {
            if keep(cell, *value) {
                let (mean, value) = (f64::from(cell.mean), f64::from(*value));
                count += 1.0;
                x += mean;
                y += value;
                xx += mean * mean;
                xy += mean * value;
            }
        }
        if count < 1.0 {
            return Self::SAME;
        }
        let spread = xx - x * x / count;
        // A picture without contrast says nothing of gain.
        let gain = if spread < count { 1.0 } else { ((xy - x * y / count) / spread).clamp(0.25, 4.0) };
        Self { gain: gain as f32, offset: ((y - gain * x) / count) as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(cells: Vec<f32>) -> Grid {
        Grid { columns: 12, rows: cells.len() / 12, cells }
    }

    fn textured() -> Vec<f32> {
        (0..120).map(|index| 40.0 + (index * 37 % 150) as f32).collect()
    }

    fn scene() -> Scene {
        let mut scene = Scene::new(Limits { floor: 6.0, cells_min: 3 }, &grid(textured()), |_, _| false);
        for _ in 0..30 {
            assert_eq!(scene.look(&grid(textured()), 0.1, false), Difference::default());
        }
        scene
    }

    #[test]
    fn three_cells_together_are_found_and_two_are_not() {
        let mut cells = textured();
        cells[50] += 40.0;
        cells[51] += 40.0;
        assert_eq!(scene().look(&grid(cells.clone()), 0.1, false).cells, 0);
        cells[63] += 40.0;
        assert_eq!(scene().look(&grid(cells), 0.1, false).cells, 3);
    }

    #[test]
    fn cells_at_opposite_borders_do_not_hang_together() {
        let mut cells = textured();
        for index in [11, 12, 23, 24] {
            cells[index] += 40.0;
        }
        assert_eq!(scene().look(&grid(cells), 0.1, false).cells, 0);
    }

    #[test]
    fn a_change_of_exposure_is_no_difference() {
        let darker = textured().iter().map(|value| value * 0.7 - 3.0).collect();
        assert_eq!(scene().look(&grid(darker), 0.1, false), Difference::default());
    }

    #[test]
    fn a_change_of_exposure_does_not_hide_what_moves() {
        let mut darker: Vec<f32> = textured().iter().map(|value| value * 0.8).collect();
        for index in [50, 51, 62, 63] {
            darker[index] += 40.0;
        }
        assert_eq!(scene().look(&grid(darker), 0.1, false).cells, 4);
    }

    #[test]
    fn a_new_scene_is_learnt() {
        let mut scene = scene();
        let other: Vec<f32> = (0..120).map(|index| 40.0 + (index * 71 % 150) as f32).collect();
        for _ in 0..100 {
            assert_eq!(scene.look(&grid(other.clone()), 0.1, false), Difference::default());
        }
    }

    #[test]
    fn a_pulse_at_a_key_frame_is_no_difference() {
        let mut scene = scene();
        let pulse: Vec<f32> = textured()
            .iter()
            .enumerate()
            .map(|(index, value)| value + (index * 13 % 17) as f32 - 8.0)
            .collect();
        assert_eq!(scene.look(&grid(pulse), 0.1, true).cells, 0);
        for _ in 0..19 {
            assert_eq!(scene.look(&grid(textured()), 0.1, false).cells, 0);
        }
    }
}
