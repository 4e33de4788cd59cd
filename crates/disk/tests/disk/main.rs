//! The disk's contract: the same bodies on a folder of the machine and on the disk that forgets, and what
//! only the disk that forgets can show.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod conformance;
mod faults;
mod forgetting;
mod sequences;
