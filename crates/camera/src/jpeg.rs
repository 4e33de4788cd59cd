//! Pictures for people: scaled down by area averaging, and written as JPEG without a detour over RGB.

use std::fmt;

use bytes::Bytes;
use jpeg_encoder::{Encoder, ImageBuffer, JpegColorType};

use crate::codec::VideoFormat;
use crate::decode::Picture;

/// Widest picture that is made.
pub(crate) const WIDTH_MAX: usize = 640;

/// JPEG quality: 20 to 60 kB at 640 x 480.
const QUALITY: u8 = 82;

/// A picture that owns its pixels, 4:2:0, square pixels, BT.601, full range: as JFIF wants it.
#[derive(Clone)]
pub(crate) struct SmallPicture {
    width: usize,
    height: usize,
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

impl fmt::Debug for SmallPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmallPicture({}x{}, …)", self.width, self.height)
    }
}

impl SmallPicture {
    /// Scales a decoded picture to at most [`WIDTH_MAX`] pixels across, keeping how it looks.
    pub(crate) fn of(picture: &Picture<'_>, format: &VideoFormat) -> Self {
        let (aspect_x, aspect_y) = format.pixel_aspect();
        let shown_width = (picture.width as f64 * f64::from(aspect_x) / f64::from(aspect_y)).max(1.0);
        let scale = (WIDTH_MAX as f64 / shown_width).min(1.0);
        let width = even(shown_width * scale);
        let height = even(picture.height as f64 * scale);
        let (half_width, half_height) = (picture.width / 2, picture.height / 2);
        let (y_stride, uv_stride) = picture.stride;
        let mut small = Self {
            width,
            height,
            y: scaled(picture.y, y_stride, (picture.width, picture.height), (width, height)),
            u: scaled(picture.u, uv_stride, (half_width, half_height), (width / 2, height / 2)),
            v: scaled(picture.v, uv_stride, (half_width, half_height), (width / 2, height / 2)),
        };
        small.convert_to_jfif(picture.full_range, picture.bt709);
        small
    }

    pub(crate) fn width(&self) -> u32 {
        self.width as u32
    }

    pub(crate) fn height(&self) -> u32 {
        self.height as u32
    }

    /// Writes the picture as JPEG. `None` only if the encoder refuses, which no picture of this type makes it do.
    pub(crate) fn to_jpeg(&self) -> Option<Bytes> {
        let mut jpeg = Vec::with_capacity(64 << 10);
        Encoder::new(&mut jpeg, QUALITY).encode_image(self).ok()?;
        Some(jpeg.into())
    }

    fn convert_to_jfif(&mut self, full_range: bool, bt709: bool) {
        if !full_range {
            let luma = table(|value| (value - 16.0) * 255.0 / 219.0);
            let colour = table(|value| (value - 128.0) * 255.0 / 224.0 + 128.0);
            apply(&mut self.y, &luma);
            apply(&mut self.u, &colour);
            apply(&mut self.v, &colour);
        }
        if bt709 {
            self.bt709_to_bt601();
        }
    }

    /// JFIF has BT.601's colours. Luma is corrected with the colour of its square of four.
    fn bt709_to_bt601(&mut self) {
        let half = self.width / 2;
        for (row, lines) in self.y.chunks_mut(self.width * 2).enumerate() {
            let (top, bottom) = lines.split_at_mut(self.width.min(lines.len()));
            for line in [top, bottom] {
                let colours = self.u.iter().skip(row * half).zip(self.v.iter().skip(row * half));
                for (pixels, (u, v)) in line.chunks_mut(2).zip(colours) {
                    let (u, v) = (f32::from(*u) - 128.0, f32::from(*v) - 128.0);
                    for pixel in pixels {
                        *pixel = (f32::from(*pixel) + 0.101_6 * u + 0.196_1 * v).round() as u8;
                    }
                }
            }
        }
        for (u, v) in self.u.iter_mut().zip(&mut self.v) {
            let (blue, red) = (f32::from(*u) - 128.0, f32::from(*v) - 128.0);
            *u = (128.0 + 0.989_9 * blue - 0.110_7 * red).round() as u8;
            *v = (128.0 - 0.072_5 * blue + 0.983_4 * red).round() as u8;
        }
    }
}

