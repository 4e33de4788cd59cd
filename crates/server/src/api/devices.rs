//! Devices: pairing, names, removal.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use ownsight_gate::{Remainder, views};
use ownsight_model::{DeviceId, HomeId};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::{Outcome, json, json_with, no_content};
use super::credentials::Signed;
use super::input::{Asked, Id, Sent};
use super::shown::{address, qr};
use crate::http::Caller;
use crate::state::AppState;

/// A device's name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    /// Its name.
    name: String,
}

/// What becomes of what a removed device has not delivered.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Undelivered {
    /// What it recorded until now is taken, for 30 days.
    #[default]
    Take,
    /// Nothing is taken any more: it is lost, or stolen.
    Refuse,
}

/// How a device is removed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Removal {
    /// What becomes of what it has not delivered.
    #[serde(default)]
    #[param(inline)]
    undelivered: Undelivered,
    /// Taken by the credentials.
    #[serde(default, rename = "s")]
    #[param(ignore)]
    _s: Option<IgnoredAny>,
}

/// A pairing code with what a person needs beside it. Shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShownPairing {
    #[serde(flatten)]
    pairing: views::Pairing,
    /// The server's address.
    address: String,
    /// Address and code as a QR code.
    qr_svg: String,
}

/// The devices of a home.
#[utoipa::path(get, path = "/api/v1/homes/{home}/devices", tag = "devices", params(("home" = String, Path)),
    responses((status = 200, body = views::Devices), (status = 404)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
) -> Outcome {
    let answer = state.gate.devices(&who, home).await?;
    json(&who, StatusCode::OK, answer)
}

/// Makes a pairing code.
#[utoipa::path(post, path = "/api/v1/homes/{home}/devices", tag = "devices", params(("home" = String, Path)),
    request_body = Named, responses((status = 201, body = ShownPairing), (status = 404), (status = 422)))]
pub(crate) async fn pair(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
    headers: HeaderMap,
    Sent(body): Sent<Named>,
) -> Outcome {
    let answer = state.gate.pair_device(&who, home, &body.name).await?;
    let address = address(&state, caller, &headers);
    json_with(&who, StatusCode::CREATED, answer, |pairing| {
        let qr_svg = qr(&format!("ownsight:{address}#{}", pairing.code));
        ShownPairing { pairing, address, qr_svg }
    })
}

/// One device.
#[utoipa::path(get, path = "/api/v1/devices/{device}", tag = "devices", params(("device" = String, Path)),
    responses((status = 200, body = views::Device), (status = 404)))]
pub(crate) async fn device(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(device): Id<DeviceId>,
) -> Outcome {
    let answer = state.gate.device(&who, device).await?;
    json(&who, StatusCode::OK, answer)
}

/// Changes a device's name.
#[utoipa::path(patch, path = "/api/v1/devices/{device}", tag = "devices", params(("device" = String, Path)),
    request_body = Named, responses((status = 200, body = views::Device), (status = 404), (status = 422)))]
pub(crate) async fn rename(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(device): Id<DeviceId>,
    Sent(body): Sent<Named>,
) -> Outcome {
    state.gate.rename_device(&who, device, &body.name).await?;
    let answer = state.gate.device(&who, device).await?;
    json(&who, StatusCode::OK, answer)
}

/// Says that there is one such device only, after two presented its identity.
#[utoipa::path(post, path = "/api/v1/devices/{device}/settle", tag = "devices", params(("device" = String, Path)),
    responses((status = 204), (status = 404)))]
pub(crate) async fn settle(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(device): Id<DeviceId>,
) -> Outcome {
    state.gate.settle_device(&who, device).await?;
    Ok(no_content())
}

/// Removes a device, or cancels its pairing.
#[utoipa::path(delete, path = "/api/v1/devices/{device}", tag = "devices",
    params(("device" = String, Path), Removal), responses((status = 204), (status = 404), (status = 422)))]
pub(crate) async fn remove(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(device): Id<DeviceId>,
    Asked(removal): Asked<Removal>,
) -> Outcome {
    let remainder = match removal.undelivered {
        Undelivered::Take => Remainder::Taken,
        Undelivered::Refuse => Remainder::Refused,
    };
    state.gate.remove_device(&who, device, remainder).await?;
    Ok(no_content())
}
