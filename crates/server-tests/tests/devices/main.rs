//! The server as devices and strangers meet it: over HTTP, on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod connections;
mod device;
mod events;
mod operators;
mod pairing;
mod system;
