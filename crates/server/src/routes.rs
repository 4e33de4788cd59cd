//! All routes together, inside the layers that every answer passes.
//!
//! A part is mounted by merging its `fn router(state: AppState) -> axum::Router` here. Layers, from the outside:
//! the device API's clock, so that also a refusal has it; request ids, logs and headers; who may ask.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};

use crate::http::{Problem, check_caller, finish};
use crate::state::AppState;
use crate::{api, device_api, health, web};

/// Everything that is answered on the main port.
pub(crate) fn router(state: &AppState) -> Router {
    let trusted: Arc<[_]> = state.config.trusted_proxies.as_slice().into();
    Router::new()
        .merge(device_api::router(state.clone()))
        .merge(api::router(state.clone()))
        .merge(health::router(state.clone()))
        .merge(web::router())
        .fallback(nothing)
        .layer(from_fn_with_state(trusted, check_caller))
        .layer(from_fn(finish))
        .layer(from_fn(device_api::stamp))
}

async fn nothing() -> Response {
    Problem::not_found().into_response()
}
