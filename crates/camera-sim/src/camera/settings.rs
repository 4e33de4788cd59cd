//! What a camera is told at its start.

use super::super::media::view::View;
use super::super::rtsp::auth::{AuthScheme, Credentials};
use crate::error::StartError;
use crate::media::footage::NATIVE_FPS;

/// Noise of [`Scene::StillWithNoise`] where nothing else is said: what a cheap sensor has in the evening.
pub const STILL_NOISE_SIGMA: f32 = 2.0;

/// Where a camera's access units come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Decoded, shown through the camera's [`View`], watermarked and encoded live.
    #[default]
    Live,
    /// The footage's own: Main profile with B-frames, sent in decoding order with presentation times. View, noise, scene
    /// and watermark have no effect.
    Original,
}

/// What goes on in front of a camera.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Scene {
    /// The footage: people come and go.
    #[default]
    Footage,
    /// The picture stands still: nothing moves but the sensor's noise, new in each frame.
    StillWithNoise {
        /// Standard deviation in luma steps, 0 to 30.
        sigma: f32,
    },
}

/// What a camera says of itself, by which others may tell it from another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What it calls itself when it asks for a password; without `"`.
    pub realm: String,
    /// The first word of `o=` in its description.
    pub origin: String,
    /// `a=tool` in its description.
    pub tool: String,
    /// Its `Server` header; `None`: it sends none.
    pub server: Option<String>,
}

impl Default for Identity {
    fn default() -> Self {
        let name = || "ownsight-camera-sim".to_owned();
        Self { realm: name(), origin: "-".to_owned(), tool: name(), server: None }
    }
}

/// One camera, as the builder takes it. Only path and view must be given.
#[derive(Clone, Debug)]
pub struct SimCamera {
    pub(crate) path: String,
    pub(crate) view: View,
    pub(crate) watermark: Option<(u16, u16)>,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) fps: u32,
    pub(crate) source: Source,
    pub(crate) scene: Scene,
    pub(crate) noise: f32,
    pub(crate) loop_frames: Option<u32>,
    pub(crate) identity: Identity,
}

impl SimCamera {
    /// A camera at `path` (e.g. `/driveway`): 10 frames/s, for everybody, without watermark and noise.
    pub fn new(path: impl Into<String>, view: View) -> Self {
        Self {
            path: path.into(),
            view,
            watermark: None,
            credentials: None,
            fps: NATIVE_FPS,
            source: Source::Live,
            scene: Scene::Footage,
            noise: 0.0,
            loop_frames: None,
            identity: Identity::default(),
        }
    }

    /// Burns a [`Watermark`](crate::watermark::Watermark) with these numbers into each frame.
    #[must_use]
    pub fn watermark(self, home: u16, camera: u16) -> Self {
        Self { watermark: Some((home, camera)), ..self }
    }

    /// Asks for these credentials by Digest.
    #[must_use]
    pub fn credentials(self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials_by(AuthScheme::Digest, user, password)
    }

    /// Asks for these credentials by the scheme given.
    #[must_use]
    pub fn credentials_by(
        self,
        scheme: AuthScheme,
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        let credentials = Credentials { user: user.into(), password: password.into(), scheme };
        Self { credentials: Some(credentials), ..self }
    }

    /// What it says of itself.
    #[must_use]
    pub fn identity(self, identity: Identity) -> Self {
        Self { identity, ..self }
    }

    /// Frames a second, 1 to 30. The footage has 10: others make it run slower or faster.
    #[must_use]
    pub fn fps(self, fps: u32) -> Self {
        Self { fps, ..self }
    }

    /// Where the access units come from.
    #[must_use]
    pub fn source(self, source: Source) -> Self {
        Self { source, ..self }
    }

    /// What goes on in front of the camera at first; [`CameraSim::set_scene`](crate::CameraSim::set_scene) changes it.
    #[must_use]
    pub fn scene(self, scene: Scene) -> Self {
        Self { scene, ..self }
    }

    /// Sensor noise that is always there, as a standard deviation in luma steps, 0 to 30.
    #[must_use]
    pub fn noise(self, sigma: f32) -> Self {
        Self { noise: sigma, ..self }
    }

    /// Plays only the first `frames` frames of the footage again and again, rounded up to the next key frame (each 20th).
    #[must_use]
    pub fn loop_frames(self, frames: u32) -> Self {
        Self { loop_frames: Some(frames), ..self }
    }

    pub(crate) fn check(&self, width: usize, height: usize) -> Result<(), StartError> {
        let path = || self.path.clone();
        let named = self.path.strip_prefix('/').is_some_and(|rest| {
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            rest.split('/').all(|part| !part.is_empty() && part.bytes().all(legal))
        });
        if !named {
            return Err(StartError::Path { path: path() });
        }
        if !(1..=30).contains(&self.fps) {
            return Err(StartError::FrameRate { path: path(), fps: self.fps });
        }
        self.view.check(width, height).map_err(|source| StartError::View { path: path(), source })
    }
}
