//! The device API, as `docs/device-api.md` has it: how a device pairs, learns what to do, and delivers.
//!
//! Handlers translate between HTTP and `ingest`, or `upload`, and decide nothing.

mod body;
mod configuration;
mod events;
mod leaving;
mod pairings;
mod problems;
mod protocol;
mod reports;
mod sign_in;
mod uploads;
mod wire;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post, put};
use ownsight_model::Timestamp;

use crate::state::AppState;

const BASE: &str = "/device/v1/";
const TIME: HeaderName = HeaderName::from_static("ownsight-time");

/// The device API's routes.
pub(crate) fn router(state: AppState) -> Router {
    Router::new()
        .route("/device/v1/pairings/find", post(pairings::find))
        .route("/device/v1/pairings/answer", post(pairings::answer))
        .route("/device/v1/configuration", get(configuration::next))
        .route("/device/v1/cameras/{camera}/events/{event}", put(events::store))
        .route("/device/v1/reports", post(reports::take))
        .route("/device/v1/leave", post(leaving::leave))
        .route_layer(from_fn(protocol::check))
        // Of devices that speak no protocol, but HTTP.
        .route("/device/v1/uploads", post(uploads::take).put(uploads::take))
        .with_state(state)
}

/// Puts the server's clock on every answer to a device, also on refusals: by it devices correct their own, and
/// tell this server from a captive portal.
pub(crate) async fn stamp(request: Request, next: Next) -> Response {
    let is_device = request.uri().path().starts_with(BASE);
    let mut response = next.run(request).await;
    if is_device {
        response.headers_mut().insert(TIME, HeaderValue::from(Timestamp::now().as_micros()));
    }
    response
}
