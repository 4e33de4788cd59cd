//! The server as people, devices and strangers meet it: over HTTP, on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod api;
mod cache;
mod connections;
mod device_api;
mod operators;
mod proxy;
mod revocation;
mod support;
