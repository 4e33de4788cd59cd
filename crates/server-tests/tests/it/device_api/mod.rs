//! The device API, as `docs/device-api.md` has it.

mod events;
mod pairing;
mod runs;
