//! The ledger: what it records, what it refuses, what it notices, and what it keeps through kill -9.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod append;
mod cover;
mod kill;
mod notices;
mod open;
mod reading;
mod support;
mod tamper;
