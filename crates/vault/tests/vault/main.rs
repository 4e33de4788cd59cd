//! The vault: its histories on the disk that forgets, its behaviour on the machine's disk, dropped calls, and
//! disks that are full or broken.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod cancel;
mod crash;
mod full;
mod history;
mod pieces;
mod real;
mod support;
mod sweep;
