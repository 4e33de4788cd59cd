//! What the crate promises, tried on real footage, synthetic scenes and real cameras' servers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where it fails, in its helpers too"
)]

mod connection_test;
mod decoder;
mod detector;
mod labelled;
mod pipeline;
mod recorder;
mod savings;
mod sound;
mod support;
mod tls;
mod vendors;
mod weather;
