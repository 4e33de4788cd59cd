//! The camera's side: reaching it, speaking RTSP with it, taking its frames.

mod backoff;
mod fault;
mod reach;
mod stream;

pub(crate) use backoff::Backoff;
pub(crate) use fault::Fault;
pub(crate) use reach::{Answer, ask, reach};
pub(crate) use stream::{Described, Frame, Stream, parse_url};
