//! A decoded picture: planar YUV 4:2:0, 8 bits, without padding.

use openh264::formats::YUVSource;

/// Luma and the two chroma planes; the latter have half the width and half the height.
///
/// INVARIANT: width and height are even and not 0; `y` has `width * height` bytes, `u` and `v` a quarter of that.
#[derive(Clone, Debug, Default)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) y: Vec<u8>,
    pub(crate) u: Vec<u8>,
    pub(crate) v: Vec<u8>,
}

impl Picture {
    /// A grey picture. `width` and `height` must be even.
    pub(crate) fn grey(width: usize, height: usize) -> Self {
        let (luma, chroma) = (width * height, width * height / 4);
        Self { width, height, y: vec![128; luma], u: vec![128; chroma], v: vec![128; chroma] }
    }

    /// Takes over the visible part of a picture that a decoder owns; its own memory is used again.
    pub(crate) fn copy_from(&mut self, source: &impl YUVSource) {
        let (width, height) = source.dimensions();
        let (y_stride, u_stride, v_stride) = source.strides();
        (self.width, self.height) = (width, height);
        copy_plane(&mut self.y, source.y(), y_stride, width, height);
        copy_plane(&mut self.u, source.u(), u_stride, width / 2, height / 2);
        copy_plane(&mut self.v, source.v(), v_stride, width / 2, height / 2);
    }
}

fn copy_plane(to: &mut Vec<u8>, from: &[u8], stride: usize, width: usize, height: usize) {
    to.clear();
    for row in from.chunks(stride).take(height) {
        to.extend(row.iter().take(width));
    }
}

impl YUVSource for Picture {
    fn dimensions(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    fn strides(&self) -> (usize, usize, usize) {
        (self.width, self.width / 2, self.width / 2)
    }

    fn y(&self) -> &[u8] {
        &self.y
    }

    fn u(&self) -> &[u8] {
        &self.u
    }

    fn v(&self) -> &[u8] {
        &self.v
    }
}
