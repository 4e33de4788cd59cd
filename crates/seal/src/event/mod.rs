//! Sealed objects: one event, a header, then sections, then a trailer.
//!
//! ```text
//! header (232) ‖ section ‖ section ‖ … ‖ trailer (52 + 17 a section)
//! ```
//! `docs/sealed-objects.md` is the whole description, with test vectors.

pub mod header;
pub mod kept;
pub mod opener;
pub mod sealer;
pub mod trailer;
