//! What a camera sees when nothing moves, and what differs from it.
//!
//! For each cell the scene keeps between which values it lies (`low`, `high`, mostly nearly the same) and how far it usually strays
//! from there (`noise`); all follow the picture slowly. A cell differs if it strays by more than a floor, lower in the dark, and by
//! more than a multiple of its noise. Five things that are not motion are taken out:
//!
//! - **Light.** A change that is one function of luma and place over most of the picture (a cloud, a lamp at one
//!   side, the camera's exposure) is fitted and removed. If it is large and sudden, or a great part differs even so
//!   (the infrared filter), it is a new scene: it is learnt, and nothing counts as motion meanwhile.
//! - **Key frames.** Encoders redraw the whole picture at each, with other errors than before, and may return to
//!   their former picture, at once, slowly or never. In cells that were still just before, `low` or `high` is moved
//!   to include what the key frame shows. Steps are believed up to a multiple of the usual step in this very
//!   picture, so that somebody who happens to come with a key frame is no such step.
//! - **Shaking.** A shift of the whole picture by a part of a cell is fitted to the slopes of the scene and removed. Nothing is learnt
//!   while it lasts, unless it stays.
//! - **Clutter.** Where things come and go from picture to picture all over the scene, as rain does, a cell counts only if it
//!   differed in two of the last three pictures.
//! - **Specks.** A differing cell counts only if it hangs together with others.

use super::Steps;
use super::cell::Cell;
use super::clutter::Clutter;
use super::grid::Grid;
use super::light::{Light, Place};
use super::shift::Shift;
use super::tracks::Blob;

/// Seconds in which `low` and `high` follow. Who stands still for longer becomes part of the scene.
const FOLLOW_SECONDS: f32 = 4.0;
/// Seconds in which `noise` follows.
const NOISE_SECONDS: f32 = 12.0;
/// The same where something moves: trees in the wind become noise, a passer-by does not.
const NOISE_SECONDS_ACTIVE: f32 = 90.0;
/// Steps at a key frame are taken for compression up to this many times the mean step.
const PULSE_FACTOR: f32 = 5.0;
/// And never beyond this, in luma.
const PULSE_MAX: f32 = 24.0;
/// A stream with key frames closer together than this has no pulses worth removing.
const PULSE_FRAMES_MIN: u32 = 5;
/// If a larger part of the picture differs at once, it is a new scene.
const NEW_SCENE_PART: f32 = 0.4;
/// A change of light between two pictures that is larger than this on average makes a new scene too, in luma:
/// what was at the ends of the scale, or will be, does not follow the rest.
const NEW_LIGHT: f32 = 12.0;
/// How far a cell strays at most, in multiples of its limit.
pub(super) const CELL_AMOUNT_MAX: f32 = 4.0;
/// How long a new scene is learnt, in seconds.
const LEARN_SECONDS: f32 = 1.5;

/// A camera that looks elsewhere for longer than this shakes no more, in seconds.
const ASKEW_SECONDS: f32 = 2.0;
/// A camera has shaken only if at least this part of the cells differs.
const SHIFT_PART_MIN: f32 = 0.005;

/// What differs in one picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Difference {
    /// Sum, over the cells that count, of how far they stray in multiples of their limit, at most [`CELL_AMOUNT_MAX`] each.
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

/// The scene of one camera.
#[derive(Debug)]
pub(super) struct Scene {
    limits: Limits,
    columns: usize,
    cells: Vec<Cell>,
    learning: f32,
    frames_since_key: u32,
    active_part: f32,
    /// Mean luma of the scene.
    luma: f32,
    residuals: Vec<f32>,
    reach: Vec<usize>,
    steps: Steps,
    clutter: Clutter,
    blobs: Vec<Blob>,
    /// What cells show when nothing moves.
    middles: Vec<f32>,
    /// What they show now, in place.
    values: Vec<f32>,
    /// How far off that may be, in luma.
    slack: Vec<f32>,
    /// Seconds since the camera looks elsewhere.
    askew: f32,
}

