//! Sealed objects, HPKE, key wrapping: the pure core without I/O

pub mod stream;
