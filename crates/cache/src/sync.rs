//! The locks of [`crate::flight`], in one place: its model check puts others under the same code.

pub(crate) use std::sync::{Arc, Mutex};