impl Scene {
    /// Begins with a picture. `excluded` says of each cell, by column and row, whether it is ignored.
    pub(super) fn new(
        limits: Limits,
        steps: Steps,
        grid: &Grid,
        excluded: impl Fn(usize, usize) -> bool,
    ) -> Self {
        let columns = grid.columns.max(1);
        let cell = |(index, value): (usize, &f32)| {
            Cell::new(*value, limits.floor, excluded(index % columns, index / columns))
        };
        let cells: Vec<Cell> = grid.cells.iter().enumerate().map(cell).collect();
        let place = |(index, _): (usize, &Cell)| part(index, columns, cells.len());
        let clutter = Clutter::new(cells.iter().enumerate().filter(|(_, cell)| !cell.excluded).map(place));
        Self {
            limits,
            columns,
            cells,
            learning: LEARN_SECONDS,
            frames_since_key: 0,
            active_part: 0.0,
            luma: 255.0,
            residuals: Vec::new(),
            reach: Vec::new(),
            steps,
            clutter,
            blobs: Vec::new(),
            middles: Vec::new(),
            values: Vec::new(),
            slack: Vec::new(),
            askew: 0.0,
        }
    }

    /// Whether a picture's grid fits this scene.
    pub(super) fn fits(&self, grid: &Grid) -> bool {
        self.columns == grid.columns.max(1) && self.cells.len() == grid.cells.len()
    }

    /// What comes may differ from what was, and is learnt.
    pub(super) fn learn_anew(&mut self) {
        self.learning = LEARN_SECONDS;
        self.active_part = 0.0;
    }

    /// Compares the next picture, `elapsed` seconds after the one before it, and learns from it.
    pub(super) fn look(&mut self, grid: &Grid, elapsed: f32, key: bool) -> Difference {
        let pulsed = key && self.frames_since_key >= PULSE_FRAMES_MIN;
        self.frames_since_key = if key { 0 } else { self.frames_since_key.saturating_add(1) };
        let new_light = self.relight(grid) > NEW_LIGHT;
        self.values.clone_from(&grid.cells);
        self.slack.clear();
        self.slack.resize(grid.cells.len(), 0.0);
        self.set_right(grid, elapsed);
        if pulsed {
            self.absorb_pulse();
        }
        self.compare();
        let active = self.cells.iter().filter(|cell| cell.active).count();
        let watched = self.cells.iter().filter(|cell| !cell.excluded).count().max(1);
        let part = active as f32 / watched as f32;
        let new_scene = part > NEW_SCENE_PART && self.active_part < NEW_SCENE_PART / 2.0;
        self.active_part = part;
        if new_scene || new_light {
            self.learning = LEARN_SECONDS;
        }
        self.note_clutter(elapsed);
        let difference = if self.learning > 0.0 {
            self.blobs.clear();
            Difference::default()
        } else {
            let cluttered = self.is_cluttered();
            // In clutter a cell counts if it differed in two of the last three pictures.
            self.connected(|cell| cell.active && (!cluttered || cell.history & 0b110 != 0))
        };
        self.learn(grid, elapsed);
        if key {
            self.keep_key(grid);
        }
        difference
    }

    /// What hung together in the last picture.
    pub(super) fn blobs(&self) -> &[Blob] {
        &self.blobs
    }

    /// The same, of which the smallest may be left out.
    pub(super) fn blobs_mut(&mut self) -> &mut Vec<Blob> {
        &mut self.blobs
    }

    /// Things come and go from picture to picture all over the scene, as rain does.
    pub(super) fn is_cluttered(&self) -> bool {
        self.clutter.is_there()
    }

    /// Counts what differed in the picture before and neither before that nor now, nor anything around it.
    fn note_clutter(&mut self, elapsed: f32) {
        for cell in &mut self.cells {
            cell.history = cell.history << 1 | u8::from(cell.active);
        }
        if !self.steps.clutter {
            return;
        }
        let alone = |index: usize| {
            let around = neighbours(index, self.columns).filter_map(|index| self.cells.get(index));
            around.fold(0, |history, cell| history | cell.history) & 0b101 == 0
        };
        let passed = |(index, cell): &(usize, &Cell)| cell.history & 0b111 == 0b010 && alone(*index);
        let place = |(index, _): (usize, &Cell)| part(index, self.columns, self.cells.len());
        self.clutter.picture(self.cells.iter().enumerate().filter(passed).map(place), elapsed);
    }

    /// Takes the shift of a camera that shakes out of what cells show.
    fn set_right(&mut self, grid: &Grid, elapsed: f32) {
        let differ = |(cell, value): &(&Cell, &f32)| {
            cell.stray(**value) > cell.limit(self.limits.floor, self.luma) && !cell.excluded
        };
        // A shift changes much of the picture; to look for one in a still scene would be in vain.
        let many = self.cells.iter().zip(&grid.cells).filter(differ).count();
        let askew = std::mem::take(&mut self.askew);
        if !self.steps.shift || (many as f32) < SHIFT_PART_MIN * self.cells.len() as f32 {
            return;
        }
        self.middles.clear();
        self.middles.extend(self.cells.iter().map(|cell| f32::midpoint(cell.low, cell.high)));
        let shift = Shift::fit(&self.middles, &grid.cells, self.columns);
        if !shift.is_none() {
            shift.take_out(&self.middles, &mut self.values, &mut self.slack, self.columns);
            self.askew = askew + elapsed;
        }
    }

