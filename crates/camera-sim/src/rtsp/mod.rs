//! RTSP 1.0 (RFC 2326), the part that a camera needs.

pub(crate) mod auth;
pub(crate) mod connection;
pub(crate) mod conversation;
pub(crate) mod message;
pub(crate) mod sdp;
