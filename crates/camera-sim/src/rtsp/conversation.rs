//! One client's conversation: which request gets which answer, and what follows from it. No I/O here.
//!
//! ```text
//!            SETUP            PLAY
//!  Init ───────────► Ready ───────────► Playing
//!    ◄───────────────┴──────TEARDOWN──────┘
//! ```
//! One session of one track per connection, over TCP on the connection itself. Unknown paths are 404 before any password
//! is asked for: a simulator has no secrets.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::auth::{Verdict, challenge, new_nonce, verify};
use super::message::{Request, Response, Status};
use super::sdp::{TRACK, describe};
use crate::camera::hub::Camera;

/// A client that says nothing for so long is gone. Players send a keep-alive each half of it, or RTCP.
pub(crate) const SESSION_TIMEOUT: Duration = Duration::from_mins(1);

/// All cameras by path.
pub(crate) type Cameras = HashMap<String, Arc<Camera>>;

/// What follows from an answer once it was sent.
#[derive(Debug)]
pub(crate) enum Effect {
    None,
    Play(Box<Session>),
    Stop,
}

/// What SETUP agreed on.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    id: String,
    pub(crate) camera: Arc<Camera>,
    /// The channel of RTP; RTCP has the next one.
    pub(crate) channel: u8,
    pub(crate) ssrc: u32,
    pub(crate) first_sequence: u16,
    playing: bool,
}

pub(crate) struct Conversation {
    cameras: Arc<Cameras>,
    /// This server's address as the client reached it.
    server: IpAddr,
    nonce: String,
    session: Option<Session>,
}

impl Conversation {
    pub(crate) fn new(cameras: Arc<Cameras>, server: IpAddr) -> Self {
        Self { cameras, server, nonce: new_nonce(), session: None }
    }

    /// Answers a request, and says what is to follow.
    pub(crate) fn answer(&mut self, request: &Request) -> (Response, Effect) {
        match self.try_answer(request) {
            Ok(answer) => answer,
            Err(refusal) => (*refusal, Effect::None),
        }
    }

    fn try_answer(&mut self, request: &Request) -> Result<(Response, Effect), Box<Response>> {
        if request.header("cseq").is_none() {
            return Err(refuse(Status::BadRequest));
        }
        if let Some(options) = request.header("require") {
            return Err(Box::new(Response::new(Status::OptionNotSupported).header("Unsupported", options)));
        }
        match request.method.as_str() {
            "OPTIONS" => {
                let public = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN";
                Ok((Response::new(Status::Ok).header("Public", public), Effect::None))
            }
            "DESCRIBE" => self.describe(request),
            "SETUP" => self.set_up(request),
            "PLAY" => self.play(request),
            "GET_PARAMETER" | "SET_PARAMETER" => {
                if request.header("session").is_some() {
                    self.session_of(request)?;
                }
                if request.body_length > 0 {
                    return Err(refuse(Status::ParameterNotUnderstood));
                }
                Ok((self.ok(), Effect::None))
            }
            "TEARDOWN" => {
                self.session_of(request)?;
                self.session = None;
                Ok((Response::new(Status::Ok), Effect::Stop))
            }
            _ => Err(refuse(Status::NotImplemented)),
        }
    }

    fn describe(&self, request: &Request) -> Result<(Response, Effect), Box<Response>> {
        let camera = self.camera_of(request)?;
        let accepted = request.header("accept").is_none_or(|accept| {
            ["application/sdp", "application/*", "*/*"].iter().any(|kind| accept.contains(kind))
        });
        if !accepted {
            return Err(refuse(Status::NotAcceptable));
        }
        let name = camera.settings.path.trim_start_matches('/');
        let sdp = describe(name, self.server, &camera.parameter_sets, &camera.settings);
        let base = format!("{}/", request.uri.trim_end_matches('/'));
        let response = Response::new(Status::Ok).header("Content-Base", base).body("application/sdp", sdp);
        Ok((named(&camera, response), Effect::None))
    }

    fn set_up(&mut self, request: &Request) -> Result<(Response, Effect), Box<Response>> {
        let camera = self.camera_of(request)?;
        if request.header("session").is_some() {
            self.session_of(request)?;
        }
        if self.session.as_ref().is_some_and(|session| session.playing) {
            return Err(refuse(Status::MethodNotValidInState));
        }
        let offers = request.header("transport").ok_or_else(|| refuse(Status::BadRequest))?;
        let channel = offers.split(',').find_map(interleaved_channel);
        let channel = channel.ok_or_else(|| refuse(Status::UnsupportedTransport))?;
        let session = Session {
            id: format!("{:016X}", fastrand::u64(..)),
            camera,
            channel,
            ssrc: fastrand::u32(..),
            first_sequence: fastrand::u16(..),
            playing: false,
        };
        let transport = format!(
            "RTP/AVP/TCP;unicast;interleaved={channel}-{};ssrc={:08X};mode=\"PLAY\"",
            channel + 1,
            session.ssrc
        );
        self.session = Some(session);
        Ok((self.ok().header("Transport", transport), Effect::None))
    }

