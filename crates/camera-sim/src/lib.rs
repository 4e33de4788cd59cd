//! A small RTSP server that plays footage for ever: the demo's and the tests' cameras.
//!
//! Begin with [`CameraSim::builder`] and the [`PRESETS`]:
//!
//! ```no_run
//! # async fn demo() -> Result<(), ownsight_camera_sim::StartError> {
//! use ownsight_camera_sim::{CameraSim, PRESETS, SimCamera};
//!
//! let preset = PRESETS[0];
//! let camera = SimCamera::new(preset.path, preset.view).watermark(1, 7).credentials("anna", "secret");
//! let sim = CameraSim::builder().camera(camera).start().await?;
//! println!("{}", sim.url(preset.path));
//! sim.set_still(preset.path, true).ok();
//! sim.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # What it does
//! The footage (`footage/pedestrians.mp4`, 79.5 s at 10 frames/s) is a part of the binary. Each camera decodes it, shows
//! its own [`View`] of it, burns in a [`watermark`] if asked to, and encodes it live: H.264 constrained baseline, a key
//! frame every 20 frames and whenever somebody joins. Timestamps go on over the footage's end.
//! [`Source::Original`] sends the file's own access units instead, with B-frames.
//!
//! Clients come over RTSP 1.0 with RTP on the same connection (TCP); UDP is answered 461. H.264 is packed by RFC 6184,
//! packetization mode 1: STAP-A for parameter sets, single units and FU-A for the rest. Sender reports come every 5 s.
//!
//! # Invariants
//! - Memory is bounded: no picture is decoded ahead, a client's queue holds 30 frames, a request 8 KiB, and there are 64
//!   connections at most. A client that is too slow misses frames up to a key frame, and is sent away after 10 s.
//! - A camera that nobody watches takes no CPU. Its clock (RTP time) goes on; its place in the footage and the
//!   watermark's sequence wait, so that sequences have no gaps but for lost frames.
//! - What a client sends can end its own connection and do nothing else.
//!
//! # Cost
//! A live camera at 640x360 to 768x432 and 10 frames/s takes 6 ms of one core for each frame, that is 6 % of it: 2.5 ms
//! decoding, 0.8 ms the view, 2.5 ms encoding, 0.1 ms watermark and noise; and 20 MB. (Release build, AMD Zen 5, two cores
//! busy with other work, openh264 without nasm.) It sends 0.15 to 0.3 Mbit/s at a constant quality; sensor noise
//! of sigma 2 hardly makes it more. [`Source::Original`] costs next to nothing and sends 0.3 Mbit/s. What clients cost beyond
//! that is not worth counting: encoding is done once for all of them.
//!
//! # What it is not
//! No camera for real use: there is no encryption, Digest's nonces are not from a cryptographic source, and unknown paths
//! are told apart from locked ones.
//!
//! # Errors
//! [`StartError`] when starting, [`UnknownCamera`] when a switch is thrown at a camera that is not there. While running,
//! clients get RTSP statuses, and what goes wrong is logged by `tracing`.

mod camera;
mod error;
mod media;
mod rtp;
mod rtsp;
mod server;

pub use camera::settings::{Identity, STILL_NOISE_SIGMA, Scene, SimCamera, Source};
pub use error::{MediaError, StartError, UnknownCamera};
pub use media::preset::{PRESETS, Preset};
pub use media::view::{Crop, Look, View, ViewError};
pub use media::watermark;
pub use rtsp::auth::{AuthScheme, Credentials};
pub use server::{CameraSim, CameraSimBuilder};
