//! `GET /configuration?after=&wait=`: a long poll.

use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::sign_in::{Unserved, authenticate};
use super::wire::Bytes;
use crate::http::Problem;
use crate::state::AppState;

/// When a device that waits comes back, in seconds.
const WAITING_SECONDS: &str = "2";

#[derive(Deserialize)]
pub(crate) struct Ask {
    after: u64,
    #[serde(default)]
    wait: u64,
}

#[derive(Serialize)]
struct Next {
    serial: u64,
    sealed: Bytes,
    latest: u64,
}

#[derive(Serialize)]
struct Waiting {
    state: &'static str,
}

pub(crate) async fn next(
    State(state): State<AppState>,
    headers: HeaderMap,
    ask: Result<Query<Ask>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let Query(ask) = ask.map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be understood")
            .remedy("Send `after` and `wait` as whole numbers.")
    })?;
    let identity = match authenticate(&state, &headers).await {
        Ok(identity) => identity,
        Err(Unserved::Waiting) => {
            let answer =
                (StatusCode::ACCEPTED, [(RETRY_AFTER, WAITING_SECONDS)], Json(Waiting { state: "waiting" }));
            return Ok(answer.into_response());
        }
        Err(Unserved::Problem(problem)) => return Err(problem),
    };
    let next = tokio::select! {
        next = state.ingest.configuration(&identity, ask.after, Duration::from_secs(ask.wait)) => next?,
        () = state.stopping.cancelled() => {
            // Different for each, so that they do not all come back at once.
            return Err(Problem::busy(Duration::from_secs(fastrand::u64(1..=5))));
        }
    };
    Ok(match next {
        Some(next) => Json(Next { serial: next.serial, sealed: Bytes(next.sealed), latest: next.latest })
            .into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}
