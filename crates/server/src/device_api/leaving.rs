//! `POST /leave`: the device is paired elsewhere, and delivers here what it recorded until then.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use ownsight_model::Timestamp;
use serde::Deserialize;

use super::sign_in::authenticate;
use crate::http::{JSON_BYTES_MAX, Problem, read_json};
use crate::state::AppState;

#[derive(Deserialize)]
struct Body {
    /// When it ceased to record for this home, by this server's clock.
    left_at: Timestamp,
}

pub(crate) async fn leave(State(state): State<AppState>, request: Request) -> Result<StatusCode, Problem> {
    let identity = authenticate(&state, request.headers()).await?;
    let body: Body = read_json(request, JSON_BYTES_MAX).await?;
    state.ingest.leave(&identity, body.left_at).await?;
    Ok(StatusCode::NO_CONTENT)
}
