//! Calls to the server: one deadline each, a bounded answer, the server's clock from every one of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{DeviceId, Timestamp};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::address::ServerAddress;
use crate::clock::Clock;
use crate::error::{CallError, StopReason};
use crate::run::Run;
use crate::tls::Trust;

/// The version of the protocol that this crate speaks.
pub const PROTOCOL: &str = "1.0";
/// Most bytes of an answer. Configurations are the largest ones.
const ANSWER_BYTES_MAX: usize = 4 << 20;
const CONNECT_SECONDS: u64 = 10;

/// The server, as one device calls it. Clones share connections.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    client: Client,
    server: ServerAddress,
    clock: Arc<Clock>,
    authorization: Option<Authorization>,
}

/// Who calls, and which start of it.
#[derive(Clone, Debug)]
struct Authorization {
    credential: HeaderValue,
    run: HeaderValue,
    run_before: Option<HeaderValue>,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Bytes,
    problem: Option<Problem>,
}

/// The part of a problem document (RFC 9457) that a device acts on.
#[derive(Debug, Deserialize)]
struct Problem {
    code: String,
    #[serde(default)]
    detail: String,
}

/// What an answer asks of any call, whatever it was about.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Stop, and say so.
    Stop(StopReason),
    /// Another device with this identity calls, too: neither is served until somebody of the home has settled it. Keep everything.
    Contested,
    /// This program and the server speak different versions of the protocol; keep everything.
    OtherProtocol,
    /// Come back later.
    Later,
}

impl Api {
    /// A client without credentials, for pairing.
    pub(crate) fn new(server: ServerAddress, trust: &Trust, clock: Arc<Clock>) -> Result<Self, CallError> {
        let builder = Client::builder()
            // The address is the whole truth: no environment, no redirects to somebody else.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(CONNECT_SECONDS))
            .tcp_keepalive(Duration::from_secs(30))
            .user_agent(concat!("ownsight-device/", env!("CARGO_PKG_VERSION")));
        let builder = match trust.tls().map_err(|error| CallError::Setup(error.into()))? {
            Some(tls) => builder.tls_backend_preconfigured(tls),
            // Without encryption no roots are needed, and a machine that has none is fine.
            None if !server.is_encrypted() => builder.tls_certs_only([]),
            None => builder,
        };
        let client = builder.build().map_err(|error| CallError::Setup(error.into()))?;
        Ok(Self { client, server, clock, authorization: None })
    }

    /// The same, with the device's credential.
    pub(crate) fn authenticated(mut self, device: DeviceId, credential: &[u8; 32], run: &Run) -> Self {
        let secret = Zeroizing::new(BASE64URL_NOPAD.encode(credential));
        let text = Zeroizing::new(format!("Device {device}:{}", *secret));
        // Its characters are those of base64url and an id: always a header's.
        let header = |text: &str| HeaderValue::from_str(text).ok();
        self.authorization = header(&text).zip(header(&run.id)).map(|(mut credential, id)| {
            credential.set_sensitive(true);
            Authorization { credential, run: id, run_before: run.before.as_deref().and_then(header) }
        });
        self
    }

    pub(crate) fn server(&self) -> &ServerAddress {
        &self.server
    }

    /// Begins a call; `path` has no slash at its begin.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, self.server.call(path));
        let request = request.header("Ownsight-Protocol", PROTOCOL);
        let Some(Authorization { credential, run, run_before }) = &self.authorization else { return request };
        let request = request.header(AUTHORIZATION, credential.clone()).header("Ownsight-Run", run.clone());
        match run_before {
            Some(before) => request.header("Ownsight-Run-Before", before.clone()),
            None => request,
        }
    }

    /// Makes a call, within `limit` from beginning to the last byte of the answer.
    ///
    /// Cancel safety: a call that is dropped may or may not have reached the server.
    pub(crate) async fn send(&self, request: RequestBuilder, limit: Duration) -> Result<Answer, CallError> {
        let asked = Instant::now();
        let mut response = request.timeout(limit).send().await.map_err(CallError::from_client)?;
        let (status, headers) = (response.status(), response.headers());
        let seconds = number(headers, RETRY_AFTER.as_str()).and_then(|seconds| u64::try_from(seconds).ok());
        let retry_after = seconds.map(Duration::from_secs);
        match number(headers, "Ownsight-Time") {
            Some(stamp) => self.clock.observe(Timestamp::from_micros(stamp), asked, Instant::now()),
            // A captive portal or a proxy on the way: whatever it says, it is not about our footage.
            None => return Err(CallError::NotOwnsight { status: status.as_u16(), retry_after }),
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(CallError::from_client)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(CallError::AnswerTooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let problem = if status.is_success() { None } else { serde_json::from_slice(&body).ok() };
        Ok(Answer { status, retry_after, body: body.freeze(), problem })
    }
}

impl Answer {
    /// The problem's code; empty if there is none.
    pub(crate) fn code(&self) -> &str {
        self.problem.as_ref().map_or("", |problem| problem.code.as_str())
    }

    /// The problem's words for people; may be empty.
    pub(crate) fn detail(&self) -> &str {
        self.problem.as_ref().map_or("", |problem| problem.detail.as_str())
    }

    pub(crate) fn json<T: for<'a> Deserialize<'a>>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What this answer asks, if the call itself has no better reading of it.
    pub(crate) fn refusal(&self) -> Refusal {
        match (self.status, self.code()) {
            (StatusCode::UNAUTHORIZED, "device-unknown") => Refusal::Stop(StopReason::DeviceUnknown),
            (StatusCode::FORBIDDEN, "device-removed") => Refusal::Stop(StopReason::DeviceRemoved),
            (StatusCode::FORBIDDEN, "device-left") => Refusal::Stop(StopReason::DeviceLeft),
            (StatusCode::FORBIDDEN, "device-contested") => Refusal::Contested,
            (StatusCode::UPGRADE_REQUIRED, _) => Refusal::OtherProtocol,
            _ => Refusal::Later,
        }
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}