impl ImageBuffer for &SmallPicture {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.width as u16
    }

    fn height(&self) -> u16 {
        self.height as u16
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let row = usize::from(y);
        let half = self.width / 2;
        let [luma, blue, red, _] = buffers;
        luma.extend(self.y.iter().skip(row * self.width).take(self.width));
        for (buffer, plane) in [(blue, &self.u), (red, &self.v)] {
            let line = plane.iter().skip(row / 2 * half).take(half);
            buffer.extend(line.flat_map(|value| [*value, *value]));
        }
    }
}

fn even(value: f64) -> usize {
    ((value / 2.0).round() as usize).max(1) * 2
}

fn table(value: impl Fn(f64) -> f64) -> [u8; 256] {
    std::array::from_fn(|index| value(index as f64).round() as u8)
}

fn apply(plane: &mut [u8], table: &[u8; 256]) {
    for value in plane {
        *value = table.get(usize::from(*value)).copied().unwrap_or(*value);
    }
}

/// Fixed-point one: weights of a target pixel's sources add up to it.
const ONE: u32 = 1 << 12;

/// Scales a plane by averaging the area that each target pixel covers.
fn scaled(plane: &[u8], stride: usize, from: (usize, usize), to: (usize, usize)) -> Vec<u8> {
    let columns = weights(from.0, to.0);
    let rows = weights(from.1, to.1);
    let mut out = Vec::with_capacity(to.0 * to.1);
    let mut line = vec![0_u32; from.0];
    for row in &rows {
        line.fill(0);
        for (offset, weight) in row.weights.iter().enumerate() {
            let source = plane.get((row.first + offset) * stride..).unwrap_or_default();
            for (sum, value) in line.iter_mut().zip(source) {
                *sum += u32::from(*value) * weight;
            }
        }
        out.extend(columns.iter().map(|column| {
            let covered = line.get(column.first..).unwrap_or_default();
            let sum: u64 =
                covered.iter().zip(&column.weights).map(|(value, weight)| u64::from(value * weight)).sum();
            ((sum + (1 << 23)) >> 24) as u8
        }));
    }
    out
}

struct Cover {
    first: usize,
    weights: Vec<u32>,
}

/// For each of `to` target pixels: which of `from` source pixels it covers, and how much of each.
fn weights(from: usize, to: usize) -> Vec<Cover> {
    (0..to)
        .map(|target| {
            // In units of 1/to source pixels, so that all borders are whole numbers.
            let (begin, end) = (target * from, (target + 1) * from);
            let first = begin / to;
            let last = (end - 1) / to;
            let mut weights: Vec<u32> = (first..=last)
                .map(|source| {
                    let covered = end.min((source + 1) * to) - begin.max(source * to);
                    (covered as u64 * u64::from(ONE) / from as u64) as u32
                })
                .collect();
            let missing = ONE - weights.iter().sum::<u32>();
            if let Some(weight) = weights.iter_mut().max() {
                *weight += missing;
            }
            Cover { first, weights }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_averaged() {
        assert_eq!(scaled(&[0, 100, 200, 40], 4, (4, 1), (2, 1)), [50, 120]);
        assert_eq!(scaled(&[10, 20, 30, 255, 40, 50, 60, 255], 4, (3, 2), (1, 1)), [35]);
        assert_eq!(scaled(&[7; 9], 3, (3, 3), (3, 3)), [7; 9]);
    }

    #[test]
    fn white_stays_white_at_any_size() {
        for from in [641, 768, 1279, 1920, 3840] {
            let line = vec![255; from];
            assert!(scaled(&line, from, (from, 1), (640, 1)).iter().all(|value| *value == 255), "{from}");
        }
    }

    #[test]
    fn parts_of_pixels_count_in_part() {
        // Three pixels onto two: each covers one and a half.
        assert_eq!(scaled(&[0, 90, 180], 3, (3, 1), (2, 1)), [30, 150]);
    }
}
