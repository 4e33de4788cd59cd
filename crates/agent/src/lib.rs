//! Pulls the cameras of one home, finds motion, seals events and delivers them.
//!
//! An agent is a device of one home. Reach first for [`run`]; a binary calls [`confine`] before it makes threads,
//! and [`supervisor::listen`] if a server started it.
//!
//! # What always holds
//! - Each camera has one pipeline, and that pipeline's task owns the sealer for its one (home, camera, tenure and
//!   epochs). A frame never exists outside of it: when anything that it is made of changes, the pipeline ends, and
//!   another begins with another sealer.
//! - What is in the clear is in memory only. What is on disk is sealed, or is the agent's own state.
//! - A time in which a camera did not record is a gap on record: the camera's fault, no room, or the agent away.
//! - What answers at a camera's address is recorded only if it is known to be that camera, or was accepted as such by
//!   its home in a sealed configuration.
//! - A camera test runs once, whatever comes back from a crash.
//!
//! # Confinement
//! The process that reads what cameras send holds nothing that opens footage. [`confine`] takes away everything
//! else that it could read or write, where the kernel can do that, and says exactly what was taken away.
//!
//! # Memory
//! Measured with `examples/memory.rs` (resident, beside some 7 MB for the process):
//!
//! | a camera of | quiet | event of 12 s | event of 60 s |
//! | --- | --- | --- | --- |
//! | 768 x 432, 10 frames/s, 0.3 Mbit/s | 10 MB | + 0.5 MB | + 2.5 MB |
//! | 1920 x 1080, 15 frames/s, 4 Mbit/s | 32 MB | + 6 MB | + 30 MB |
//!
//! Most of it is the decoder's pictures; the rest is encoded video, once, shared by the frames before a motion (at
//! most 24 MiB) and the event that is going on (at most 32 MiB). While the disk stalls, up to 64 MiB of finished
//! events wait to be sealed, and then become gaps.
//!
//! # Environment
//! Nothing is taken from environment variables. A supervisor starts an agent with none.

mod alive;
mod camera;
mod camera_test;
mod confine;
mod error;
mod figures;
mod fingerprints;
mod look;
mod run;
mod sealing;
pub mod supervisor;

pub use confine::{Confinement, Neighbours, confine};
pub use error::AgentError;
pub use figures::Figures;
pub use ownsight_camera::EventConfig;
pub use ownsight_device::{Invitation, PairingCode, ServerAddress};
pub use run::{AgentConfig, CameraOptions, Pairing, run};
