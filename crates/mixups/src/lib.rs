//! The swap test, in `tests/swap/`: two homes in a running system, and everything that can be mixed up between them
//! exchanged, one thing at a time. `docs/mixups.md` is its result.
//!
//! It is a package of its own because it alone switches `seal`'s feature `barriers` on, without which it could not
//! show that it would see a leak.