    fn play(&mut self, request: &Request) -> Result<(Response, Effect), Box<Response>> {
        if self.session.is_none() && request.header("session").is_none() {
            return Err(refuse(Status::MethodNotValidInState));
        }
        let camera = self.camera_of(request)?;
        let session = self.session_of(request)?;
        if !Arc::ptr_eq(&camera, &session.camera) {
            return Err(refuse(Status::SessionNotFound));
        }
        let already = std::mem::replace(&mut session.playing, true);
        let effect = if already { Effect::None } else { Effect::Play(Box::new(session.clone())) };
        let first = camera.clock.timestamp(camera.clock.next_tick(Instant::now()));
        let base = request.uri.trim_end_matches('/');
        let track = if base.ends_with(TRACK) { base.to_owned() } else { format!("{base}/{TRACK}") };
        let info = format!("url={track};seq={};rtptime={first}", session.first_sequence);
        let mut response = self.ok().header("Range", "npt=now-");
        if !already {
            response = response.header("RTP-Info", info);
        }
        Ok((response, effect))
    }

    /// The camera that the request's address names, if the request may see it.
    fn camera_of(&self, request: &Request) -> Result<Arc<Camera>, Box<Response>> {
        let path = path_of(&request.uri).ok_or_else(|| refuse(Status::NotFound))?;
        let camera = self.cameras.get(path).ok_or_else(|| refuse(Status::NotFound))?;
        if let Some(credentials) = &camera.settings.credentials {
            let realm = &camera.settings.identity.realm;
            if request.header("authorization").is_some() {
                camera.passwords.fetch_add(1, Ordering::Relaxed);
            }
            let verdict = verify(
                credentials,
                realm,
                &self.nonce,
                &request.method,
                &request.uri,
                request.header("authorization"),
            );
            if verdict != Verdict::Accepted {
                let challenge = challenge(credentials.scheme, realm, &self.nonce, verdict == Verdict::Stale);
                let response = Response::new(Status::Unauthorized).header("WWW-Authenticate", challenge);
                return Err(Box::new(named(camera, response)));
            }
        }
        Ok(Arc::clone(camera))
    }

    fn session_of(&mut self, request: &Request) -> Result<&mut Session, Box<Response>> {
        // Parameters such as `;timeout=60` may be echoed.
        let named = request.header("session").and_then(|value| value.split(';').next()).map(str::trim);
        let session = self.session.as_mut().filter(|session| Some(session.id.as_str()) == named);
        session.ok_or_else(|| refuse(Status::SessionNotFound))
    }

    /// 200, naming the session if there is one.
    fn ok(&self) -> Response {
        let response = Response::new(Status::Ok);
        match &self.session {
            Some(session) => {
                response.header("Session", format!("{};timeout={}", session.id, SESSION_TIMEOUT.as_secs()))
            }
            None => response,
        }
    }
}

/// With the name of the camera's program, if it has one.
fn named(camera: &Camera, response: Response) -> Response {
    match &camera.settings.identity.server {
        Some(server) => response.header("Server", server.clone()),
        None => response,
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "it is always an error's content, which is to be small")]
fn refuse(status: Status) -> Box<Response> {
    Box::new(Response::new(status))
}

/// The RTP channel of one offer in a `Transport` header, if it is for this connection.
fn interleaved_channel(offer: &str) -> Option<u8> {
    let mut parts = offer.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("RTP/AVP/TCP") {
        return None;
    }
    let mut channel = 0;
    for part in parts {
        if part.eq_ignore_ascii_case("multicast") {
            return None;
        }
        if let Some(channels) = part.strip_prefix("interleaved=") {
            channel = channels.split('-').next()?.parse().ok()?;
        }
    }
    // RTCP has the channel after it.
    (channel < u8::MAX).then_some(channel)
}

/// The camera's path in an address, without track, query and trailing slash.
fn path_of(uri: &str) -> Option<&str> {
    let path = match uri.split_once("://") {
        // With TLS in front of it, its viewers say `rtsps`.
        Some((scheme, rest)) if ["rtsp", "rtsps"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) => {
            rest.get(rest.find('/')?..)?
        }
        Some(_) => return None,
        None => uri,
    };
    let path = path.split(['?', '#']).next()?.trim_end_matches('/');
    let path = path.strip_suffix(TRACK).map_or(path, |path| path.trim_end_matches('/'));
    path.starts_with('/').then_some(path)
}

#[cfg(test)]
mod tests;
