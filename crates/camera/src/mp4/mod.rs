//! MP4 files (ISO/IEC 14496-12) of one track of H.264 or H.265 (ISO/IEC 14496-15), `moov` before `mdat`.

mod boxes;
mod clip;
mod movie;

pub use clip::Clip;
pub(crate) use movie::{Movie, Sample};
