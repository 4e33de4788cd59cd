//! A picture as a grid of cells: each the mean luma of a box of pixels.
//!
//! Averaging an 8x8 box takes sensor noise down to an eighth, and makes all that follows cheap.

/// Cells across, about; the picture's width decides.
const COLUMNS: usize = 96;

/// The means of a picture's boxes.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) cells: Vec<f32>,
}

impl Grid {
    /// Measures a plane of luma. What does not fill a box at the right and bottom is left out.
    pub(super) fn measure(&mut self, luma: &[u8], stride: usize, width: usize, height: usize) {
        let side = box_side(width);
        self.columns = width / side;
        self.rows = height / side;
        self.cells.clear();
        let mut sums = vec![0_u32; self.columns];
        let share = 1.0 / (side * side) as f32;
        for row in 0..self.rows {
            sums.fill(0);
            for line in 0..side {
                let start = (row * side + line) * stride;
                let pixels = luma.get(start..start + self.columns * side).unwrap_or_default();
                for (sum, pixels) in sums.iter_mut().zip(pixels.chunks_exact(side)) {
                    *sum += pixels.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                }
            }
            self.cells.extend(sums.iter().map(|sum| *sum as f32 * share));
        }
    }
}

/// Side of a box for pictures of this width, in pixels.
fn box_side(width: usize) -> usize {
    width.div_ceil(COLUMNS).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_averaged() {
        let mut grid = Grid::default();
        let luma: Vec<u8> = (0..8 * 4).map(|index| if index % 8 < 4 { 10 } else { 30 }).collect();
        grid.measure(&luma, 8, 6, 4);
        assert_eq!((grid.columns, grid.rows), (3, 2));
        assert_eq!(grid.cells, [10.0, 10.0, 30.0, 10.0, 10.0, 30.0]);
    }

    #[test]
    fn boxes_grow_with_the_picture() {
        assert_eq!([320, 640, 768, 1280, 1920, 3840].map(box_side), [4, 7, 8, 14, 20, 40]);
    }

    #[test]
    fn a_short_plane_is_survived() {
        let mut grid = Grid::default();
        grid.measure(&[1; 10], 8, 8, 8);
        assert_eq!(grid.cells.len(), grid.columns * grid.rows);
    }
}
