//! Tokens of programs. Only who is signed in sees, makes and ends them.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use ownsight_gate::{NewToken, Password, views};
use ownsight_model::{SessionId, Timestamp, TokenRights};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answers::{Outcome, json, no_content};
use super::credentials::Signed;
use super::input::{Id, Sent};
use crate::http::Caller;
use crate::state::AppState;

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateToken {
    /// What it is for: 1 to 80 characters.
    name: String,
    /// What it may do: some of `footage`, `export`, `delete` and `manage`.
    #[schema(value_type = Vec<String>)]
    rights: TokenRights,
    /// When it ends: within a year.
    #[schema(value_type = i64)]
    expires_at: Timestamp,
    /// The account's password.
    password: String,
}

/// The account's tokens.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens",
    responses((status = 200, body = views::Tokens), (status = 403)))]
pub(crate) async fn list(State(state): State<AppState>, Signed(who): Signed) -> Outcome {
    let answer = state.gate.tokens(&who).await?;
    json(&who, StatusCode::OK, answer)
}

/// Makes a token. Its text is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = CreateToken,
    responses((status = 201, body = views::NewToken), (status = 403), (status = 409), (status = 422), (status = 423),
        (status = 429)))]
pub(crate) async fn create(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Signed(who): Signed,
    Sent(body): Sent<CreateToken>,
) -> Outcome {
    let CreateToken { name, rights, expires_at, password } = body;
    let new = NewToken { name, rights, expires_at, password: Password::new(password) };
    let answer = state.gate.create_token(&who, &new, caller.address).await?;
    json(&who, StatusCode::CREATED, answer)
}

/// Ends a token.
#[utoipa::path(delete, path = "/api/v1/tokens/{token}", tag = "tokens", params(("token" = String, Path)),
    responses((status = 204), (status = 403), (status = 404)))]
pub(crate) async fn end(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(token): Id<SessionId>,
) -> Outcome {
    state.gate.end_token(&who, token).await?;
    Ok(no_content())
}
