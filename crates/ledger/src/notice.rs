//! What stands on the record and is no opening: what an operator closed, and opened again.

use ownsight_model::{Closed, LockdownId, LockdownScope, Timestamp};

/// Most bytes of a reason or of a name on the record: 500 characters of any script.
pub const TEXT_BYTES_MAX: usize = 2000;

/// One line of the record on a lockdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockdownNotice {
    /// When it began or was lifted.
    pub time: Timestamp,
    /// Which lockdown.
    pub lockdown: LockdownId,
    /// For whom it closes something.
    pub scope: LockdownScope,
    /// Who does it.
    pub by: String,
    /// What happened.
    pub step: LockdownStep,
}

/// What happened to a lockdown. The codes are part of the format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockdownStep {
    /// It began (1). One for the same scope that was there before has ended with it.
    Begun {
        /// What it closes.
        closes: Closed,
        /// Why, as the people concerned read it.
        reason: String,
    },
    /// It was lifted (2).
    Lifted,
}

impl LockdownNotice {
    /// The longest text in it, in bytes.
    pub(crate) fn text_bytes(&self) -> usize {
        match &self.step {
            LockdownStep::Begun { reason, .. } => reason.len().max(self.by.len()),
            LockdownStep::Lifted => self.by.len(),
        }
    }
}
