//! Which part of what is encoded is shown: H.264's frame cropping (ISO/IEC 14496-10, 7.4.2.1.1) and H.265's conformance
//! window (ISO/IEC 23008-2, 7.4.3.2.1), which are written alike.

use super::bits::Bits;
use super::format::SIDE_MAX;

/// Reads the part, if there is one, and returns its size within a picture of `size`, width and height in pixels. A row of
/// it counts `rows` rows of luma, besides what the chroma format makes of it: 2 where a frame has two fields. `None`: it
/// ended before, or no picture of a size that is looked at is left.
pub(super) fn read_window(
    bits: &mut Bits<'_>,
    chroma_format: u32,
    rows: u32,
    size: (u32, u32),
) -> Option<(u32, u32)> {
    let (mut width, mut height) = size;
    if bits.bit()? {
        let (step_x, step_y) = match chroma_format {
            1 => (2, 2 * rows),
            2 => (2, rows),
            _ => (1, rows),
        };
        let (left, right) = (bits.unsigned()?, bits.unsigned()?);
        let (top, bottom) = (bits.unsigned()?, bits.unsigned()?);
        width = width.checked_sub(left.checked_add(right)?.checked_mul(step_x)?)?;
        height = height.checked_sub(top.checked_add(bottom)?.checked_mul(step_y)?)?;
    }
    let side = 1..=SIDE_MAX;
    (side.contains(&width) && side.contains(&height)).then_some((width, height))
}
