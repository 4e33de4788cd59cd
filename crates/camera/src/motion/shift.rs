//! A camera that shakes: the whole picture shifts by a part of a cell.
//!
//! Where a picture shifts by little, each cell changes by its slope times the shift. So the shift is what a least-squares fit of
//! the changes to the slopes gives, if it explains most of them. Somebody who walks changes few cells and has no slope in common
//! with the rest: he is not explained.

/// How far a picture shifted, in cells, to the right and down.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Shift {
    right: f32,
    down: f32,
}

/// As many cells, evenly spread, are enough to tell whether there is a shift.
const CELLS: usize = 1500;
/// A fit must explain this part of the squares of what changed.
const EXPLAINED_MIN: f32 = 0.3;
/// A shift of less is none, in cells.
const SHIFT_MIN: f32 = 0.03;
/// Shifts further than this change cells by more than slopes tell.
const SHIFT_MAX: f32 = 1.5;
/// Changes that are this many times the median are what moves in the picture, not the picture.
const ERRORS_MAX: f32 = 6.0;
/// What is finer than a cell changes it otherwise than its slope tells: by up to this much of the contrast around it, for each cell
/// of shift.
const UNTOLD: f32 = 4.0;
/// And by no more than so much of the contrast: all of it may come into a cell where the slope says that some goes.
const UNTOLD_MAX: f32 = 1.5;

impl Shift {
    /// Fits the shift from `before` to `after`, both `columns` wide and of the same light.
    pub(super) fn fit(before: &[f32], after: &[f32], columns: usize) -> Self {
        // Not the same columns in each row, as widths are mostly even.
        let step = (before.len() / CELLS).max(1) | 1;
        // Somebody near may change more than the shift does: he is in the first fit still.
        let Some((first, _)) = Self::fit_to(cells(before, after, columns, step)) else {
            return Self::default();
        };
        let mut errors: Vec<f32> =
            cells(before, after, columns, step).map(|cell| first.error(&cell).abs()).collect();
        let middle = errors.len() / 2;
        if errors.is_empty() {
            return Self::default();
        }
        let usual = *errors.select_nth_unstable_by(middle, f32::total_cmp).1 * ERRORS_MAX;
        // What moves by itself is left out once it is known about how far the rest shifted.
        let fits =
            |shift: Self| move |cell: &Cell| shift.error(cell).abs() <= usual + shift.slack(&cell.around);
        match Self::fit_to(cells(before, after, columns, step).filter(fits(first))) {
            Some((second, explained)) if second.is_one() && explained >= EXPLAINED_MIN => {
                // It is one: now by all cells.
                let all = Self::fit_to(cells(before, after, columns, 1).filter(fits(second)));
                all.map_or(second, |(shift, _)| shift)
            }
            _ => Self::default(),
        }
    }

    fn is_one(self) -> bool {
        (SHIFT_MIN..=SHIFT_MAX).contains(&self.right.hypot(self.down))
    }

    /// A shift, and the part of the squares of what changed that it explains. `None`: no slope tells anything.
    fn fit_to(cells: impl Iterator<Item = Cell>) -> Option<(Self, f32)> {
        let (mut xx, mut xy, mut yy, mut xc, mut yc, mut cc) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for Cell { around, change } in cells {
            let (across, along) = (around.across(), around.along());
            xx += across * across;
            xy += across * along;
            yy += along * along;
            xc += across * change;
            yc += along * change;
            cc += change * change;
        }
        let determinant = xx * yy - xy * xy;
        if determinant <= 1e-3 * xx * yy || cc <= 0.0 {
            return None;
        }
        // A picture that shifts to the right shows what was at the left.
        let shift =
            Self { right: -(xc * yy - yc * xy) / determinant, down: -(yc * xx - xc * xy) / determinant };
        let explained = -(shift.right * xc + shift.down * yc) / cc;
        Some((shift, explained))
    }

    fn error(self, cell: &Cell) -> f32 {
        cell.change + self.told(&cell.around)
    }

    fn told(self, around: &Around) -> f32 {
        self.right * around.across() + self.down * around.along()
    }

    fn slack(self, around: &Around) -> f32 {
        let part = |shift: f32| (UNTOLD * shift.abs()).min(UNTOLD_MAX);
        part(self.right) * around.contrast_across() + part(self.down) * around.contrast_along()
    }

