//! The watermark: who made this picture, burnt into the picture itself, so that a checker can find out without
//! believing any header, any JSON or any database.
//!
//! A strip along the lower edge, 8 pixels high in pictures of up to 1,151 pixels width, holds 96 cells side by side,
//! each a 96th of the picture wide. A cell has an upper and a lower half; 1 is light below dark, 0 is dark below light.
//!
//! ```text
//!  cell    0 ..15   16 ..31   32 ..47   48 ..79    80 ..95
//!  field   0xB5D2   home      camera    sequence   CRC-16/CCITT-FALSE over the ten bytes before it, sync included
//! ```
//! Most significant bit first. Why two halves:
//! - A bit is read as a comparison of neighbours, so it survives any change of brightness or contrast.
//! - Each column of the strip has the same mean whatever it says. A motion detector that averages over 8x8 blocks sees
//!   a strip that never changes, although the sequence number does.
//!
//! Cells are parts of the width, so the reader needs no search when the picture was scaled, only a few trials for the
//! strip's height. It survives H.264 at the simulator's bit rates, scaling down to 640 pixels and JPEG (see the tests);
//! it does not survive cropping, rotation or mirroring.

/// Cells in the strip.
const CELLS: usize = 96;
const SYNC: u16 = 0xB5D2;
/// Luma distance of a half from the strip's mean. Less is lost in night pictures at low bit rates, more is conspicuous.
const AMPLITUDE: u8 = 24;
/// Mean luma differences below this between upper and lower halves are no strip.
const CONTRAST_MIN: i32 = 8;

/// Narrower pictures have no room for the strip.
pub const WIDTH_MIN: usize = 320;
/// Lower pictures have no room for the strip.
pub const HEIGHT_MIN: usize = 64;

/// What a watermark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Watermark {
    /// The number the test gave to the camera's home.
    pub home: u16,
    /// The number the test gave to the camera.
    pub camera: u16,
    /// Counts the camera's frames, from 0, wrapping.
    pub sequence: u32,
}

impl Watermark {
    /// The strip's bits, the first cell's in the most significant of the 96.
    fn bits(self) -> u128 {
        let payload = (u128::from(SYNC) << 64)
            | (u128::from(self.home) << 48)
            | (u128::from(self.camera) << 32)
            | u128::from(self.sequence);
        (payload << 16) | u128::from(crc16(payload))
    }

    fn from_bits(bits: u128) -> Option<Self> {
        let payload = bits >> 16;
        let valid = (payload >> 64) as u16 == SYNC && bits as u16 == crc16(payload);
        valid.then_some(Self {
            home: (payload >> 48) as u16,
            camera: (payload >> 32) as u16,
            sequence: payload as u32,
        })
    }
}

/// CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF) of the low ten bytes.
fn crc16(payload: u128) -> u16 {
    payload.to_be_bytes().iter().skip(6).fold(0xffff, |crc: u16, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

/// Height of half the strip in a picture of this width, in pixels; a multiple of 4, which is what H.264 transforms.
fn half_height(width: usize) -> usize {
    4 * ((width + 384) / 768).max(1)
}

/// The height of the strip in pixels in a picture of this width.
pub fn strip_height(width: usize) -> usize {
    2 * half_height(width)
}

/// Burns the watermark into a luma plane; false, and nothing is done, if the picture is smaller than [`WIDTH_MIN`] x
/// [`HEIGHT_MIN`] or the slice too short for it. The strip takes its mean brightness from the rows above it.
///
/// Set the chroma of the lowest [`strip_height`] rows to 128 as well: a strip without colour looks better.
pub fn write(luma: &mut [u8], width: usize, height: usize, stride: usize, mark: Watermark) -> bool {
    if width < WIDTH_MIN
        || height < HEIGHT_MIN
        || stride < width
        || luma.len() < stride * (height - 1) + width
    {
        return false;
    }
    let half = half_height(width);
    let top = height - 2 * half;
    let above = luma.chunks(stride).skip(top - 8).take(8).flat_map(|row| row.iter().take(width));
    let mean = above.map(|value| u64::from(*value)).sum::<u64>() / (8 * width as u64);
    let mean = mean.clamp(60, 180) as u8;
    let bits = mark.bits();
    for (index, row) in luma.chunks_mut(stride).take(height).skip(top).enumerate() {
        let lower = index >= half;
        for (x, value) in row.iter_mut().take(width).enumerate() {
            let one = bits >> (CELLS - 1 - x * CELLS / width) & 1 == 1;
            *value = if one == lower { mean + AMPLITUDE } else { mean - AMPLITUDE };
        }
    }
    true
}

/// Reads the watermark of a decoded picture, of the size it was made in or scaled to [`WIDTH_MIN`] or more. `None` if
/// there is none, or one that cannot be read for sure: a damaged one passes for another one in 1 of 65,536 cases.
///
/// Any slice and any sizes are fine; some 10 µs.
pub fn read(luma: &[u8], width: usize, height: usize, stride: usize) -> Option<Watermark> {
    if width < WIDTH_MIN || height < HEIGHT_MIN || stride < width {
        return None;
    }
    // The strip was drawn for this width or for a larger one and scaled: then its half is lower, in thirds of pixels.
    let drawn = half_height(width) as f32;
    let scaled = (10..=54).map(|quarters| quarters as f32 / 4.0);
    let exact = [drawn, drawn * 640.0 / 768.0, drawn * 640.0 / 704.0];
    exact.into_iter().chain(scaled).find_map(|half| read_strip(luma, width, height, stride, half))
}

fn read_strip(luma: &[u8], width: usize, height: usize, stride: usize, half: f32) -> Option<Watermark> {
    let bottom = height as f32;
    let lower = rows(bottom - 0.75 * half, bottom - 0.25 * half);
    let upper = rows(bottom - 1.75 * half, bottom - 1.25 * half);
    let mut bits = 0_u128;
    let mut contrast = 0;
    for cell in 0..CELLS {
        let columns = (cell * width + width / 4) / CELLS..=((cell + 1) * width - width / 4) / CELLS;
        let difference =
            mean(luma, stride, lower.clone(), columns.clone())? - mean(luma, stride, upper.clone(), columns)?;
        bits = bits << 1 | u128::from(difference > 0);
        contrast += difference.abs();
    }
    // Means are in 1/16.
    if contrast < CONTRAST_MIN * 16 * CELLS as i32 {
        return None;
    }
    Watermark::from_bits(bits)
}

/// The rows of pixels whose centres lie between these heights; the nearest one if there is none.
fn rows(from: f32, to: f32) -> std::ops::RangeInclusive<usize> {
    let first = (from - 0.5).ceil().max(0.0);
    let last = (to - 0.5).floor();
    if first <= last {
        first as usize..=last as usize
    } else {
        let middle = f32::midpoint(from, to).floor() as usize;
        middle..=middle
    }
}

/// Mean of a rectangle, times 16.
fn mean(
    luma: &[u8],
    stride: usize,
    rows: std::ops::RangeInclusive<usize>,
    columns: std::ops::RangeInclusive<usize>,
) -> Option<i32> {
    let mut sum = 0;
    let mut count = 0;
    for row in rows {
        let start = row.checked_mul(stride)?;
        for value in luma.get(start + columns.start()..=start + columns.end())? {
            sum += i32::from(*value);
            count += 1;
        }
    }
    (count > 0).then(|| sum * 16 / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_mark() -> impl Strategy<Value = Watermark> {
        (any::<u16>(), any::<u16>(), any::<u32>()).prop_map(|(home, camera, sequence)| Watermark {
            home,
            camera,
            sequence,
        })
    }

    #[test]
    fn crc_has_the_catalogued_check_value() {
        // Python's `binascii.crc_hqx(b"1234567890", 0xffff)`, an implementation of somebody else.
        let digits = b"1234567890".iter().fold(0_u128, |all, digit| all << 8 | u128::from(*digit));
        assert_eq!(crc16(digits), 0x3218);
    }

    #[test]
    fn strip_never_changes_the_mean_of_a_block() {
        let picture = |sequence| {
            let mut luma = vec![90; 640 * 360];
            assert!(write(&mut luma, 640, 360, 640, Watermark { home: 1, camera: 2, sequence }));
            luma
        };
        let (first, second) = (picture(0), picture(u32::MAX));
        assert_ne!(first, second);
        for x in 0..640 {
            let column = |luma: &[u8]| (352..360).map(|y| u32::from(luma[y * 640 + x])).sum::<u32>();
            assert_eq!(column(&first), column(&second));
        }
    }

    #[test]
    fn small_or_short_pictures_are_refused() {
        let mark = Watermark { home: 1, camera: 1, sequence: 1 };
        let mut luma = vec![128; 640 * 360];
        assert!(!write(&mut luma, 640, 361, 640, mark));
        assert!(!write(&mut luma, 200, 360, 640, mark));
        assert!(!write(&mut luma, 640, 60, 640, mark));
        assert!(luma.iter().all(|value| *value == 128));
        assert_eq!(read(&luma, 640, 360, 640), None);
        assert_eq!(read(&luma, 640, 10_000, 640), None);
    }

    #[test]
    fn a_wrong_bit_is_noticed() {
        let mark = Watermark { home: 7, camera: 3, sequence: 99 };
        for bit in 0..CELLS {
            assert_eq!(Watermark::from_bits(mark.bits() ^ 1 << bit), None);
        }
    }

    proptest! {
        #[test]
        fn written_is_read(mark in any_mark(), grey in any::<u8>(), width in 160_usize..960, height in 64_usize..128) {
            let (width, stride) = (width * 2, width * 2 + 13);
            let mut luma = vec![grey; stride * height];
            prop_assert!(write(&mut luma, width, height, stride, mark));
            prop_assert_eq!(read(&luma, width, height, stride), Some(mark));
        }

        #[test]
        fn nothing_is_read_from_noise(luma in proptest::collection::vec(any::<u8>(), 320 * 64)) {
            prop_assert_eq!(read(&luma, 320, 64, 320), None);
        }

        #[test]
        fn any_sizes_are_fine(width in any::<usize>(), height in any::<usize>(), stride in any::<usize>()) {
            prop_assert_eq!(read(&[0; 1000], width, height, stride), None);
        }
    }
}
