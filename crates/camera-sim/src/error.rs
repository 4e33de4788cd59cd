//! Errors at the crate's border.

use std::net::SocketAddr;

use crate::media::view::ViewError;

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is taken or not this machine's: choose another one, or port 0.
    #[error("cannot listen on {addr}")]
    Bind {
        /// The address that was asked for.
        addr: SocketAddr,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// The camera's view does not fit the footage: correct it.
    #[error("camera `{path}` has an impossible view")]
    View {
        /// The camera.
        path: String,
        /// What is wrong with the view.
        #[source]
        source: ViewError,
    },
    /// Paths begin with `/` and hold letters, digits, `-`, `_`, `.` and single `/`: correct it.
    #[error("`{path}` is no path for a camera")]
    Path {
        /// The path as given.
        path: String,
    },
    /// Two cameras have the same path: give each its own.
    #[error("two cameras have the path `{path}`")]
    SamePath {
        /// The path that they share.
        path: String,
    },
    /// 1 to 30 frames a second are possible.
    #[error("camera `{path}` cannot make {fps} frames a second")]
    FrameRate {
        /// The camera.
        path: String,
        /// The frame rate as given.
        fps: u32,
    },
    /// The bundled footage or the codec is broken: a defect, nothing helps but another build.
    #[error("camera `{path}` has no picture")]
    Media {
        /// The camera.
        path: String,
        /// What broke.
        #[source]
        source: MediaError,
    },
}

/// The bundled footage or the codec is broken. It says what in its text only, as nothing can be done about it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct MediaError(#[from] Box<dyn std::error::Error + Send + Sync>);

/// There is no camera with this path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no camera has the path `{path}`")]
pub struct UnknownCamera {
    /// The path that was asked for.
    pub path: String,
}
