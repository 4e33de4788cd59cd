//! The simulator as its clients see it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail as its own lines do"
)]

mod auth;
mod limits;
mod outside_tools;
mod stream;
mod support;
mod switches;
mod watermark;
