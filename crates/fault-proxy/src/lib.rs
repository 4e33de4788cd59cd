//! Valkey or Redis with faults, for tests: a private [`Server`] that can be paused, killed and started anew, and a
//! [`FaultProxy`] in front of it that mixes replies up, as real faults do.
//!
//! The proxy reads the protocol (RESP 2 and 3) in both directions, knows which reply belongs to which request, and at each reply
//! throws a die: with the [`Dose`]'s chance the reply is treated by the [`Fault`]. What belongs to setting a connection up, and
//! subscriptions, pass untouched; otherwise nothing would be connected long enough to be mixed up.
//!
//! Loopback only. A connection ends with its client, and all of them with the proxy.

mod fault;
mod pipe;
mod proxy;
mod resp;
mod server;

pub use fault::{Dose, Fault};
pub use proxy::{Counts, FaultProxy};
pub use resp::{Broken, frame_len};
pub use server::Server;
