//! Cameras whose device uploads plainly: making one, with its secret.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use ownsight_gate::views;
use ownsight_model::HomeId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::{Outcome, json_with};
use super::credentials::Signed;
use super::input::{Id, Sent};
use super::shown::address;
use crate::http::Caller;
use crate::state::AppState;

/// A camera that is uploaded to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUpload {
    /// Its name, and its device's.
    name: String,
}

/// What to upload with. Shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShownUpload {
    #[serde(flatten)]
    upload: views::Upload,
    /// The server's address.
    address: String,
}

/// Adds a camera that is uploaded to plainly, with a device of its own, and shows that device's secret.
#[utoipa::path(post, path = "/api/v1/homes/{home}/uploads", tag = "devices", params(("home" = String, Path)),
    request_body = NewUpload, responses((status = 201, body = ShownUpload), (status = 404), (status = 422)))]
pub(crate) async fn add(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
    headers: HeaderMap,
    Sent(body): Sent<NewUpload>,
) -> Outcome {
    let answer = state.gate.add_upload(&who, home, &body.name).await?;
    let address = address(&state, caller, &headers);
    json_with(&who, StatusCode::CREATED, answer, |upload| ShownUpload { upload, address })
}
