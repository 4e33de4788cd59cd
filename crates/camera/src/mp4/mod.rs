//! MP4 files (ISO/IEC 14496-12) of one H.264 track (ISO/IEC 14496-15), `moov` before `mdat`.

mod boxes;
mod clip;
mod movie;

pub use clip::Clip;
pub(crate) use movie::{Movie, Sample};
