//! MP4 files (ISO/IEC 14496-12) of one track of H.264 or H.265 (ISO/IEC 14496-15), and one of AAC if there is sound, `moov`
//! before `mdat`.

mod boxes;
mod clip;
mod layout;
mod movie;
mod sound;

pub use clip::Clip;
pub(crate) use movie::{Movie, Sample};
pub(crate) use sound::{SoundSample, SoundTrack};
