//! What one camera sees of the footage: a crop, mirrored or not, in a look of its own, scaled to the camera's size.

use super::picture::Picture;
use super::watermark;

/// A rectangle of the footage, in its pixels (768x576).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop {
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: usize,
    /// Width.
    pub width: usize,
    /// Height.
    pub height: usize,
}

/// How the picture is graded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Luma is multiplied with this around black, ...
    pub contrast: f32,
    /// ... then this is added.
    pub brightness: f32,
    /// Colour is multiplied with this; 0 is grayscale.
    pub saturation: f32,
    /// Added to the blue difference, and taken from the red one: positive is cold, negative is warm.
    pub coldness: f32,
    /// How much darker the corners are: 0 is not at all, 1 is black.
    pub vignette: f32,
}

impl Look {
    /// As recorded.
    pub const DAY: Self =
        Self { contrast: 1.0, brightness: 0.0, saturation: 1.0, coldness: 0.0, vignette: 0.0 };
    /// A grey morning: less colour, a little cold.
    pub const OVERCAST: Self =
        Self { contrast: 0.88, brightness: 10.0, saturation: 0.55, coldness: 4.0, vignette: 0.1 };
    /// A low sun: warm and a little dark.
    pub const EVENING: Self =
        Self { contrast: 0.86, brightness: -6.0, saturation: 0.9, coldness: -12.0, vignette: 0.25 };
    /// Infrared light at night: dark, without colour, corners falling off.
    pub const NIGHT: Self =
        Self { contrast: 0.85, brightness: -26.0, saturation: 0.0, coldness: 0.0, vignette: 0.55 };
}

/// What one camera sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// The part of the footage.
    pub crop: Crop,
    /// Whether left and right are exchanged.
    pub mirror: bool,
    /// The grading.
    pub look: Look,
    /// Width of the camera's picture in pixels: even, 320 to 1920.
    pub width: usize,
    /// Height of the camera's picture in pixels: even, 64 to 1080.
    pub height: usize,
    /// The frame of the footage that comes first, so that cameras do not all see the same at the same time.
    pub start: u32,
}

/// Why a view cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// The crop is empty or reaches over the footage's edge.
    #[error("the crop does not lie within the footage ({width}x{height})")]
    Crop {
        /// Width of the footage.
        width: usize,
        /// Height of the footage.
        height: usize,
    },
    /// The output size is odd, too small or too large.
    #[error("the picture's size must be even and between 320x64 and 1920x1080")]
    Size,
}

impl View {
    pub(crate) fn check(&self, width: usize, height: usize) -> Result<(), ViewError> {
        let Crop { x, y, width: crop_width, height: crop_height } = self.crop;
        let inside = |start: usize, length: usize, limit| {
            length >= 16 && start.checked_add(length).is_some_and(|end| end <= limit)
        };
        if !inside(x, crop_width, width) || !inside(y, crop_height, height) {
            return Err(ViewError::Crop { width, height });
        }
        let even = self.width.is_multiple_of(2) && self.height.is_multiple_of(2);
        let sized = (watermark::WIDTH_MIN..=1920).contains(&self.width)
            && (watermark::HEIGHT_MIN..=1080).contains(&self.height);
        if even && sized { Ok(()) } else { Err(ViewError::Size) }
    }
}

/// A [`View`] with its tables computed.
pub(crate) struct Projector {
    width: usize,
    height: usize,
    luma: PlaneMap,
    chroma: PlaneMap,
    /// Graded values of luma and of the two chroma components.
    grades: [[u8; 256]; 3],
    /// For each pixel the factor of 256 that the vignette leaves; empty without vignette.
    vignette: Vec<u16>,
}

impl Projector {
    /// The view must have passed [`View::check`] for the pictures that will be projected.
    pub(crate) fn new(view: &View) -> Self {
        let look = view.look;
        let Crop { x, y, width, height } = view.crop;
        let quarter = Crop { x: x / 2, y: y / 2, width: width / 2, height: height / 2 };
        let grade = |of: &dyn Fn(f32) -> f32| -> [u8; 256] {
            std::array::from_fn(|value| of(value as f32).round().clamp(0.0, 255.0) as u8)
        };
        Self {
            width: view.width,
            height: view.height,
            luma: PlaneMap::new(view.crop, view.width, view.height, view.mirror),
            chroma: PlaneMap::new(quarter, view.width / 2, view.height / 2, view.mirror),
            grades: [
                grade(&|value| (16.0 + (value - 16.0) * look.contrast + look.brightness).max(16.0)),
                grade(&|value| 128.0 + (value - 128.0) * look.saturation + look.coldness),
                grade(&|value| 128.0 + (value - 128.0) * look.saturation - look.coldness),
            ],
            vignette: vignette(view.width, view.height, look.vignette),
        }
    }

    /// Projects one picture of the footage.
    pub(crate) fn project(&self, from: &Picture, to: &mut Picture) {
        (to.width, to.height) = (self.width, self.height);
        let [luma, blue, red] = &self.grades;
        self.luma.project(&from.y, from.width, luma, &mut to.y);
        self.chroma.project(&from.u, from.width / 2, blue, &mut to.u);
        self.chroma.project(&from.v, from.width / 2, red, &mut to.v);
        for (value, factor) in to.y.iter_mut().zip(&self.vignette) {
            let above_black = u16::from(value.saturating_sub(16));
            *value = 16 + (u32::from(above_black) * u32::from(*factor) / 256) as u8;
        }
    }
}

/// A sample and the one after it, and how much of 256 the latter counts.
#[derive(Clone, Copy)]
struct Tap {
    first: usize,
    weight: u16,
}

