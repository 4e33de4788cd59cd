//! Why something did not open.

use crate::Purpose;

/// Why something did not open. Every variant is an alarm, but for
/// [`OpenError::Malformed`] of what a caller sent.
///
/// Deliberately exhaustive: whoever decides on these must look again when there is one more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It was sealed under another key or for something else: somebody else's row, file or secret came back.
    #[error("mix-up: what was to be opened as `{}` was sealed under another key or for something else", .0.label())]
    MixUp(Purpose),
    /// The key is right and the bytes are not: damage on disk or on the way.
    #[error("damaged: what was to be opened as `{}` is not as it was sealed", .0.label())]
    Damaged(Purpose),
    /// It does not authenticate, and which of the two it is cannot be told.
    #[error("not authentic: `{}` does not verify", .0.label())]
    NotAuthentic(Purpose),
    /// The bytes do not have the form that they must have: cut off, of another version, or never what they should
    /// be. From a device it is the device's fault; of what was stored it is damage.
    #[error("malformed `{what}`: {why}")]
    Malformed {
        /// What was to be read.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
}

pub(crate) const fn malformed(what: &'static str, why: &'static str) -> OpenError {
    OpenError::Malformed { what, why }
}
