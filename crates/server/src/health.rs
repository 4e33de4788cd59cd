//! Health: whether the process lives, and whether it can serve.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::state::AppState;

#[derive(Serialize)]
struct Ready {
    not_ready: Vec<&'static str>,
}

pub(crate) fn router(state: AppState) -> Router {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).with_state(state)
}

async fn alive() -> &'static str {
    "alive\n"
}

async fn ready(State(state): State<AppState>) -> Response {
    let readiness = state.ingest.ready().await;
    let parts = [
        ("stopping", !state.stopping.is_cancelled()),
        ("registry", readiness.registry),
        ("vault", readiness.vault),
        ("ledger", state.gate.is_ready().await),
    ];
    let not_ready: Vec<_> = parts.into_iter().filter(|(_, ready)| !ready).map(|(part, _)| part).collect();
    let status = if not_ready.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    // Not a problem document: its form is the health check's own.
    let mut response = Json(Ready { not_ready }).into_response();
    if status != StatusCode::OK {
        *response.status_mut() = status;
        response.extensions_mut().insert(crate::http::Plain);
    }
    response
}
