//! ONVIF, as far as a home needs it: finding cameras in a network, and asking one for its streams.
//!
//! Begin with [`discover`], which calls into the network and gives what answers, and [`OnvifCamera`], which asks one
//! camera for its time, its name and its streams. Not here: RTSP, recording, and keys; nothing of a home but what it
//! was told about one camera comes in.
//!
//! What always holds:
//! - **No password leaves in clear text.** [`Password`] has no way out but two digests: the one of WS-Security's
//!   UsernameToken and HTTP's. A camera that asks for HTTP Basic gets none ([`OnvifError::ClearTextOnly`]).
//! - **A device cannot send us elsewhere.** Of an answer to the call only addresses at the host that it came from are
//!   believed; services and streams are looked for at the host that was asked, whatever host it names; redirects are
//!   not followed, and proxies not used.
//! - **Everything is bounded:** answers by number, length, depth and time. XML has no document type and no entities of
//!   its own (`xml.rs`).
//!
//! Errors: [`OnvifError`] and [`DiscoveryError`], each of which says what to do.

#![forbid(unsafe_code)]

mod camera;
mod clock;
mod discovery;
mod error;
mod http;
mod password;
mod soap;
mod streams;
mod xml;

pub use camera::OnvifCamera;
pub use discovery::{Around, DiscoveryError, FOUND_MAX, PORT, discover};
pub use error::OnvifError;
pub use password::{Login, Password};
