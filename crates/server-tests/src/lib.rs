//! Tests of the server over HTTP, in `tests/devices/`: the device API as `docs/device-api.md` has it, and how the
//! server treats connections.
//!
//! A package of its own, because these tests seal and open as devices do: `server` itself must not be able to name
//! `seal`, not even in its tests, or the proof that it cannot make a key or a plaintext would prove nothing.
