//! Motion on the luma of decoded pictures, at low resolution.
//!
//! ```text
//! picture ─► Grid: means of boxes (cells) ─► Scene: what differs, and how much ─► Tracks: what goes on ─► Detector: since when, until when
//! ```
//!
//! `SizeGate` needs no picture: it says when encoded frames are larger than usual, a reason to decode them.

mod cell;
mod detector;
mod grid;
mod light;
mod scene;
mod shift;
mod sizes;
mod tracks;

pub use detector::{Area, Detector, MotionChange, MotionUpdate};
pub use scene::Steps;
pub(crate) use sizes::SizeGate;
