//! The key chain and sealed objects, through what the crate shows: each step with its own inputs, and with every input
//! exchanged for another home's, camera's, tenure's, epoch's, device's or session's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests may fail the test"
)]

mod configuration;
mod damage;
mod events;
mod exchange;
mod looks;
mod membership;
mod pairing;
mod parsers;
mod sealing;
mod secrets;
mod support;
mod viewing;
