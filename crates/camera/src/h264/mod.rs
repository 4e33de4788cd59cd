//! The little of H.264 (ISO/IEC 14496-10) that recording needs: parameter sets and NAL unit framing.
//!
//! Everything here reads bytes that came from a camera: no input may panic or allocate without a bound.

mod bits;
mod format;
mod nal;
mod sps;

pub use format::{FormatError, VideoFormat};
pub(crate) use nal::write_annex_b;
