//! Motion on the luma of decoded pictures, at low resolution.
//!
//! ```text
//! picture ─► Grid: means of boxes (cells) ─► Scene: what differs, and how much ─► Tracks: what goes on ─► Detector: since when, until when
//! ```
//!
//! `SizeGate` needs no picture: it says when encoded frames are larger than usual, a reason to decode them.

mod cell;
mod clutter;
mod detector;
mod grid;
mod light;
mod scene;
mod shift;
mod sizes;
mod tracks;

pub use detector::{Area, Detector, MotionChange, MotionUpdate};
pub(crate) use sizes::SizeGate;

/// Which of the steps are taken that tell motion from what is none; all, but where it is measured what one is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// In clutter, such as rain, what differs must stay or move on from picture to picture.
    pub clutter: bool,
    /// The picture of a camera that shakes is set right.
    pub shift: bool,
}

impl Default for Steps {
    fn default() -> Self {
        Self { clutter: true, shift: true }
    }
}