/// For each of `to` samples the two of `length` samples between which it lies.
fn taps(length: usize, to: usize, mirror: bool) -> Vec<Tap> {
    let scale = length as f32 / to as f32;
    let last = (length - 1) as f32;
    let tap = |index: usize| {
        let at = ((index as f32 + 0.5) * scale - 0.5).clamp(0.0, last);
        Tap { first: at.floor() as usize, weight: ((at - at.floor()) * 256.0) as u16 }
    };
    if mirror { (0..to).rev().map(tap).collect() } else { (0..to).map(tap).collect() }
}

/// Bilinear scaling of a part of one plane, grading included.
struct PlaneMap {
    /// Where the part begins, and how wide and high it is.
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    columns: Vec<Tap>,
    rows: Vec<Tap>,
}

impl PlaneMap {
    fn new(part: Crop, to_width: usize, to_height: usize, mirror: bool) -> Self {
        let Crop { x, y, width, height } = part;
        let (columns, rows) = (taps(width, to_width, mirror), taps(height, to_height, false));
        Self { x, y, width, height, columns, rows }
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "`View::check` keeps the part within the plane, and taps within it"
    )]
    fn project(&self, from: &[u8], stride: usize, grade: &[u8; 256], to: &mut Vec<u8>) {
        to.clear();
        // One row between two of the plane's, times 256, with its last sample twice.
        let mut between = Vec::with_capacity(self.width + 1);
        for row in &self.rows {
            let line =
                |index: usize| &from[(self.y + index.min(self.height - 1)) * stride + self.x..][..self.width];
            let pairs = line(row.first).iter().zip(line(row.first + 1));
            between.clear();
            between
                .extend(pairs.map(|(a, b)| u16::from(*a) * (256 - row.weight) + u16::from(*b) * row.weight));
            between.extend(between.last().copied());
            to.extend(self.columns.iter().map(|column| {
                let (first, second) =
                    (u32::from(between[column.first]), u32::from(between[column.first + 1]));
                let weight = u32::from(column.weight);
                grade[((first * (256 - weight) + second * weight + (1 << 15)) >> 16) as usize]
            }));
        }
    }
}

fn vignette(width: usize, height: usize, strength: f32) -> Vec<u16> {
    if strength <= 0.0 {
        return Vec::new();
    }
    let centred = |index: usize, length: usize| (index as f32 + 0.5) / length as f32 * 2.0 - 1.0;
    let mut factors = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let distance = f32::midpoint(centred(x, width).powi(2), centred(y, height).powi(2));
            factors.push(((1.0 - strength.min(1.0) * distance) * 256.0).max(0.0) as u16);
        }
    }
    factors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(crop: Crop, width: usize, height: usize) -> View {
        View { crop, mirror: false, look: Look::DAY, width, height, start: 0 }
    }

    /// Luma rises from left to right.
    fn ramp() -> Picture {
        let mut picture = Picture::grey(768, 576);
        for row in picture.y.chunks_mut(768) {
            for (x, value) in row.iter_mut().enumerate() {
                *value = 16 + (x / 4) as u8;
            }
        }
        picture
    }

    #[test]
    fn the_whole_in_its_own_size_is_unchanged() {
        let whole = Crop { x: 0, y: 0, width: 768, height: 576 };
        let mut out = Picture::default();
        Projector::new(&view(whole, 768, 576)).project(&ramp(), &mut out);
        assert_eq!(out.y, ramp().y);
        assert_eq!(out.u.len(), 384 * 288);
    }

    #[test]
    fn crop_and_mirror_show_the_right_part() {
        let right = Crop { x: 384, y: 0, width: 384, height: 216 };
        let mut plain = Picture::default();
        Projector::new(&view(right, 640, 360)).project(&ramp(), &mut plain);
        assert_eq!((plain.y[0], plain.y[639]), (16 + 96, 16 + 191));
        let mut mirrored = Picture::default();
        Projector::new(&View { mirror: true, ..view(right, 640, 360) }).project(&ramp(), &mut mirrored);
        for (row, turned) in plain.y.chunks(640).zip(mirrored.y.chunks(640)) {
            assert!(row.iter().eq(turned.iter().rev()));
        }
    }

    #[test]
    fn night_is_dark_grayscale() {
        let whole = Crop { x: 0, y: 0, width: 768, height: 576 };
        let mut coloured = ramp();
        coloured.u.fill(90);
        let mut out = Picture::default();
        Projector::new(&View { look: Look::NIGHT, ..view(whole, 640, 480) }).project(&coloured, &mut out);
        assert!(out.u.iter().chain(&out.v).all(|value| *value == 128));
        let mean = |plane: &[u8]| plane.iter().map(|v| u64::from(*v)).sum::<u64>() / plane.len() as u64;
        assert!(mean(&out.y) < mean(&coloured.y) * 6 / 10);
    }

    #[test]
    fn impossible_views_are_refused() {
        let good = view(Crop { x: 0, y: 0, width: 768, height: 432 }, 768, 432);
        assert_eq!(good.check(768, 576), Ok(()));
        let over = View { crop: Crop { x: 400, ..good.crop }, ..good };
        assert!(matches!(over.check(768, 576), Err(ViewError::Crop { .. })));
        let overflowing = View { crop: Crop { x: usize::MAX, ..good.crop }, ..good };
        assert!(matches!(overflowing.check(768, 576), Err(ViewError::Crop { .. })));
        for (width, height) in [(641, 360), (640, 361), (64, 64), (4000, 2000)] {
            assert_eq!(View { width, height, ..good }.check(768, 576), Err(ViewError::Size));
        }
    }
}
