//! `GET /api/v1/export`: footage and data to keep, as one archive that any program for ZIP files opens.

mod body;
mod names;
mod plan;
mod zip;

use std::time::Duration;

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::Response;
use ownsight_gate::EventFilter;
use ownsight_model::{HomeId, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::time::timeout;
use utoipa::IntoParams;

use super::answers::{Outcome, archive_body};
use super::credentials::Signed;
use super::events::cameras;
use super::input::{Asked, invalid};
use crate::http::Problem;
use crate::state::AppState;
pub(crate) use body::ArchiveStream;
use plan::Plan;

/// How long it may take to find out what is to be in it.
const PLAN_MAX: Duration = Duration::from_mins(2);

/// Which events.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// Of this home, and what the home is beside them.
    #[param(value_type = Option<String>)]
    home: Option<HomeId>,
    /// `1`: only what others share with the account.
    shared: Option<u8>,
    /// Of these cameras only, separated by commas.
    camera: Option<String>,
    /// Begun before this moment.
    #[param(value_type = Option<i64>)]
    before: Option<Timestamp>,
    /// Begun after this moment.
    #[param(value_type = Option<i64>)]
    after: Option<Timestamp>,
    /// Taken by the credentials.
    #[serde(default, rename = "s")]
    #[param(ignore)]
    _s: Option<IgnoredAny>,
}

/// Events with their videos and thumbnails, and the home's data, as a ZIP archive.
#[utoipa::path(get, path = "/api/v1/export", tag = "events", params(Which),
    responses((status = 200, content_type = "application/zip"), (status = 403), (status = 404), (status = 422),
        (status = 423), (status = 429), (status = 503)))]
pub(crate) async fn archive(
    State(state): State<AppState>,
    Signed(who): Signed,
    Asked(which): Asked<Which>,
) -> Outcome {
    let filter = match filter(&which) {
        Ok(filter) => filter,
        Err(problem) => {
            state.gate.is_live(&who).await?;
            return Err(problem);
        }
    };
    // After the session was opened: a stranger takes no place.
    state.gate.is_live(&who).await?;
    let slot = state.exports.take(&who)?;
    let planned = timeout(PLAN_MAX, Plan::make(&state.gate, &who, filter)).await;
    let plan = planned.map_err(|_| Problem::busy(Duration::from_secs(30)))??;
    let now = Timestamp::now();
    let name = zip::utc(now).strftime("ownsight-%Y-%m-%d.zip").to_string();
    let head = Response::builder()
        .header(CONTENT_TYPE, "application/zip")
        .header(CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
    let stream = ArchiveStream::new(state.gate.clone(), who.clone(), plan, now);
    Ok(archive_body(head, stream, slot))
}

fn filter(which: &Which) -> Result<EventFilter, Problem> {
    if which.shared.is_some_and(|shared| shared != 1) {
        return Err(invalid("shared", "`1` is expected, or nothing"));
    }
    Ok(EventFilter {
        home: which.home,
        shared: which.shared.is_some(),
        cameras: cameras(which.camera.as_deref())?,
        label: None,
        // What was said to be no event is kept like the others.
        not_an_event: None,
        day: None,
        before: which.before,
        after: which.after,
        limit: None,
        cursor: None,
    })
}
