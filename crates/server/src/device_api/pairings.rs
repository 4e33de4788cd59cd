//! `POST /pairings/find` and `POST /pairings/answer`.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use ownsight_ingest::Answer;
use ownsight_model::DeviceId;
use serde::{Deserialize, Serialize};

use super::wire::{Bytes, Fixed};
use crate::http::{Caller, JSON_BYTES_MAX, Problem, read_json};
use crate::state::AppState;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Find {
    find: Fixed<32>,
}

#[derive(Serialize)]
pub(crate) struct Found {
    blob: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerBody {
    find: Fixed<32>,
    device_id: DeviceId,
    public_key: Fixed<32>,
    credential_hash: Fixed<32>,
    mac: Fixed<32>,
    kind: Kind,
    version: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Agent,
    Camera,
}

pub(crate) async fn find(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Found>, Problem> {
    let body: Find = read_json(request, JSON_BYTES_MAX).await?;
    let blob = state.ingest.find_pairing(&body.find.0, caller.address).await?;
    Ok(Json(Found { blob: Bytes(blob) }))
}

pub(crate) async fn answer(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let body: AnswerBody = read_json(request, JSON_BYTES_MAX).await?;
    let answer = Answer {
        device: body.device_id,
        public_key: body.public_key.0,
        credential_hash: body.credential_hash.0,
        mac: body.mac.0,
        agent: body.kind == Kind::Agent,
        version: body.version,
    };
    state.ingest.answer_pairing(&body.find.0, answer, caller.address).await?;
    Ok(StatusCode::ACCEPTED)
}
