//! What a camera is known by: parts that stay the same when it is restarted, updated or given another network
//! address, gathered before a password is answered and before a frame is used.
//!
//! | part | where from | weight |
//! | --- | --- | --- |
//! | TLS key, at `rtsps://` | the handshake, where the camera proves to have it | another one is another camera, whatever else is the same; the same one may be any of its model |
//! | realm with a serial number | `WWW-Authenticate` | strong: the same one is the same camera, another one is another camera |
//! | any other realm | `WWW-Authenticate` | weak: another one is another camera, the same one may be any of its model |
//! | how it asks for a password | `WWW-Authenticate` | one that is easier to overhear is never accepted silently |
//! | name of the server | `Server`, without version numbers | weak |
//! | maker, name, program of the description | `o=`, `s=`, `a=tool`, without numbers | weak |
//!
//! Weak parts are compared only where no strong part has proved that it is the same camera, as an update of the
//! camera may change them. What is not kept: addresses, session numbers and versions, which change by themselves.
//!
//! It tells cameras apart that were exchanged by mistake, such as by a router that hands out addresses. It is no
//! proof against somebody who imitates a camera on purpose.

mod guard;
mod judge;
mod stored;
mod text;

use std::fmt;

use ownsight_model::FingerprintId;
use sha2::{Digest as _, Sha256};

use crate::source::{Answer, SignIn, TlsKey};

pub(crate) use guard::{Guard, Passed};
pub use stored::StoredFingerprintError;

/// Most realms of one camera that are looked at.
const REALMS_MAX: usize = 4;

/// What one camera is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    realms: Realms,
    asks: Asks,
    server: Option<String>,
    /// `None` before the camera has described its streams.
    described: Option<Description>,
    /// `None` of a camera that is spoken to without TLS.
    key: Option<TlsKey>,
}

/// What a camera calls itself when it asks for a password.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Realms {
    /// Sorted, each once. None: it asks for no password, or without a realm.
    Are(Vec<String>),
    /// Another one with each connection: they say nothing.
    Vary,
}

/// How a camera asks for a password, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Asks {
    Nothing,
    /// In a way that shows the password to who listens.
    Password,
    Digest,
}

/// What stands at the head of a camera's description, without numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Description {
    origin: Option<String>,
    session: Option<String>,
    tool: Option<String>,
}

/// What is known of a camera before it is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// It was never seen: what answers is taken for it, and kept.
    Nothing,
    /// It was seen.
    Is(Fingerprint),
    /// It was seen, and what it is known by cannot be read any more. Nothing is taken for it.
    Unreadable,
}

/// Keeps what one camera is known by. All of it may block on a disk; it is called on threads for that.
pub trait KnownCamera: fmt::Debug + Send + Sync {
    /// What is known now.
    fn known(&self) -> Known;

    /// What somebody has said to be this camera too.
    fn accepted(&self) -> Option<FingerprintId>;

    /// The camera is known by this from now on: durable when it returns, unless the disk fails, and then as long as
    /// the process lives.
    fn keep(&self, fingerprint: &Fingerprint);
}

impl Fingerprint {
    /// Names it. The same parts have the same name.
    pub fn id(&self) -> FingerprintId {
        FingerprintId::from_bytes(Sha256::digest(self.lines()).into())
    }

    /// From what a camera answers to who has no password.
    fn unasked(answer: &Answer) -> Self {
        let realms = answer.challenges.iter().filter_map(|challenge| challenge.realm.as_deref());
        let mut realms: Vec<_> = realms.filter_map(text::realm).take(REALMS_MAX).collect();
        realms.sort_unstable();
        realms.dedup();
        let asks = match (answer.status, answer.sign_in) {
            (401, SignIn::Digest) => Asks::Digest,
            (401, SignIn::Clear) => Asks::Password,
            _ => Asks::Nothing,
        };
        let server = answer.server.as_deref().and_then(text::without_numbers);
        Self { realms: Realms::Are(realms), asks, server, described: None, key: answer.key }
    }

    /// With what its description says.
    fn described(self, sdp: &[u8]) -> Self {
        Self { described: Some(Description::of(sdp)), ..self }
    }

    /// What of it is also so in another answer of the same camera.
    fn steady(self, again: &Self) -> Self {
        let realms = if self.realms == again.realms { self.realms } else { Realms::Vary };
        Self { realms, ..self }
    }
}

impl Description {
    fn of(sdp: &[u8]) -> Self {
        let sdp = String::from_utf8_lossy(sdp);
        let mut description = Self::default();
        for line in sdp.lines().take_while(|line| !line.starts_with("m=")) {
            if let Some(origin) = line.strip_prefix("o=") {
                // What follows is a session's number, its version, and an address.
                description.origin = origin.split_whitespace().next().and_then(text::without_numbers);
            } else if let Some(session) = line.strip_prefix("s=") {
                description.session = text::without_numbers(session);
            } else if let Some(tool) = line.strip_prefix("a=tool:") {
                description.tool = text::without_numbers(tool);
            }
        }
        description
    }
}

#[cfg(test)]
mod tests;
