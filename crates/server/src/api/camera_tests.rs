//! Tests of a camera's address.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use ownsight_gate::{LookFor, Source, TestOf, views};
use ownsight_model::{CameraId, DeviceId, HomeId, TestId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answers::{Outcome, Ranges, json, media, media_head, no_content};
use super::credentials::Signed;
use super::input::{Id, Sent, invalid};
use crate::http::Problem;
use crate::state::AppState;

/// What to test. With `camera_id` a camera of the home, of which what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginTest {
    /// `rtsp://…`; needed without `camera_id`, `onvif` and `around`.
    address: Option<String>,
    /// The address of a camera's ONVIF service, `http://…`: asks it for its streams in the place of a test.
    onvif: Option<String>,
    /// Looks for cameras in the device's network in the place of a test.
    #[serde(default)]
    around: bool,
    /// The user name.
    user: Option<String>,
    /// The password.
    password: Option<String>,
    /// Gives the password by Digest only, of a new camera at `address`: the test fails before one is sent otherwise.
    #[serde(default)]
    digest_only: bool,
    /// The device that tests.
    #[schema(value_type = Option<String>)]
    device_id: Option<DeviceId>,
    /// An existing camera.
    #[schema(value_type = Option<String>)]
    camera_id: Option<CameraId>,
}

/// What a new camera will be called, and whether it is recorded with sound.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirm {
    /// Its name; an existing camera keeps its own.
    name: Option<String>,
    /// Whether sound is recorded; an existing camera keeps what was said of it.
    #[serde(default)]
    sound: bool,
}

/// Begins a test, or a look for cameras.
#[utoipa::path(post, path = "/api/v1/homes/{home}/camera-tests", tag = "camera tests",
    params(("home" = String, Path)), request_body = BeginTest,
    responses((status = 202, body = views::CameraTest), (status = 404), (status = 409), (status = 422),
        (status = 423)))]
pub(crate) async fn begin(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
    Sent(body): Sent<BeginTest>,
) -> Outcome {
    if body.digest_only && (body.camera_id.is_some() || body.address.is_none()) {
        return Err(invalid("digest_only", "it goes with the address of a new camera"));
    }
    let device = body.device_id;
    if let Some(look) = look(&body)? {
        let id = state.gate.begin_look(&who, home, look, device).await?;
        let answer = state.gate.test(&who, id).await?;
        return json(&who, StatusCode::ACCEPTED, answer);
    }
    let of = match (body.camera_id, body.address) {
        (Some(camera), address) => {
            TestOf::Existing { camera, address, user: body.user, password: body.password, device }
        }
        (None, Some(address)) => {
            let source =
                Source { address, user: body.user, password: body.password, digest_only: body.digest_only };
            TestOf::New { source, device }
        }
        (None, None) => return Err(invalid("address", "the camera's address is expected")),
    };
    let test = state.gate.begin_test(&who, home, of).await?;
    let answer = state.gate.test(&who, test).await?;
    json(&who, StatusCode::ACCEPTED, answer)
}

/// The look that is asked for in the place of a test.
fn look(body: &BeginTest) -> Result<Option<LookFor>, Problem> {
    let look = match (body.around, &body.onvif) {
        (false, None) => return Ok(None),
        (true, None) if body.user.is_none() && body.password.is_none() => LookFor::Around,
        (true, _) => return Err(invalid("around", "a look around goes with a device and nothing else")),
        (false, Some(service)) => LookFor::Camera {
            service: service.clone(),
            user: body.user.clone(),
            password: body.password.clone(),
        },
    };
    if body.address.is_some() || body.camera_id.is_some() {
        return Err(invalid("address", "a look has no address and no camera"));
    }
    Ok(Some(look))
}

/// How far a test is, or a look.
#[utoipa::path(get, path = "/api/v1/camera-tests/{test}", tag = "camera tests", params(("test" = String, Path)),
    responses((status = 200, body = views::CameraTest), (status = 404)))]
pub(crate) async fn test(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(test): Id<TestId>,
) -> Outcome {
    let answer = state.gate.test(&who, test).await?;
    json(&who, StatusCode::OK, answer)
}

/// Ends a test and erases its draft.
#[utoipa::path(delete, path = "/api/v1/camera-tests/{test}", tag = "camera tests",
    params(("test" = String, Path)), responses((status = 204), (status = 404)))]
pub(crate) async fn cancel(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(test): Id<TestId>,
) -> Outcome {
    state.gate.cancel_test(&who, test).await?;
    Ok(no_content())
}

/// The first picture of a test.
#[utoipa::path(get, path = "/api/v1/camera-tests/{test}/still", tag = "camera tests",
    params(("test" = String, Path)), responses((status = 200, content_type = "image/jpeg"), (status = 404), (status = 423)))]
pub(crate) async fn still(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(test): Id<TestId>,
    method: Method,
) -> Outcome {
    if method == Method::HEAD {
        let about = state.gate.test_still_about(&who, test).await?;
        return media_head(&who, about, Ranges::None);
    }
    let stream = state.gate.open_test_still(&who, test).await?;
    Ok(media(who, stream, Ranges::None))
}

/// Keeps what a passed test found: 201 for a new camera, 200 for an existing one.
#[utoipa::path(post, path = "/api/v1/camera-tests/{test}/confirm", tag = "camera tests",
    params(("test" = String, Path)), request_body = Confirm,
    responses((status = 200, body = views::Camera), (status = 201, body = views::Camera), (status = 404),
        (status = 409), (status = 422)))]
pub(crate) async fn confirm(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(test): Id<TestId>,
    Sent(body): Sent<Confirm>,
) -> Outcome {
    let confirmed = state.gate.confirm_test(&who, test, body.name.as_deref(), body.sound).await?;
    let answer = state.gate.camera(&who, confirmed.camera).await?;
    json(&who, if confirmed.added { StatusCode::CREATED } else { StatusCode::OK }, answer)
}
