//! Sets of reference pictures (ISO/IEC 23008-2, 7.3.7 and 7.4.8): read only to find what stands behind them.

use crate::codec::bits::Bits;

/// Most sets of a stream, and most pictures of a set (7.4.3.2.1, A.4).
const SETS_MAX: u32 = 64;
const PICTURES_MAX: u32 = 16;

/// Skips all sets of a stream. `None`: they make no sense.
pub(super) fn skip(bits: &mut Bits<'_>) -> Option<()> {
    let count = bits.unsigned()?;
    if count > SETS_MAX {
        return None;
    }
    let mut last = Vec::new();
    for index in 0..count {
        last = if index > 0 && bits.bit()? { predicted(bits, &last)? } else { listed(bits)? };
    }
    Some(())
}

/// A set on its own: distances to the pictures, the nearest before it first, then the nearest behind it.
fn listed(bits: &mut Bits<'_>) -> Option<Vec<i32>> {
    let (before, behind) = (bits.unsigned()?, bits.unsigned()?);
    if before > PICTURES_MAX || behind > PICTURES_MAX {
        return None;
    }
    let mut distances = Vec::new();
    for (count, sign) in [(before, -1), (behind, 1)] {
        let mut distance = 0_i32;
        for _ in 0..count {
            distance = distance.checked_add(sign * distance_of(bits.unsigned()?)?)?;
            bits.bit()?; // used_by_curr_pic
            distances.push(distance);
        }
    }
    Some(distances)
}

/// A set that is the one before it, moved, with some left out (7-61, 7-62).
fn predicted(bits: &mut Bits<'_>, last: &[i32]) -> Option<Vec<i32>> {
    let sign = if bits.bit()? { -1 } else { 1 };
    let moved = sign * distance_of(bits.unsigned()?)?;
    let mut distances = Vec::new();
    for distance in last.iter().copied().chain([0]) {
        let kept = bits.bit()? || bits.bit()?; // used_by_curr_pic_flag, use_delta_flag
        let distance = distance.checked_add(moved)?;
        if kept && distance != 0 {
            distances.push(distance);
        }
    }
    if distances.len() > 2 * PICTURES_MAX as usize {
        return None;
    }
    distances.sort_unstable_by_key(|distance| (*distance > 0, distance.unsigned_abs()));
    Some(distances)
}

/// A distance less one, as it is written.
fn distance_of(less_one: u32) -> Option<i32> {
    i32::try_from(less_one).ok()?.checked_add(1).filter(|distance| *distance <= 1 << 15)
}