    /// Whether what was seen last is known well enough to be watched by key frames only.
    pub(super) fn is_learnt(&self) -> bool {
        self.learning <= 0.0
    }

    /// Compares a key frame with the key frame before it, between which nothing was looked at. If nothing differs, the scene
    /// moves with it; else the scene stays as it was, for all between them to be looked at.
    pub(super) fn key_differs(&mut self, grid: &Grid) -> bool {
        let keys = self.cells.iter().map(|cell| cell.key);
        let light = Light::fit(&keys, &grid.cells, self.columns);
        self.residuals.clear();
        let (mut moved, mut active) = (0.0, 0_usize);
        for (index, (cell, value)) in self.cells.iter_mut().zip(&grid.cells).enumerate() {
            let expected = light.apply(cell.key, Place::of(index, self.columns));
            moved += (expected - cell.key).abs();
            let limit = cell.limit(self.limits.floor, self.luma);
            let residual = (expected.clamp(0.0, 255.0) - value).abs() / limit;
            cell.active = residual > 1.0 && !cell.excluded;
            active += usize::from(cell.active);
            self.residuals.push(residual);
        }
        let count = self.cells.len().max(1) as f32;
        let differs = self.connected(|cell| cell.active).cells > 0
            || moved / count > NEW_LIGHT
            || active as f32 / count > NEW_SCENE_PART / 2.0;
        if !differs {
            for (index, (cell, value)) in self.cells.iter_mut().zip(&grid.cells).enumerate() {
                // Sums of these steps are how far the key frames went in all: nothing wanders off.
                let expected = light.apply(cell.key, Place::of(index, self.columns));
                let step = value - expected;
                cell.low = light.apply(cell.low, Place::of(index, self.columns)) + step;
                cell.high = light.apply(cell.high, Place::of(index, self.columns)) + step;
            }
            self.keep_key(grid);
        }
        differs
    }

    /// All is looked at again, from behind the last key frame on.
    pub(super) fn wake(&mut self) {
        for cell in &mut self.cells {
            cell.active = false;
            // Far from what lies between, it is no pulse.
            cell.low = cell.low.min(cell.key.max(cell.low - PULSE_MAX));
            cell.high = cell.high.max(cell.key.min(cell.high + PULSE_MAX));
            cell.last = cell.key;
        }
        self.frames_since_key = 0;
        self.active_part = 0.0;
    }

    fn keep_key(&mut self, grid: &Grid) {
        for (cell, value) in self.cells.iter_mut().zip(&grid.cells) {
            cell.key = *value;
        }
    }

    /// Moves what the scene remembers to the light of the new picture. Returns how far, on average.
    fn relight(&mut self, grid: &Grid) -> f32 {
        let middles = self.cells.iter().map(|cell| f32::midpoint(cell.low, cell.high));
        let light = Light::fit(&middles, &grid.cells, self.columns);
        let (mut moved, mut sum) = (0.0, 0.0);
        for (index, cell) in self.cells.iter_mut().enumerate() {
            let place = Place::of(index, self.columns);
            let low = light.apply(cell.low, place);
            moved += (low - cell.low).abs();
            sum += low;
            cell.low = low;
            cell.high = light.apply(cell.high, place);
            cell.last = light.apply(cell.last, place);
            cell.key = light.apply(cell.key, place);
        }
        let count = self.cells.len().max(1) as f32;
        self.luma = sum / count;
        moved / count
    }

    fn absorb_pulse(&mut self) {
        let still = || self.cells.iter().zip(&self.values).filter(|(cell, _)| !cell.active);
        let sum: f32 = still().map(|(cell, value)| (value - cell.last).abs()).sum();
        let usual = sum / still().count().max(1) as f32;
        let limit = (usual * PULSE_FACTOR).min(PULSE_MAX);
        for (cell, value) in self.cells.iter_mut().zip(&self.values) {
            if !cell.active {
                cell.low = cell.low.min(value.max(cell.low - limit));
                cell.high = cell.high.max(value.min(cell.high + limit));
            }
        }
    }

