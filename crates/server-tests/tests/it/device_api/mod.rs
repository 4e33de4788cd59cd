//! The device API, as `docs/device-api.md` has it.

mod events;
mod leaving;
mod pairing;
mod runs;
mod uploads;
