//! Writing boxes (ISO/IEC 14496-12, 4.2): a size of four bytes, a type of four, a body.

/// A buffer into which boxes are written, one inside the other.
#[derive(Default)]
pub(super) struct Boxes {
    bytes: Vec<u8>,
}

impl Boxes {
    /// Writes a box, whose body is what `body` writes.
    pub(super) fn write(&mut self, kind: [u8; 4], body: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.u32(0);
        self.raw(&kind);
        body(self);
        let size = self.bytes.len() - start;
        if let Some(place) = self.bytes.get_mut(start..start + 4) {
            place.copy_from_slice(&saturate(size).to_be_bytes());
        }
    }

    /// Writes a full box (4.2.2): a version and flags before the body.
    pub(super) fn write_full(
        &mut self,
        kind: [u8; 4],
        version: u8,
        flags: u32,
        body: impl FnOnce(&mut Self),
    ) {
        self.write(kind, |boxes| {
            boxes.u32(u32::from(version) << 24 | flags & 0x00ff_ffff);
            body(boxes);
        });
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.raw(&value.to_be_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.raw(&value.to_be_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.raw(&value.to_be_bytes());
    }

    /// The matrix that turns nothing (8.3.2).
    pub(super) fn matrix(&mut self) {
        for value in [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000] {
            self.u32(value);
        }
    }

    /// A handler (8.4.3).
    pub(super) fn write_hdlr(&mut self, kind: [u8; 4]) {
        self.write_full(*b"hdlr", 0, 0, |boxes| {
            boxes.u32(0);
            boxes.raw(&kind);
            boxes.zeros(12);
            boxes.raw(b"Ownsight\0");
        });
    }

    /// Data is in this file (8.7.2).
    pub(super) fn write_dinf(&mut self) {
        self.write(*b"dinf", |boxes| {
            boxes.write_full(*b"dref", 0, 0, |boxes| {
                boxes.u32(1);
                boxes.write_full(*b"url ", 0, 1, |_| {});
            });
        });
    }

    /// Values as runs of equal ones (8.6.1).
    pub(super) fn write_runs(&mut self, values: &[u32]) {
        let runs = || values.chunk_by(|a, b| a == b).filter_map(|run| Some((run.len(), *run.first()?)));
        self.u32(saturate(runs().count()));
        for (length, value) in runs() {
            self.u32(saturate(length));
            self.u32(value);
        }
    }

    /// The head of a descriptor (ISO/IEC 14496-1, 8.3.3) whose body has less than 128 bytes.
    pub(super) fn descriptor(&mut self, tag: u8, body: usize) {
        self.raw(&[tag, u8::try_from(body).unwrap_or(u8::MAX) & 0x7f]);
    }

    pub(super) fn zeros(&mut self, count: usize) {
        self.bytes.resize(self.bytes.len() + count, 0);
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// As 32 bits; what does not fit (a clip is limited to far less) becomes the largest.
pub(super) fn saturate<T: TryInto<u32>>(value: T) -> u32 {
    value.try_into().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_filled_in() {
        let mut boxes = Boxes::default();
        boxes.write(*b"outr", |boxes| boxes.write_full(*b"innr", 1, 7, |boxes| boxes.u16(0x0203)));
        assert_eq!(boxes.into_bytes(), *b"\0\0\0\x16outr\0\0\0\x0einnr\x01\0\0\x07\x02\x03");
    }
}
