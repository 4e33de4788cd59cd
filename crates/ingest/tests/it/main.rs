//! Ingest on a real registry and vault, with objects sealed as devices seal them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod answers;
mod check;
mod crash;
mod devices;
mod disk;
mod full;
mod household;
mod refused;
mod retention;
mod stills;
mod witness;
mod world;
