//! Events: lists, one, its pictures, its end.

use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use ownsight_gate::{EventFilter, Media, views};
use ownsight_model::{CameraId, EventId, HomeId, Label, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::{IntoParams, ToSchema};

use super::answers::{Outcome, Ranges, json, media, media_head, media_problem, no_content};
use super::credentials::Signed;
use super::input::{Asked, Id, Sent, invalid};
use super::ranges;
use crate::http::Problem;
use crate::state::AppState;

/// Most cameras that one filter names.
const CAMERAS_MAX: usize = 256;

/// Which events.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// Of this home only.
    #[param(value_type = Option<String>)]
    home: Option<HomeId>,
    /// `1`: only what others share with the account.
    shared: Option<u8>,
    /// Of these cameras only, separated by commas.
    camera: Option<String>,
    /// About this only.
    #[param(value_type = Option<String>)]
    label: Option<Label>,
    /// `1`: only what was said to be no event; `0`: nothing of that.
    not_an_event: Option<u8>,
    /// On this date in the home's zone; needs `home`.
    day: Option<String>,
    /// Begun before this moment.
    #[param(value_type = Option<i64>)]
    before: Option<Timestamp>,
    /// Begun after this moment.
    #[param(value_type = Option<i64>)]
    after: Option<Timestamp>,
    /// At most so many, 1 to 100.
    limit: Option<u32>,
    /// Where the former page ended.
    cursor: Option<String>,
    /// Taken by the credentials.
    #[serde(default, rename = "s")]
    #[param(ignore)]
    _s: Option<IgnoredAny>,
}

/// What somebody says of an event.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeEvent {
    /// That it is none: it leaves the list, and is kept like the others.
    not_an_event: bool,
}

/// How a video leaves.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct VideoAs {
    /// `1`: as a file to keep.
    download: Option<u8>,
    /// Taken by the credentials.
    #[serde(default, rename = "s")]
    #[param(ignore)]
    _s: Option<IgnoredAny>,
}

/// Events, newest first.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(Filter),
    responses((status = 200, body = views::Events), (status = 404), (status = 423), (status = 422)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    Signed(who): Signed,
    Asked(filter): Asked<Filter>,
) -> Outcome {
    if filter.shared.is_some_and(|shared| shared != 1) {
        return refused(&state, &who, invalid("shared", "`1` is expected, or nothing")).await;
    }
    if filter.not_an_event.is_some_and(|only| only > 1) {
        return refused(&state, &who, invalid("not_an_event", "`0` or `1` is expected, or nothing")).await;
    }
    let filter = EventFilter {
        home: filter.home,
        shared: filter.shared.is_some(),
        cameras: match cameras(filter.camera.as_deref()) {
            Ok(cameras) => cameras,
            Err(problem) => return refused(&state, &who, problem).await,
        },
        label: filter.label,
        not_an_event: filter.not_an_event.map(|only| only == 1),
        day: filter.day,
        before: filter.before,
        after: filter.after,
        limit: filter.limit,
        cursor: filter.cursor,
    };
    let answer = state.gate.events(&who, filter).await?;
    json(&who, StatusCode::OK, answer)
}

/// What is wrong with a query, for who is signed in.
async fn refused(state: &AppState, who: &ownsight_gate::Credentials, problem: Problem) -> Outcome {
    state.gate.is_live(who).await?;
    Err(problem)
}

pub(super) fn cameras(text: Option<&str>) -> Result<Vec<CameraId>, Problem> {
    let texts = text.unwrap_or("").split(',').filter(|text| !text.is_empty());
    let cameras: Result<Vec<CameraId>, _> = texts.take(CAMERAS_MAX + 1).map(str::parse).collect();
    match cameras {
        Ok(cameras) if cameras.len() <= CAMERAS_MAX => Ok(cameras),
        _ => Err(invalid("camera", "at most 256 ids of cameras, separated by commas, are expected")),
    }
}

/// One event with its motion over time.
#[utoipa::path(get, path = "/api/v1/events/{event}", tag = "events", params(("event" = String, Path)),
    responses((status = 200, body = views::EventDetail), (status = 404), (status = 423)))]
pub(crate) async fn event(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(event): Id<EventId>,
) -> Outcome {
    let answer = state.gate.event(&who, event).await?;
    json(&who, StatusCode::OK, answer)
}

/// Says that an event is none, or that it is one after all.
#[utoipa::path(patch, path = "/api/v1/events/{event}", tag = "events", params(("event" = String, Path)),
    request_body = ChangeEvent, responses((status = 204), (status = 404), (status = 423), (status = 422)))]
pub(crate) async fn change(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(event): Id<EventId>,
    Sent(body): Sent<ChangeEvent>,
) -> Outcome {
    state.gate.say_not_an_event(&who, event, body.not_an_event).await?;
    Ok(no_content())
}

/// Erases an event.
#[utoipa::path(delete, path = "/api/v1/events/{event}", tag = "events", params(("event" = String, Path)),
    responses((status = 204), (status = 404), (status = 423)))]
pub(crate) async fn erase(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(event): Id<EventId>,
) -> Outcome {
    state.gate.erase_event(&who, event).await?;
    Ok(no_content())
}

/// An event's thumbnail.
#[utoipa::path(get, path = "/api/v1/events/{event}/thumbnail", tag = "events", params(("event" = String, Path)),
    responses((status = 200, content_type = "image/jpeg"), (status = 404), (status = 423)))]
pub(crate) async fn thumbnail(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(event): Id<EventId>,
    method: Method,
) -> Outcome {
    if method == Method::HEAD {
        let about = state.gate.media_about(&who, event, &Media::Thumbnail).await?;
        return media_head(&who, about, Ranges::None);
    }
    let stream = state.gate.open_media(&who, event, Media::Thumbnail).await?;
    Ok(media(who, stream, Ranges::None))
}

/// An event's video, or a range of it.
#[utoipa::path(get, path = "/api/v1/events/{event}/video", tag = "events",
    params(("event" = String, Path), VideoAs),
    responses((status = 200, content_type = "video/mp4"), (status = 206), (status = 404), (status = 423), (status = 416)))]
pub(crate) async fn video(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(event): Id<EventId>,
    Asked(how): Asked<VideoAs>,
    method: Method,
    headers: HeaderMap,
) -> Outcome {
    if how.download.is_some_and(|download| download != 1) {
        return refused(&state, &who, invalid("download", "`1` is expected, or nothing")).await;
    }
    let range = ranges::asked(&method, &headers);
    let asked = Media::Video { range, download: how.download.is_some() };
    if method == Method::HEAD {
        let about = state.gate.media_about(&who, event, &asked).await?;
        return media_head(&who, about, Ranges::Offered);
    }
    match state.gate.open_media(&who, event, asked).await {
        Ok(stream) => {
            let ranges = if range.is_some() { Ranges::Taken } else { Ranges::Offered };
            Ok(media(who, stream, ranges))
        }
        Err(error) => Ok(media_problem(error)),
    }
}
