//! Cameras: how they are, adding, changing and erasing them.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use ownsight_gate::{CameraChange, DrawnZone, MotionChange, NewCamera, Source, views};
use ownsight_model::{CameraId, DeviceId, HomeId, ZoneKind};
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::{IntoParams, ToSchema};

use super::answers::{Outcome, Ranges, json, media, media_head};
use super::credentials::Signed;
use super::input::{Asked, Id, Sent};
use crate::state::AppState;

/// Which cameras.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfHome {
    /// Of this home only.
    #[param(value_type = Option<String>)]
    home: Option<HomeId>,
    /// Taken by the credentials.
    #[serde(default, rename = "s")]
    #[param(ignore)]
    _s: Option<IgnoredAny>,
}

/// A camera to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddCamera {
    /// Its name.
    name: String,
    /// `rtsp://…` or `rtsps://…`; left out for a camera that pushes by itself.
    address: Option<String>,
    /// The user name, if it asks for one.
    user: Option<String>,
    /// The password, if it asks for one.
    password: Option<String>,
    /// Whether sound is recorded.
    #[serde(default)]
    sound: bool,
    /// The device that is to serve it.
    #[schema(value_type = Option<String>)]
    device_id: Option<DeviceId>,
}

/// What changes of a camera; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeCamera {
    /// Its name.
    name: Option<String>,
    /// Its address.
    address: Option<String>,
    /// The user name.
    user: Option<String>,
    /// The password.
    password: Option<String>,
    /// What its status names in `another`: that is this camera, from now on.
    accept_fingerprint: Option<String>,
    /// How readily motion is an event, 1 to 10.
    sensitivity: Option<u8>,
    /// Whether sound is recorded.
    sound: Option<bool>,
    /// All zones of its picture, at most 8, in the place of those before.
    zones: Option<Vec<DrawZone>>,
    /// What moves must cover so many thousandths of the picture, 0 to 500.
    size_min: Option<u16>,
    /// Motion must last so many ms, 300 to 10,000.
    lasts_min_ms: Option<u16>,
    /// Whether the camera is quieted while it makes event upon event.
    quieting: Option<bool>,
    /// The device that is to serve it.
    #[schema(value_type = Option<String>)]
    device_id: Option<DeviceId>,
}

/// A part of a camera's picture.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DrawZone {
    /// `include`: only here motion counts; `exclude`: here it does not.
    #[schema(value_type = String)]
    kind: ZoneKind,
    /// 3 to 16 corners in order, `[x, y]` in thousandths of the picture's width and height, from the left and the top.
    corners: Vec<[i32; 2]>,
}

impl DrawZone {
    fn drawn(self) -> DrawnZone {
        DrawnZone { kind: self.kind, corners: self.corners }
    }
}

/// The cameras of one home, or of all.
#[utoipa::path(get, path = "/api/v1/cameras", tag = "cameras", params(OfHome),
    responses((status = 200, body = views::Cameras), (status = 404)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    Signed(who): Signed,
    Asked(of): Asked<OfHome>,
) -> Outcome {
    let answer = state.gate.cameras(&who, of.home).await?;
    json(&who, StatusCode::OK, answer)
}

/// Adds a camera without a test.
#[utoipa::path(post, path = "/api/v1/homes/{home}/cameras", tag = "cameras", params(("home" = String, Path)),
    request_body = AddCamera,
    responses((status = 201, body = views::Camera), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn add(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
    Sent(body): Sent<AddCamera>,
) -> Outcome {
    let source = Source::of(body.address, body.user, body.password)?;
    let new = NewCamera { name: body.name, source, sound: body.sound, device: body.device_id };
    let camera = state.gate.add_camera(&who, home, new).await?;
    let answer = state.gate.camera(&who, camera).await?;
    json(&who, StatusCode::CREATED, answer)
}

/// One camera.
#[utoipa::path(get, path = "/api/v1/cameras/{camera}", tag = "cameras", params(("camera" = String, Path)),
    responses((status = 200, body = views::Camera), (status = 404)))]
pub(crate) async fn camera(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(camera): Id<CameraId>,
) -> Outcome {
    let answer = state.gate.camera(&who, camera).await?;
    json(&who, StatusCode::OK, answer)
}

/// Changes a camera.
#[utoipa::path(patch, path = "/api/v1/cameras/{camera}", tag = "cameras", params(("camera" = String, Path)),
    request_body = ChangeCamera,
    responses((status = 200, body = views::Camera), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn change(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(camera): Id<CameraId>,
    Sent(body): Sent<ChangeCamera>,
) -> Outcome {
    let change = CameraChange {
        name: body.name,
        address: body.address,
        user: body.user,
        password: body.password,
        accept: body.accept_fingerprint,
        sensitivity: body.sensitivity,
        sound: body.sound,
        motion: MotionChange {
            zones: body.zones.map(|zones| zones.into_iter().map(DrawZone::drawn).collect()),
            size_min: body.size_min,
            lasts_min_ms: body.lasts_min_ms,
            quieting: body.quieting,
        },
        device: body.device_id,
    };
    state.gate.change_camera(&who, camera, change).await?;
    let answer = state.gate.camera(&who, camera).await?;
    json(&who, StatusCode::OK, answer)
}

/// Erases a camera with all its events.
#[utoipa::path(delete, path = "/api/v1/cameras/{camera}", tag = "cameras", params(("camera" = String, Path)),
    responses((status = 200, body = views::Erased), (status = 404), (status = 423)))]
pub(crate) async fn erase(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(camera): Id<CameraId>,
) -> Outcome {
    let answer = state.gate.erase_camera(&who, camera).await?;
    json(&who, StatusCode::OK, answer)
}

/// A camera's last still.
#[utoipa::path(get, path = "/api/v1/cameras/{camera}/still", tag = "cameras", params(("camera" = String, Path)),
    responses((status = 200, content_type = "image/jpeg"), (status = 404), (status = 423)))]
pub(crate) async fn still(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(camera): Id<CameraId>,
    method: Method,
) -> Outcome {
    if method == Method::HEAD {
        let about = state.gate.still_about(&who, camera).await?;
        return media_head(&who, about, Ranges::None);
    }
    let stream = state.gate.open_still(&who, camera).await?;
    Ok(media(who, stream, Ranges::None))
}
