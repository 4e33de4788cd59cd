//! Shares: offered and ended by the people of a home, seen and given up by who holds them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use ownsight_gate::{NewEnd, NewShare, ShareUpdate, views};
use ownsight_model::{CameraId, GrantId, HomeId, Rights, Timestamp};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::answers::{Outcome, json, no_content};
use super::credentials::Signed;
use super::input::{Id, Sent};
use super::people::ids;
use crate::state::AppState;

/// What to share, with whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfferShare {
    /// The address that must be typed to accept.
    email: String,
    /// Ids of the cameras, 1 to 100.
    #[schema(value_type = Vec<String>)]
    cameras: Vec<CameraId>,
    /// `footage`, and if so `export` and `delete`.
    #[schema(value_type = Vec<String>)]
    rights: Rights,
    /// Events that began earlier are not part of it, and it does not begin before.
    #[schema(value_type = Option<i64>)]
    from: Option<Timestamp>,
    /// It begins now, with new keys for its cameras.
    #[serde(default)]
    now_on: bool,
    /// When it ends.
    #[schema(value_type = Option<i64>)]
    until: Option<Timestamp>,
}

/// What changes of a share.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeShare {
    /// The new rights.
    #[schema(value_type = Option<Vec<String>>)]
    rights: Option<Rights>,
    /// When it ends; `null`: never.
    #[serde(default, deserialize_with = "new_end")]
    #[schema(value_type = Option<i64>)]
    until: NewEnd,
}

/// Tells `null` from what was left out.
fn new_end<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NewEnd, D::Error> {
    let given = Option::<Timestamp>::deserialize(deserializer)?;
    Ok(given.map_or(NewEnd::Never, NewEnd::At))
}

/// Shares cameras of a home, by a link that works once.
#[utoipa::path(post, path = "/api/v1/homes/{home}/shares", tag = "people", params(("home" = String, Path)),
    request_body = OfferShare,
    responses((status = 201, body = views::NewShare), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub(crate) async fn offer(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
    Sent(body): Sent<OfferShare>,
) -> Outcome {
    let OfferShare { email, cameras, rights, from, now_on, until } = body;
    let new = NewShare { email, cameras, rights, from, now_on, until };
    let answer = state.gate.offer_share(&who, home, &new).await?;
    json(&who, StatusCode::CREATED, answer)
}

/// Changes what a share allows, or when it ends.
#[utoipa::path(patch, path = "/api/v1/homes/{home}/shares/{share}", tag = "people",
    params(("home" = String, Path), ("share" = String, Path)), request_body = ChangeShare,
    responses((status = 204), (status = 403), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn change(
    State(state): State<AppState>,
    Signed(who): Signed,
    Path(path): Path<(String, String)>,
    Sent(body): Sent<ChangeShare>,
) -> Outcome {
    let (home, share) = ids(path)?;
    let update = ShareUpdate { rights: body.rights, until: body.until };
    state.gate.change_share(&who, home, share, update).await?;
    Ok(no_content())
}

/// Ends a share, or withdraws one that nobody accepted.
#[utoipa::path(delete, path = "/api/v1/homes/{home}/shares/{share}", tag = "people",
    params(("home" = String, Path), ("share" = String, Path)),
    responses((status = 200, body = views::Removed), (status = 403), (status = 404), (status = 409)))]
pub(crate) async fn end(
    State(state): State<AppState>,
    Signed(who): Signed,
    Path(path): Path<(String, String)>,
) -> Outcome {
    let (home, share) = ids(path)?;
    let answer = state.gate.end_share(&who, home, share).await?;
    json(&who, StatusCode::OK, answer)
}

/// What is shared with the account.
#[utoipa::path(get, path = "/api/v1/shares", tag = "people", responses((status = 200, body = views::HeldShares)))]
pub(crate) async fn held(State(state): State<AppState>, Signed(who): Signed) -> Outcome {
    let answer = state.gate.shares(&who).await?;
    json(&who, StatusCode::OK, answer)
}

/// Gives a share up.
#[utoipa::path(delete, path = "/api/v1/shares/{share}", tag = "people", params(("share" = String, Path)),
    responses((status = 204), (status = 404)))]
pub(crate) async fn leave(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(share): Id<GrantId>,
) -> Outcome {
    state.gate.leave_share(&who, share).await?;
    Ok(no_content())
}
