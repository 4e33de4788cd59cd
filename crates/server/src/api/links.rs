//! One-time links. Their secret is in a body, never in an address.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use ownsight_gate::{Password, Redemption, views};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answers::Outcome;
use crate::http::{JSON_BYTES_MAX, read_json};
use crate::state::AppState;

/// The secret of a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secret {
    /// What is behind the `#` of the link.
    secret: String,
}

/// What the person who redeems a link types.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redeem {
    /// What is behind the `#` of the link.
    secret: String,
    /// The account's e-mail address.
    email: String,
    /// The new password.
    password: String,
    /// The person's name.
    name: Option<String>,
    /// The home's name.
    home_name: Option<String>,
    /// The home's IANA time zone.
    zone: Option<String>,
}

/// What a link is for.
#[utoipa::path(post, path = "/api/v1/links/open", tag = "links", request_body = Secret,
    responses((status = 200, body = views::Link), (status = 404)))]
pub(crate) async fn open(State(state): State<AppState>, request: Request) -> Outcome {
    let body: Secret = read_json(request, JSON_BYTES_MAX).await?;
    Ok(Json(state.gate.open_link(&body.secret).await?).into_response())
}

/// Shows the recovery sheet by a link that is for that, once.
#[utoipa::path(post, path = "/api/v1/links/sheet", tag = "links", request_body = Secret,
    responses((status = 200, body = views::RecoverySheet), (status = 404)))]
pub(crate) async fn sheet(State(state): State<AppState>, request: Request) -> Outcome {
    let body: Secret = read_json(request, JSON_BYTES_MAX).await?;
    Ok(Json(state.gate.redeem_sheet(&body.secret).await?).into_response())
}

/// Makes an account with its home, or sets a new password.
#[utoipa::path(post, path = "/api/v1/links/redeem", tag = "links", request_body = Redeem,
    responses((status = 201, body = views::Redeemed), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn redeem(State(state): State<AppState>, request: Request) -> Outcome {
    let body: Redeem = read_json(request, JSON_BYTES_MAX).await?;
    let redemption = Redemption {
        email: body.email,
        password: Password::new(body.password),
        name: body.name,
        home_name: body.home_name,
        zone: body.zone,
    };
    let redeemed = state.gate.redeem_link(&body.secret, redemption).await?;
    Ok((StatusCode::CREATED, Json(redeemed)).into_response())
}
