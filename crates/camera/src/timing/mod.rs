//! Times: of decoding, of showing, and of the day.
//!
//! A camera sends one clock reading with each frame, RTP's, which says when the frame is shown. [`decode_times`]
//! derives when it is decoded; [`Pace`] notices a clock that runs wrong, [`Timeline`] finds jumps and, with [`Clock`],
//! the moment in UTC. Sound has a clock of its own, which [`Sync`] joins to the video's.

mod clock;
mod order;
mod pace;
mod sync;
mod timeline;

pub(crate) use order::decode_times;
pub(crate) use pace::Pace;
pub(crate) use sync::Sync;
pub use timeline::{Moment, Placed, Timeline};