    fn compare(&mut self) {
        self.residuals.clear();
        for ((cell, value), slack) in self.cells.iter_mut().zip(&self.values).zip(&self.slack) {
            let limit = cell.limit(self.limits.floor, self.luma) + slack;
            let residual = cell.stray(*value) / limit;
            cell.active = residual > 1.0 && !cell.excluded;
            self.residuals.push(residual);
        }
    }

    /// Finds the blobs: cells that count and hang together, diagonals included, with at least `cells_min` others.
    fn connected(&mut self, counts: impl Fn(&Cell) -> bool) -> Difference {
        let mut seen = vec![false; self.cells.len()];
        let mut total = Difference::default();
        self.blobs.clear();
        for start in 0..self.cells.len() {
            let mut blob = Blob::EMPTY;
            self.reach.clear();
            self.reach.push(start);
            while let Some(index) = self.reach.pop() {
                let (Some(cell), Some(seen)) = (self.cells.get(index), seen.get_mut(index)) else { continue };
                if *seen || !counts(cell) {
                    continue;
                }
                *seen = true;
                let amount = self.residuals.get(index).copied().unwrap_or(0.0).min(CELL_AMOUNT_MAX);
                blob.add(index % self.columns, index / self.columns, amount);
                self.reach.extend(neighbours(index, self.columns));
            }
            if blob.cells >= self.limits.cells_min {
                total.cells += blob.cells;
                total.amount += blob.amount;
                self.blobs.push(blob);
            }
        }
        total
    }

    fn learn(&mut self, grid: &Grid, elapsed: f32) {
        self.learning -= elapsed;
        // Who shakes comes back; who was knocked and stays askew sees another scene.
        if (f32::MIN_POSITIVE..ASKEW_SECONDS).contains(&self.askew) {
            return;
        }
        let share = |seconds: f32| 1.0 - (-elapsed / seconds).exp();
        let learning = self.learning + elapsed > 0.0;
        let follow_share = if learning { share(LEARN_SECONDS / 4.0) } else { share(FOLLOW_SECONDS) };
        let noise_share = share(if learning { LEARN_SECONDS } else { NOISE_SECONDS });
        let noise_share_active = share(NOISE_SECONDS_ACTIVE);
        for ((cell, raw), value) in self.cells.iter_mut().zip(&grid.cells).zip(&self.values) {
            let stray = cell.stray(*value);
            let noise_share = if cell.active && !learning { noise_share_active } else { noise_share };
            cell.noise += noise_share * (stray.min(3.0 * self.limits.floor) - cell.noise);
            cell.follow(*raw, follow_share);
            cell.last = *value;
        }
    }
}

/// How far across and down a cell is, from 0 to 1.
fn part(index: usize, columns: usize, cells: usize) -> (f32, f32) {
    ((index % columns) as f32 / columns as f32, (index / columns * columns) as f32 / cells.max(1) as f32)
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
        let mut scene =
            Scene::new(Limits { floor: 6.0, cells_min: 3 }, Steps::default(), &grid(textured()), |_, _| {
                false
            });
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
        let mut darker: Vec<f32> = textured().iter().map(|value| value * 0.93).collect();
        for index in [50, 51, 62, 63] {
            darker[index] += 40.0;
        }
        assert_eq!(scene().look(&grid(darker), 0.1, false).cells, 4);
    }

    #[test]
    fn in_the_dark_less_is_a_difference_unless_there_is_noise() {
        let brightened = |cells: &[f32]| {
            let mut cells = cells.to_vec();
            for index in [50, 51, 62, 63] {
                cells[index] += 4.0;
            }
            grid(cells)
        };
        let watched = |cells: &[f32], noise: f32| {
            let limits = Limits { floor: 6.0, cells_min: 3 };
            let mut scene = Scene::new(limits, Steps::default(), &grid(cells.to_vec()), |_, _| false);
            for number in 0..60 {
                let stray = |(index, luma): (usize, &f32)| luma + noise * ((index + number) * 7 % 3) as f32;
                scene.look(&grid(cells.iter().enumerate().map(stray).collect()), 0.1, false);
            }
            scene.look(&brightened(cells), 0.1, false).cells
        };
        let dark: Vec<f32> = textured().iter().map(|luma| 16.0 + (luma - 16.0) * 0.1).collect();
        assert_eq!((watched(&dark, 0.0), watched(&textured(), 0.0), watched(&dark, 2.0)), (4, 0, 0));
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
