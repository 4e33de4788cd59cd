//! Changes of light: what they do to a whole picture.

/// Where a cell is, in cells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    x: f32,
    y: f32,
}

impl Place {
    /// Of the cell with this index.
    pub(super) fn of(index: usize, columns: usize) -> Self {
        Self { x: (index % columns) as f32, y: (index / columns) as f32 }
    }
}

/// A change of light: luma becomes `gain` times itself, plus something that changes evenly over the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Light {
    gain: f32,
    offset: f32,
    across: f32,
    down: f32,
}

/// Contrast is noise if cells stray from their mean by less than this, squared.
const SPREAD_MIN: f64 = 1.0;
/// Cells whose error is this many times the median are what moves, not light.
const ERRORS_MAX: f32 = 3.0;

/// As many cells, evenly spread, are enough to fit four numbers.
const CELLS: usize = 1500;

impl Light {
    const SAME: Self = Self { gain: 1.0, offset: 0.0, across: 0.0, down: 0.0 };

    /// What luma `value` at a place becomes.
    pub(super) fn apply(self, value: f32, place: Place) -> f32 {
        self.gain * value + self.offset + self.across * place.x + self.down * place.y
    }

    /// Fits the change from `before` to `after` by least squares; twice, the second time without the cells that
    /// the first fit explains worst.
    pub(super) fn fit(before: &(impl Iterator<Item = f32> + Clone), after: &[f32], columns: usize) -> Self {
        let step = (after.len() / CELLS).max(1);
        let cells = || {
            let pairs = before.clone().zip(after).enumerate().step_by(step);
            pairs.map(|(index, (before, after))| (Place::of(index, columns), before, *after))
        };
        let first = Self::fit_to(cells());
        let error = |(place, before, after): (Place, f32, f32)| (first.apply(before, place) - after).abs();
        let mut errors: Vec<f32> = cells().map(error).collect();
        let middle = errors.len() / 2;
        if errors.is_empty() {
            return Self::SAME;
        }
        let (_, median, _) = errors.select_nth_unstable_by(middle, f32::total_cmp);
        let limit = (*median * ERRORS_MAX).max(0.5);
        Self::fit_to(cells().filter(|cell| error(*cell) <= limit))
    }

    fn fit_to(cells: impl Iterator<Item = (Place, f32, f32)>) -> Self {
        // Normal equations of after = gain * before + offset + across * x + down * y.
        let mut equations = [[0.0_f64; 5]; 4];
        for (place, before, after) in cells {
            let terms = [1.0, f64::from(place.x), f64::from(place.y), f64::from(before), f64::from(after)];
            for (equation, factor) in equations.iter_mut().zip(terms) {
                for (sum, term) in equation.iter_mut().zip(terms) {
                    *sum += factor * term;
                }
            }
        }
        let count = equations[0][0];
        if count < 1.0 {
            return Self::SAME;
        }
        let flat = equations[3][3] - equations[3][0] * equations[3][0] / count < SPREAD_MIN * count;
        if flat {
            // A picture without contrast says nothing of gain.
            let offset = (equations[0][4] - equations[0][3]) / count;
            return Self { offset: offset as f32, ..Self::SAME };
        }
        match solve(equations) {
            Some([offset, across, down, gain]) if (0.2..5.0).contains(&gain) => {
                Self { gain: gain as f32, offset: offset as f32, across: across as f32, down: down as f32 }
            }
            _ => Self::SAME,
        }
    }
}

/// Solves four equations by elimination with pivoting. `None`: they do not determine one solution.
#[expect(clippy::indexing_slicing, reason = "all indices are below four, the length of the arrays")]
fn solve(mut equations: [[f64; 5]; 4]) -> Option<[f64; 4]> {
    for column in 0..4 {
        let pivot = (column..4)
            .max_by(|a, b| equations[*a][column].abs().total_cmp(&equations[*b][column].abs()))
            .filter(|row| equations[*row][column].abs() > 1e-9)?;
        equations.swap(column, pivot);
        let pivot = equations[column];
        for row in (0..4).filter(|row| *row != column) {
            let factor = equations[row][column] / pivot[column];
            for (value, pivot) in equations[row].iter_mut().zip(pivot) {
                *value -= factor * pivot;
            }
        }
    }
    Some(std::array::from_fn(|row| equations[row][4] / equations[row][row]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: usize = 12;

    fn before() -> Vec<f32> {
        (0..120).map(|index| 40.0 + (index * 37 % 150) as f32).collect()
    }

    fn fitted(after: &[f32]) -> Light {
        Light::fit(&before().into_iter(), after, COLUMNS)
    }

    fn assert_near(light: Light, expected: Light) {
        let near = |a: f32, b: f32| (a - b).abs() < 0.01;
        let parts = near(light.gain, expected.gain) && near(light.offset, expected.offset);
        assert!(parts && near(light.across, expected.across) && near(light.down, expected.down), "{light:?}");
    }

    #[test]
    fn a_change_is_found_in_spite_of_what_moves() {
        let light = Light { gain: 0.7, offset: 12.0, across: -1.5, down: 0.5 };
        let mut after: Vec<f32> = before()
            .into_iter()
            .enumerate()
            .map(|(index, value)| light.apply(value, Place::of(index, COLUMNS)))
            .collect();
        assert_near(fitted(&after), light);
        for index in [30, 31, 32, 42, 43, 44] {
            after[index] += 50.0;
        }
        assert_near(fitted(&after), light);
    }

    #[test]
    fn pictures_that_say_nothing_change_nothing_but_brightness() {
        let grey = Light::fit(&std::iter::repeat_n(80.0, 120), &[90.0; 120], COLUMNS);
        assert_near(grey, Light { offset: 10.0, ..Light::SAME });
        assert_near(Light::fit(&std::iter::empty(), &[], COLUMNS), Light::SAME);
        assert_near(Light::fit(&[50.0, 90.0].into_iter(), &[90.0, 50.0], COLUMNS), Light::SAME);
    }
}
