//! What a caller of the gate is told, and what it can do.

use std::time::Duration;

use ownsight_model::{CameraAddressError, EmailError, TokenRight};

use crate::views;

/// A name by which an operator finds the log line of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(pub(crate) String);

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why the gate did not do what was asked. Exhaustive on purpose: a new reason must be decided on by every caller.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// There is no live session with these credentials. Sign in.
    #[error("not signed in")]
    SignedOut,
    /// The e-mail address or the password is wrong; which of them is not told.
    #[error("the e-mail address or the password is not right")]
    WrongCredentials,
    /// The current password, asked for to change it, is wrong.
    #[error("the current password is not right")]
    WrongPassword,
    /// Too many tries to sign in. Come back later.
    #[error("too many tries to sign in")]
    TooManyTries {
        /// When the next try is taken.
        retry_after: Duration,
    },
    /// It does not exist, or belongs to somebody else: the same answer.
    #[error("nothing here")]
    NotFound,
    /// The role in this home does not have the key that this needs, or may not do it to an owner.
    #[error("the role in this home may not do this")]
    NotAllowed,
    /// A program's token asks for what it has no right to, or for what concerns the account itself.
    #[error("the token has no right to this")]
    TokenMayNot {
        /// The right that it does not have; `None`: no token does this.
        missing: Option<TokenRight>,
    },
    /// The account has as many tokens as it may have.
    #[error("an account has at most {max} tokens")]
    TooManyTokens {
        /// How many it may have.
        max: u32,
    },
    /// The account is a member already.
    #[error("this address is a member's already")]
    AlreadyMember,
    /// A home needs an owner: hand it over first.
    #[error("the last owner can only hand the home over")]
    LastOwner,
    /// The home has as many members and invitations, or shares, as it may have.
    #[error("a home has at most {max} of these")]
    TooMany {
        /// How many it may have.
        max: u32,
    },
    /// There is no picture yet.
    #[error("there is no picture yet")]
    NoPicture,
    /// The link was used, has expired, or never was.
    #[error("this link was used or has expired")]
    LinkUsed,
    /// An account has this e-mail address already.
    #[error("an account has this e-mail address already")]
    EmailTaken,
    /// A field of the request is not acceptable.
    #[error("`{field}`: {why}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it, and what would be right.
        why: String,
    },
    /// The new password is too short or too long.
    #[error("the password must have at least 10 characters, and at most 1024 bytes")]
    WeakPassword,
    /// No paired device can do this.
    #[error("no device of this home can do this yet")]
    NoDevice,
    /// A camera with this address is in the home already.
    #[error("a camera with this address is in this home already")]
    AlreadyAdded,
    /// The test has not passed.
    #[error("the test has not passed")]
    NotPassed,
    /// The same was changed at the same time. Read again, then decide.
    #[error("somebody else changed this at the same moment")]
    Conflict,
    /// Something did not authenticate; the alarm has been raised.
    #[error("what was asked for could not be verified, and is not shown ({reference})")]
    NotVerified {
        /// Finds the log line.
        reference: Reference,
    },
    /// The asked range lies outside the section.
    #[error("the range lies outside the {length} bytes that there are")]
    RangeNotSatisfiable {
        /// Bytes of the whole.
        length: u64,
    },
    /// An operator has closed this. Say so; it may be asked for again.
    #[error("locked down: {}", .0.reason)]
    LockedDown(Box<views::Lockdown>),
    /// The home came back from a backup: nothing of it opens until an owner has confirmed who belongs to it.
    #[error("this home was restored from a backup; its owner must confirm who belongs to it")]
    Restored,
    /// Too much to do. Nothing was decided; come back.
    #[error("busy")]
    Busy,
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// A part that this needs does not work; the log says which. Nothing leaves.
    #[error("not available ({reference})")]
    Unavailable {
        /// Finds the log line.
        reference: Reference,
    },
}

impl GateError {
    pub(crate) fn invalid(field: &'static str, why: impl Into<String>) -> Self {
        Self::Invalid { field, why: why.into() }
    }
}

impl From<EmailError> for GateError {
    fn from(error: EmailError) -> Self {
        Self::invalid("email", error.to_string())
    }
}

impl From<CameraAddressError> for GateError {
    fn from(error: CameraAddressError) -> Self {
        Self::invalid("address", error.to_string())
    }
}
