//! The simulator as its clients see it.

mod auth;
mod limits;
mod outside_tools;
mod stream;
mod support;
mod switches;
mod watermark;
