//! The camera's side: reaching it, speaking RTSP with it, taking its frames.

mod backoff;
mod bridge;
mod certificate;
mod challenge;
mod connection;
mod fault;
mod reach;
mod redirect;
mod setup;
mod sound;
mod stream;
mod tls;

pub(crate) use backoff::Backoff;
#[cfg(test)]
pub(crate) use challenge::Challenge;
pub(crate) use connection::Connection;
pub(crate) use fault::Fault;
pub(crate) use reach::{Answer, SignIn, ask, reach};
pub(crate) use redirect::{Found, find};
pub(crate) use setup::Way;
pub(crate) use stream::{Described, Frame, Stream, parse_url};
pub(crate) use tls::TlsKey;

#[cfg(test)]
#[path = "../../tests/it/support/tls.rs"]
#[allow(dead_code, reason = "the agent's tests use the rest")]
mod front;
#[cfg(test)]
#[path = "../../tests/it/support/scripted.rs"]
mod scripted;
#[cfg(test)]
mod tests;
