//! Homes and their days.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use ownsight_gate::{HomeChange, views};
use ownsight_model::HomeId;
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::{IntoParams, ToSchema};

use super::answers::{Outcome, json};
use super::credentials::Signed;
use super::input::{Asked, Id, Sent};
use crate::http::Problem;
use crate::state::AppState;

/// What changes of a home; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeHome {
    /// Its name.
    name: Option<String>,
    /// Its IANA time zone.
    zone: Option<String>,
    /// Erase events older than this.
    retention_days: Option<u32>,
    /// Erase the oldest when events take more bytes.
    retention_bytes: Option<u64>,
}

/// Which days.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Span {
    /// The first date.
    from: String,
    /// The last date.
    to: String,
    /// Taken by the credentials.
    #[serde(default, rename = "s")]
    #[param(ignore)]
    _s: Option<IgnoredAny>,
}

/// A home with its limits and use.
#[utoipa::path(get, path = "/api/v1/homes/{home}", tag = "homes", params(("home" = String, Path)),
    responses((status = 200, body = views::Home), (status = 404)))]
pub(crate) async fn home(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
) -> Outcome {
    let answer = state.gate.home(&who, home).await?;
    json(&who, StatusCode::OK, answer)
}

/// Changes a home.
#[utoipa::path(patch, path = "/api/v1/homes/{home}", tag = "homes", params(("home" = String, Path)),
    request_body = ChangeHome,
    responses((status = 200, body = views::Home), (status = 404), (status = 422), (status = 423)))]
pub(crate) async fn change(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
    Sent(body): Sent<ChangeHome>,
) -> Outcome {
    let change = HomeChange {
        name: body.name,
        zone: body.zone,
        retention_days: body.retention_days,
        retention_bytes: body.retention_bytes,
    };
    state.gate.change_home(&who, home, change).await?;
    let answer = state.gate.home(&who, home).await?;
    json(&who, StatusCode::OK, answer)
}

/// What must be said to erase a home.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EraseHome {
    /// Its name.
    name: String,
}

/// Erases a home for all its people.
#[utoipa::path(delete, path = "/api/v1/homes/{home}", tag = "homes", params(("home" = String, Path)),
    request_body = EraseHome,
    responses((status = 200, body = views::ErasedHome), (status = 403), (status = 404), (status = 422),
        (status = 423)))]
pub(crate) async fn erase(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
    Sent(body): Sent<EraseHome>,
) -> Outcome {
    let answer = state.gate.erase_home(&who, home, &body.name).await?;
    json(&who, StatusCode::OK, answer)
}

/// Days that have events.
#[utoipa::path(get, path = "/api/v1/homes/{home}/days", tag = "homes", params(("home" = String, Path), Span),
    responses((status = 200, body = views::Days), (status = 404), (status = 423), (status = 422)))]
pub(crate) async fn days(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
    Asked(span): Asked<Span>,
) -> Outcome {
    let answer = state.gate.days(&who, home, &span.from, &span.to).await?;
    json(&who, StatusCode::OK, answer)
}

/// One day: its events and gaps.
#[utoipa::path(get, path = "/api/v1/homes/{home}/days/{date}", tag = "homes",
    params(("home" = String, Path), ("date" = String, Path)),
    responses((status = 200, body = views::Day), (status = 404), (status = 423), (status = 422)))]
pub(crate) async fn day(
    State(state): State<AppState>,
    Signed(who): Signed,
    Path((home, date)): Path<(String, String)>,
) -> Outcome {
    let home: HomeId = home.parse().map_err(|_| Problem::not_found())?;
    let answer = state.gate.day(&who, home, &date).await?;
    json(&who, StatusCode::OK, answer)
}