    /// Whether there is any.
    pub(super) fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Takes the shift out of `after`, as far as the slopes of `before` tell it, and writes into `slack` how far off each cell
    /// may be then.
    pub(super) fn take_out(self, before: &[f32], after: &mut [f32], slack: &mut [f32], columns: usize) {
        for (index, (value, slack)) in after.iter_mut().zip(slack).enumerate() {
            let around = Around::of(before, index, columns);
            *value += self.told(&around);
            // What comes in at a border was never seen.
            let border = index % columns == 0
                || index % columns == columns - 1
                || index < columns
                || index + columns >= before.len();
            *slack = if border { f32::INFINITY } else { self.slack(&around) };
        }
    }
}

/// How a cell changed, and what was around it.
struct Cell {
    around: Around,
    change: f32,
}

/// Each `step`-th cell.
fn cells(before: &[f32], after: &[f32], columns: usize, step: usize) -> impl Iterator<Item = Cell> {
    let cell = move |(index, (old, new)): (usize, (&f32, &f32))| Cell {
        around: Around::of(before, index, columns),
        change: new - old,
    };
    before.iter().zip(after).enumerate().step_by(step).map(cell)
}

/// A cell and its four neighbours; at a border the cell itself stands for the one that is missing.
struct Around {
    here: f32,
    left: f32,
    right: f32,
    above: f32,
    below: f32,
}

impl Around {
    fn of(cells: &[f32], index: usize, columns: usize) -> Self {
        let here = cells.get(index).copied().unwrap_or_default();
        let at = |index: Option<usize>| index.and_then(|index| cells.get(index)).copied().unwrap_or(here);
        let column = index % columns;
        Self {
            here,
            left: at(index.checked_sub(1).filter(|_| column > 0)),
            right: at(Some(index + 1).filter(|_| column + 1 < columns)),
            above: at(index.checked_sub(columns)),
            below: at(index.checked_add(columns)),
        }
    }

    fn across(&self) -> f32 {
        (self.right - self.left) / 2.0
    }

    fn along(&self) -> f32 {
        (self.below - self.above) / 2.0
    }

    fn contrast_across(&self) -> f32 {
        (self.here - self.left).abs().max((self.right - self.here).abs())
    }

    fn contrast_along(&self) -> f32 {
        (self.here - self.above).abs().max((self.below - self.here).abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: usize = 40;

    /// A soft landscape, shifted by so many cells.
    fn landscape(right: f32, down: f32) -> Vec<f32> {
        let luma = |index: usize| {
            let (x, y) = ((index % COLUMNS) as f32 - right, (index / COLUMNS) as f32 - down);
            100.0 + 40.0 * (x / 3.0).sin() * (y / 4.0).cos() + 20.0 * (x / 7.0 + y / 5.0).sin()
        };
        (0..COLUMNS * 30).map(luma).collect()
    }

    #[test]
    fn a_shift_is_found_and_taken_out() {
        for (right, down) in [(0.25, 0.0), (0.5, -0.25), (-0.1, 0.3)] {
            let (before, mut after) = (landscape(0.0, 0.0), landscape(right, down));
            let shift = Shift::fit(&before, &after, COLUMNS);
            assert!((shift.right - right).abs() < 0.05 && (shift.down - down).abs() < 0.05, "{shift:?}");
            let mut slack = vec![0.0; after.len()];
            shift.take_out(&before, &mut after, &mut slack, COLUMNS);
            let off = before
                .iter()
                .zip(&after)
                .zip(&slack)
                .filter(|((a, b), slack)| (*a - *b).abs() > 1.0 + **slack);
            assert_eq!(off.count(), 0);
        }
    }

    #[test]
    fn what_moves_by_itself_is_no_shift_and_stays() {
        let before = landscape(0.0, 0.0);
        let walker: Vec<usize> = (5..13).flat_map(|row| row * COLUMNS + 20..row * COLUMNS + 24).collect();
        let with_walker = |mut cells: Vec<f32>| {
            for index in &walker {
                cells[*index] = 10.0;
            }
            cells
        };
        assert!(Shift::fit(&before, &with_walker(before.clone()), COLUMNS).is_none());
        let mut after = with_walker(landscape(0.3, 0.1));
        let shift = Shift::fit(&before, &after, COLUMNS);
        assert!((shift.right - 0.3).abs() < 0.05 && (shift.down - 0.1).abs() < 0.05, "{shift:?}");
        let mut slack = vec![0.0; after.len()];
        shift.take_out(&before, &mut after, &mut slack, COLUMNS);
        let differ = |index: &&usize| (before[**index] - after[**index]).abs() > 6.5 + slack[**index];
        assert!(walker.iter().filter(differ).count() > walker.len() * 3 / 4);
    }

    #[test]
    fn a_picture_that_says_nothing_has_no_shift() {
        assert!(Shift::fit(&[], &[], COLUMNS).is_none());
        assert!(Shift::fit(&[80.0; 120], &[90.0; 120], COLUMNS).is_none());
    }
}
