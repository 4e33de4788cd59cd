//! The little of H.264 (ISO/IEC 14496-10) and H.265 (ISO/IEC 23008-2) that recording needs: parameter sets, NAL unit
//! framing, and which pictures are key frames.
//!
//! Everything here reads bytes that came from a camera: no input may panic or allocate without a bound.

mod bits;
mod format;
mod h264;
mod h265;
mod nal;
mod picture;
mod vui;
mod window;

pub(crate) use format::PIXELS_MAX;
pub use format::{FormatError, VideoFormat};
pub(crate) use nal::write_annex_b;
pub use picture::Codec;
