//! RTSP, decoding, motion, event cutting, MP4 and JPEG: from a camera's address to events.
//!
//! Reach first for [`CameraPipeline`]: it pulls one camera for ever and hands out [`CameraOutput`]s. To find out
//! whether an address and a password work, see [`test_connection`]. Both are thin asynchronous shells around
//! state machines without I/O, which can be fed directly: [`Recorder`] takes encoded frames with their times and
//! gives events; inside it a [`PictureDecoder`], a [`Detector`] and an [`EventCutter`].
//!
//! The crate knows no server, no home and no keys. What it hands out is in the clear, and its callers seal it.
//!
//! # What always holds
//! - What comes from a camera can cost that camera's events and nothing else: errors are counted, a panic ends
//!   one [`Recorder`] and begins the next, and every buffer is bounded in bytes.
//! - A clip has each frame of its time exactly once, and lasts exactly as long as its event says.
//! - Sound is asked of a camera only where [`CameraConfig::sound`] says so; else nothing of it is received.
//! - Nothing of another camera than the one that is known is recorded, and no password is answered to one whose realm
//!   is not the known one; see [`KnownCamera`].
//! - Nothing is lost silently: what was not recorded is a [`Gap`], what nobody took is counted in [`Stats`].
//! - Credentials never appear in an address, a log line, an error or a `Debug` output.
//!
//! # Errors
//! A camera's troubles are not errors of a call but a state of the camera: [`CameraStatus`] with a
//! [`CameraFault`](ownsight_model::CameraFault). The pipeline comes back by itself.

mod codec;
mod config;
mod connection_test;
mod cut;
mod decode;
mod encode;
mod fingerprint;
mod jpeg;
mod motion;
mod mp4;
mod outbox;
mod output;
mod pipeline;
mod recorder;
mod sound;
mod source;
mod timing;
mod video;

pub use codec::{Codec, FormatError, VideoFormat};
pub use config::{CameraConfig, Credentials, EventConfig, MotionConfig, Savings, Zone};
pub use connection_test::test_connection;
pub use cut::{EventCutter, Quieting, Take};
pub use decode::{DecoderError, Picture, PictureDecoder, find_ffmpeg};
pub use fingerprint::{Fingerprint, Known, KnownCamera, StoredFingerprintError};
pub use motion::{Area, Detector, MotionChange, MotionUpdate, Steps};
pub use mp4::Clip;
pub use output::{CameraOutput, CameraStatus, Event, EventEnd, Gap, GapReason, MotionSample, Stats, Still};
pub use pipeline::CameraPipeline;
pub use recorder::{Recorded, Recorder, RecorderStats};
pub use sound::{SoundCodec, SoundFormat, SoundUnit};
pub use timing::{Moment, Placed, Timeline};
pub use video::{AccessUnit, TICKS_PER_SECOND};
