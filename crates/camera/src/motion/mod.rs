//! Motion on the luma of decoded pictures, at low resolution.
//!
//! ```text
//! picture ─► Grid: means of boxes (cells) ─► Scene: what differs, and how much ─► Detector: since when, until when
//! ```

mod detector;
mod grid;
mod light;
mod scene;

pub use detector::{Detector, MotionChange, MotionUpdate};
