//! Sealed objects on local disk
