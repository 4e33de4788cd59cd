//! Cameras that speak ONVIF, played by a double that checks what it is sent as they do.

mod answers;
mod double;
mod finding;
mod refusing;
