//! Invitations, for who was invited. Their secret is in a body, never in an address.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::{Extension, Json};
use ownsight_gate::{NewAccount, Password, views};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answers::{Outcome, json};
use super::credentials::Signed;
use super::input::Sent;
use crate::http::{Caller, JSON_BYTES_MAX, read_json};
use crate::state::AppState;

/// What opens an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invitation {
    /// What is behind the `#` of the link.
    secret: String,
    /// The address that it was made for.
    email: String,
}

/// What opens an invitation, and an account to be made by it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedeemInvitation {
    /// What is behind the `#` of the link.
    secret: String,
    /// The address that it was made for.
    email: String,
    /// The new password.
    password: String,
    /// The person's name.
    name: String,
}

/// What an invitation is.
#[utoipa::path(post, path = "/api/v1/invitations/open", tag = "people", request_body = Invitation,
    responses((status = 200, body = views::OpenedInvitation), (status = 404), (status = 422), (status = 429)))]
pub(crate) async fn open(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Outcome {
    let body: Invitation = read_json(request, JSON_BYTES_MAX).await?;
    Ok(Json(state.gate.open_invitation(&body.secret, &body.email, caller.address).await?).into_response())
}

/// Accepts an invitation with a new account.
#[utoipa::path(post, path = "/api/v1/invitations/redeem", tag = "people", request_body = RedeemInvitation,
    responses((status = 201, body = views::JoinedAnew), (status = 404), (status = 409), (status = 422),
        (status = 429)))]
pub(crate) async fn redeem(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Outcome {
    let body: RedeemInvitation = read_json(request, JSON_BYTES_MAX).await?;
    let new = NewAccount { password: Password::new(body.password), name: body.name };
    let joined = state.gate.redeem_invitation(&body.secret, &body.email, &new, caller.address).await?;
    Ok((StatusCode::CREATED, Json(joined)).into_response())
}

/// Accepts an invitation as who is signed in.
#[utoipa::path(post, path = "/api/v1/invitations/accept", tag = "people", request_body = Invitation,
    responses((status = 201, body = views::Joined), (status = 403), (status = 404), (status = 409), (status = 422),
        (status = 429)))]
pub(crate) async fn accept(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Signed(who): Signed,
    Sent(body): Sent<Invitation>,
) -> Outcome {
    let joined = state.gate.accept_invitation(&who, &body.secret, &body.email, caller.address).await?;
    json(&who, StatusCode::CREATED, joined)
}
