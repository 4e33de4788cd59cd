//! Invitations by code, for somebody who is there. Their secret is in a body, never in an address.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use axum::{Extension, Json};
use ownsight_gate::{NewAccount, Password, views};
use ownsight_model::{HomeId, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::{Outcome, json, json_with, no_content};
use super::credentials::Signed;
use super::input::{Id, Sent};
use super::people::ids;
use super::shown::{address, qr};
use crate::http::{Caller, JSON_BYTES_MAX, read_json};
use crate::state::AppState;

/// As what who uses the code is to join.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeCode {
    /// The role.
    #[schema(value_type = String)]
    role: Role,
}

/// An invitation by code with what a person shows. This once.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShownCode {
    #[serde(flatten)]
    code: views::NewInvitationCode,
    /// What the other person opens.
    link: String,
    /// The link as a QR code.
    qr_svg: String,
}

/// Who was seen to ask.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirm {
    /// The address that was shown.
    email: String,
}

/// What opens a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    /// What is behind the `#` of the link.
    secret: String,
}

/// What opens a code, and an account to ask with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedeemCode {
    /// What is behind the `#` of the link.
    secret: String,
    /// The new account's address.
    email: String,
    /// The new password.
    password: String,
    /// The person's name.
    name: String,
}

/// Makes an invitation by code, which lives for 15 minutes.
#[utoipa::path(post, path = "/api/v1/homes/{home}/invitation-codes", tag = "people", params(("home" = String, Path)),
    request_body = MakeCode,
    responses((status = 201, body = ShownCode), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub(crate) async fn create(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
    headers: HeaderMap,
    Sent(body): Sent<MakeCode>,
) -> Outcome {
    let answer = state.gate.create_invitation_code(&who, home, body.role).await?;
    let address = address(&state, caller, &headers);
    json_with(&who, StatusCode::CREATED, answer, |code| {
        let link = format!("{}/join#{}", address.trim_end_matches('/'), code.secret);
        let qr_svg = qr(&link);
        ShownCode { code, link, qr_svg }
    })
}

/// Withdraws a code, or refuses who asks to join by it.
#[utoipa::path(delete, path = "/api/v1/homes/{home}/invitation-codes/{code}", tag = "people",
    params(("home" = String, Path), ("code" = String, Path)),
    responses((status = 204), (status = 403), (status = 404)))]
pub(crate) async fn refuse(
    State(state): State<AppState>,
    Signed(who): Signed,
    Path(path): Path<(String, String)>,
) -> Outcome {
    let (home, code) = ids(path)?;
    state.gate.refuse_invitation_code(&who, home, code).await?;
    Ok(no_content())
}

/// Makes a member of who asks to join.
#[utoipa::path(post, path = "/api/v1/homes/{home}/invitation-codes/{code}/confirm", tag = "people",
    params(("home" = String, Path), ("code" = String, Path)), request_body = Confirm,
    responses((status = 204), (status = 403), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn confirm(
    State(state): State<AppState>,
    Signed(who): Signed,
    Path(path): Path<(String, String)>,
    Sent(body): Sent<Confirm>,
) -> Outcome {
    let (home, code) = ids(path)?;
    state.gate.confirm_invitation_code(&who, home, code, &body.email).await?;
    Ok(no_content())
}

/// What a code invites to.
#[utoipa::path(post, path = "/api/v1/invitation-codes/open", tag = "people", request_body = Code,
    responses((status = 200, body = views::OpenedInvitationCode), (status = 404)))]
pub(crate) async fn open(State(state): State<AppState>, request: Request) -> Outcome {
    let body: Code = read_json(request, JSON_BYTES_MAX).await?;
    Ok(Json(state.gate.open_invitation_code(&body.secret).await?).into_response())
}

/// Makes an account, and asks to join with it.
#[utoipa::path(post, path = "/api/v1/invitation-codes/redeem", tag = "people", request_body = RedeemCode,
    responses((status = 201, body = views::AskedAnew), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn redeem(State(state): State<AppState>, request: Request) -> Outcome {
    let body: RedeemCode = read_json(request, JSON_BYTES_MAX).await?;
    let new = NewAccount { password: Password::new(body.password), name: body.name };
    let asked = state.gate.redeem_invitation_code(&body.secret, &body.email, &new).await?;
    Ok((StatusCode::CREATED, Json(asked)).into_response())
}

/// Asks to join as who is signed in; asked again, how it stands.
#[utoipa::path(post, path = "/api/v1/invitation-codes/ask", tag = "people", request_body = Code,
    responses((status = 200, body = views::AskedToJoin), (status = 403), (status = 404), (status = 409)))]
pub(crate) async fn ask(
    State(state): State<AppState>,
    Signed(who): Signed,
    Sent(body): Sent<Code>,
) -> Outcome {
    let asked = state.gate.ask_to_join(&who, &body.secret).await?;
    json(&who, StatusCode::OK, asked)
}
