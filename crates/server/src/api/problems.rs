//! What a caller is told of the gate's errors.

use std::time::Duration;

use axum::http::StatusCode;
use ownsight_gate::{GateError, WrongSession};

use super::credentials::signed_out;
use crate::http::Problem;

/// When to come back while something is busy: spread out, so that not all come at once.
fn later() -> Duration {
    Duration::from_secs(fastrand::u64(2..10))
}

impl From<GateError> for Problem {
    fn from(error: GateError) -> Self {
        let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
        match error {
            GateError::SignedOut => signed_out(),
            GateError::WrongCredentials => {
                Self::new(StatusCode::UNAUTHORIZED, "wrong-credentials", "The sign-in is not right")
                    .detail("The e-mail address or the password is not right.")
                    .remedy("Check both, then try again.")
            }
            GateError::WrongPassword => {
                Self::new(StatusCode::FORBIDDEN, "wrong-password", "The password is not right")
                    .detail("The current password is not right.")
                    .remedy("Enter the password that you sign in with now.")
            }
            GateError::TooManyTries { retry_after } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-tries", "Too many tries")
                    .detail("There were too many tries to sign in.")
                    .remedy("Wait, then try again.")
                    .retry_after(retry_after)
            }
            GateError::NotFound => Self::not_found(),
            GateError::NotAllowed => Self::new(StatusCode::FORBIDDEN, "not-allowed", "You may not do this")
                .detail("Your role in this home, or what is shared with you, does not allow this.")
                .remedy("Ask an owner of the home."),
            GateError::TokenMayNot { missing: Some(right) } => {
                Self::new(StatusCode::FORBIDDEN, "token-right", "This token may not do this")
                    .detail(format!("The token does not have the right `{}`.", right.word()))
                    .remedy("Make a token that has this right, on the account page.")
            }
            GateError::TokenMayNot { missing: None } => {
                Self::new(StatusCode::FORBIDDEN, "token-account", "No token may do this")
                    .detail("This concerns the account itself, which no token touches: a sign-in is missing.")
                    .remedy("Sign in.")
            }
            GateError::TooManyTokens { max } => {
                Self::new(StatusCode::CONFLICT, "too-many-tokens", "There are too many tokens")
                    .detail(format!("An account has at most {max} tokens."))
                    .remedy("End a token that is not used any more.")
            }
            GateError::AlreadyMember => {
                Self::new(StatusCode::CONFLICT, "already-member", "This is a member already")
                    .detail("Who has this address is a member of the home already.")
                    .remedy("Nothing is to be done.")
            }
            GateError::LastOwner => Self::new(StatusCode::CONFLICT, "last-owner", "A home needs an owner")
                .detail(
                    "You are the only owner of a home. Hand it over to another member, or delete it, first.",
                ),
            GateError::TooMany { max } => Self::new(StatusCode::CONFLICT, "too-many", "The home is full")
                .detail(format!("A home has at most {max} members with its invitations, or shares."))
                .remedy("Withdraw an invitation, remove somebody or end a share first."),
            GateError::NoPicture => Self::new(StatusCode::NOT_FOUND, "no-picture", "There is no picture yet")
                .remedy("Wait until the camera records."),
            GateError::LinkUsed => Self::new(StatusCode::NOT_FOUND, "link-used", "This link does not work")
                .detail("This link was used or has expired.")
                .remedy("Ask who gave it to you for a new one."),
            GateError::EmailTaken => {
                Self::new(StatusCode::CONFLICT, "email-taken", "The e-mail address is taken")
                    .detail("An account has this e-mail address already.")
                    .remedy("Sign in with it, or use another address.")
            }
            GateError::Invalid { field, why } => {
                Self::new(unprocessable, "invalid", "A field is not acceptable")
                    .field(field)
                    .detail(format!("`{field}`: {why}."))
                    .remedy("Correct the field, then try again.")
            }
            GateError::WeakPassword => {
                Self::new(unprocessable, "weak-password", "The password is not acceptable")
                    .detail("The password must have at least 10 characters, and at most 1024 bytes.")
                    .remedy("Choose a longer one.")
            }
            GateError::NoDevice => Self::new(StatusCode::CONFLICT, "no-device", "No device can do this")
                .detail("No paired device of this home can do this.")
                .remedy("Pair a device first, or wait until it is connected."),
            GateError::AlreadyAdded => {
                Self::new(StatusCode::CONFLICT, "already-added", "The camera is here already")
                    .detail("A camera with this address is in this home already.")
                    .remedy("Use that one, or remove it first.")
            }
            GateError::NotPassed => Self::new(StatusCode::CONFLICT, "not-passed", "The test has not passed")
                .remedy("Test again, and keep the camera when the first picture is there."),
            GateError::Conflict => Self::new(StatusCode::CONFLICT, "changed", "It was changed meanwhile")
                .detail("Somebody else changed this at the same moment.")
                .remedy("Look again, then decide."),
            GateError::NotVerified { reference } => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "not-verified",
                "It could not be verified",
            )
            .detail(
                "What was asked for could not be verified, and is not shown. The operator has been alarmed.",
            )
            .remedy("If this stays, give the operator the reference.")
            .reference(reference.to_string()),
            GateError::RangeNotSatisfiable { .. } => {
                Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "range", "There are not so many bytes")
            }
            GateError::LockedDown(lockdown) => {
                Self::new(StatusCode::LOCKED, "locked-down", "This is locked down")
                    .detail(lockdown.reason.clone())
                    .remedy(
                        "Nothing is lost. It opens again when whoever runs this server lifts the lockdown.",
                    )
                    .lockdown(*lockdown)
            }
            GateError::Restored => {
                Self::new(StatusCode::FORBIDDEN, "restored", "This home waits for its owner")
                    .detail("This home was restored from a backup; its owner must confirm who belongs to it.")
                    .remedy("An owner of the home signs in and confirms it. Cameras go on recording.")
            }
            GateError::Busy => Self::busy(later()),
            GateError::DiskFull => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", "The server's disk is full")
                    .remedy("Free space on the server's disk.")
                    .retry_after(Duration::from_mins(1))
            }
            GateError::Unavailable { reference } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "A part of the server does not work",
            )
            .detail("Nothing was decided.")
            .remedy("Come back later; if it stays, give the operator the reference.")
            .reference(reference.to_string())
            .retry_after(later()),
        }
    }
}

impl From<WrongSession> for Problem {
    fn from(_: WrongSession) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "not-verified", "It could not be verified")
            .detail("The answer belonged to another session and was stopped. The operator has been alarmed.")
    }
}
