//! From the bundled file to encoded access units: demuxing, decoding, the camera's view, noise and encoding.
//!
//! Nothing in here knows RTSP or does I/O; all of it is synchronous and costs CPU, so the camera runs it on the
//! blocking pool.

pub(crate) mod encoder;
pub(crate) mod footage;
pub(crate) mod mp4;
pub(crate) mod nal;
pub(crate) mod noise;
pub(crate) mod picture;
pub(crate) mod player;
pub(crate) mod preset;
pub(crate) mod source;
pub(crate) mod view;
pub mod watermark;
