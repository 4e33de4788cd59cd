//! What an account sees and changes of itself.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use ownsight_gate::{Password, views};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answers::{Outcome, json, no_content};
use super::credentials::Signed;
use super::input::Sent;
use crate::http::Caller;
use crate::state::AppState;

/// A new name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rename {
    /// The person's name.
    name: String,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePassword {
    /// The one that is valid now.
    current: String,
    /// The one that will be.
    new: String,
}

/// Who is signed in, and in which homes.
#[utoipa::path(get, path = "/api/v1/me", tag = "account", responses((status = 200, body = views::Me)))]
pub(crate) async fn me(State(state): State<AppState>, Signed(who): Signed) -> Outcome {
    let answer = state.gate.me(&who).await?;
    json(&who, StatusCode::OK, answer)
}

/// Changes the person's name.
#[utoipa::path(patch, path = "/api/v1/me", tag = "account", request_body = Rename,
    responses((status = 200, body = views::Me), (status = 422)))]
pub(crate) async fn rename(
    State(state): State<AppState>,
    Signed(who): Signed,
    Sent(body): Sent<Rename>,
) -> Outcome {
    state.gate.rename_account(&who, &body.name).await?;
    let answer = state.gate.me(&who).await?;
    json(&who, StatusCode::OK, answer)
}

/// What must be proven to erase an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EraseAccount {
    /// Its password.
    password: String,
}

/// Erases the account, which leaves its homes.
#[utoipa::path(delete, path = "/api/v1/me", tag = "account", request_body = EraseAccount,
    responses((status = 204), (status = 403), (status = 409), (status = 422), (status = 429)))]
pub(crate) async fn erase(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Signed(who): Signed,
    Sent(body): Sent<EraseAccount>,
) -> Outcome {
    state.gate.erase_account(&who, &Password::new(body.password), caller.address).await?;
    Ok(no_content())
}

/// Changes the password, and ends all other sessions and all tokens.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "account", request_body = ChangePassword,
    responses((status = 204), (status = 403), (status = 422), (status = 429)))]
pub(crate) async fn change_password(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Signed(who): Signed,
    Sent(body): Sent<ChangePassword>,
) -> Outcome {
    let (current, new) = (Password::new(body.current), Password::new(body.new));
    state.gate.change_password(&who, &current, &new, caller.address).await?;
    Ok(no_content())
}
