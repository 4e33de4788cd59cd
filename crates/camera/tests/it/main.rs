//! What the crate promises, tried on real footage, synthetic scenes and real cameras' servers.

mod connection_test;
mod detector;
mod pipeline;
mod recorder;
mod support;
