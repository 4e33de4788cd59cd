//! One simulated camera: its settings, what clients share of it, and the task that makes its frames.

pub(crate) mod clock;
pub(crate) mod hub;
pub(crate) mod producer;
pub(crate) mod settings;
