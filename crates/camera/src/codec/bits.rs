//! Reading bits and Exp-Golomb codes (ISO/IEC 14496-10, 9.1) out of a parameter set.

/// Reads the RBSP of a NAL unit: emulation prevention bytes (7.4.1.1) are skipped on the way.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    next: usize,
    zeros: u8,
    current: u8,
    left: u8,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, next: 0, zeros: 0, current: 0, left: 0 }
    }

    /// One bit, or `None` at the end.
    pub(super) fn bit(&mut self) -> Option<bool> {
        if self.left == 0 {
            let mut byte = *self.bytes.get(self.next)?;
            self.next += 1;
            if self.zeros >= 2 && byte == 3 {
                self.zeros = 0;
                byte = *self.bytes.get(self.next)?;
                self.next += 1;
            }
            self.zeros = if byte == 0 { self.zeros.saturating_add(1) } else { 0 };
            self.current = byte;
            self.left = 8;
        }
        self.left -= 1;
        Some(self.current >> self.left & 1 == 1)
    }

    /// `count` bits (at most 32), most significant first.
    pub(super) fn bits(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.bit()?);
        }
        Some(value)
    }

    /// `ue(v)`.
    pub(super) fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.bits(zeros)?)
    }

    /// `se(v)`.
    pub(super) fn signed(&mut self) -> Option<i32> {
        let code = self.unsigned()?;
        let magnitude = i32::try_from(code / 2 + code % 2).ok()?;
        Some(if code % 2 == 1 { magnitude } else { -magnitude })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes() {
        // 1 | 010 | 011 | 00100 | 00101 = 0, 1, 2, 3, 4
        let bytes = [0b1010_0110, 0b0100_0010, 0b1000_0000];
        let mut bits = Bits::new(&bytes);
        for expected in 0..5 {
            assert_eq!(bits.unsigned(), Some(expected));
        }
        let mut bits = Bits::new(&bytes);
        for expected in [0, 1, -1, 2, -2] {
            assert_eq!(bits.signed(), Some(expected));
        }
    }

    #[test]
    fn emulation_prevention_bytes_are_skipped() {
        let mut bits = Bits::new(&[0, 0, 3, 1, 0xff]);
        assert_eq!(bits.bits(24), Some(1));
        assert_eq!(bits.bits(8), Some(0xff));
        assert_eq!(bits.bit(), None);
    }

    #[test]
    fn endless_zeros_end() {
        assert_eq!(Bits::new(&[0; 64]).unsigned(), None);
    }
}
