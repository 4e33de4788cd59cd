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
//! - A camera test runs once, whatever comes back from a crash.
//!
//! # Confinement
//! The process that reads what cameras send holds nothing that opens footage. [`confine`] takes away everything
//! else that it could read or write, where the kernel can do that, and says exactly what was taken away.
//!
//! # Memory
//! For each camera: the frames before a motion (as long as its key frame interval and 3 s more; at most 24 MiB, with
//! a usual 2 Mbit/s stream some 1.5 MiB), the event that is going on (at most 32 MiB, usually 3 MiB, shared with the
//! frames before), a decoder (some 15 MiB at 1080p), and at most 64 MiB of finished events that wait to be sealed,
//! which happens only while the disk stalls. Some 25 MiB at 1080p, beside 10 MiB for the process.
//!
//! # Environment
//! Nothing is taken from environment variables. A supervisor starts an agent with none.

mod alive;
mod camera;
mod camera_test;
mod confine;
mod error;
mod run;
mod sealing;
pub mod supervisor;

pub use confine::{Confinement, Neighbours, confine};
pub use error::AgentError;
pub use ownsight_camera::EventConfig;
pub use ownsight_device::{Invitation, PairingCode, ServerAddress};
pub use run::{AgentConfig, CameraOptions, Pairing, run};
