//! Homes that came back from a backup: who belonged to them then, and who still does.

use axum::extract::State;
use axum::http::StatusCode;
use ownsight_gate::{StillBelong, views};
use ownsight_model::{DeviceId, GrantId, HomeId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answers::{Outcome, json};
use super::credentials::Signed;
use super::input::{Id, Sent};
use crate::state::AppState;

/// Who and what still belongs to the home. Whoever and whatever is left out is removed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirm {
    /// Ids of members; the owner who confirms stays in any case.
    #[schema(value_type = Vec<String>)]
    members: Vec<GrantId>,
    /// Ids of shares.
    #[schema(value_type = Vec<String>)]
    shares: Vec<GrantId>,
    /// Ids of devices.
    #[schema(value_type = Vec<String>)]
    devices: Vec<DeviceId>,
}

/// Who and what belonged to a home when its backup was made.
#[utoipa::path(get, path = "/api/v1/homes/{home}/restored", tag = "homes", params(("home" = String, Path)),
    responses((status = 200, body = views::RestoredHome), (status = 403), (status = 404), (status = 423)))]
pub(crate) async fn restored(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
) -> Outcome {
    let answer = state.gate.restored_home(&who, home).await?;
    json(&who, StatusCode::OK, answer)
}

/// Confirms who and what still belongs to a home: it gets new keys, and is open again.
#[utoipa::path(post, path = "/api/v1/homes/{home}/restored", tag = "homes", params(("home" = String, Path)),
    request_body = Confirm,
    responses((status = 200, body = views::Removed), (status = 403), (status = 404), (status = 422),
        (status = 423)))]
pub(crate) async fn confirm(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
    Sent(body): Sent<Confirm>,
) -> Outcome {
    let still = StillBelong { members: body.members, shares: body.shares, devices: body.devices };
    let answer = state.gate.confirm_home(&who, home, &still).await?;
    json(&who, StatusCode::OK, answer)
}
