//! Visits of the operator: what is closed, closing and opening again. Nothing of a person's session is taken here, and nothing of a
//! visit elsewhere.

use axum::Extension;
use axum::Json;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse as _, Response};
use ownsight_gate::{GateError, LockdownFor, views};
use ownsight_model::{CameraId, Closable, Closed, HomeId, LockdownScope};
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::{IntoParams, ToSchema};

use super::answers::{Outcome, no_content};
use super::credentials::{CookieNames, Visiting, no_visit};
use super::input::invalid;
use super::sessions::{PageSession, page_session, page_session_ended};
use crate::http::{Caller, JSON_BYTES_MAX, Problem, read_json};
use crate::state::AppState;

/// Begins a visit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begin {
    /// What is behind the `#` of the link.
    secret: String,
    /// The browser's own half of the visit's secret: 32 bytes as base64url without padding.
    page_half: String,
}

/// For whom something is closed.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "scope", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Of {
    /// For everybody.
    Installation {},
    /// For the people of a home.
    Home {
        /// Which.
        #[schema(value_type = String)]
        id: HomeId,
    },
    /// For everybody who may see a camera.
    Camera {
        /// Which.
        #[schema(value_type = String)]
        id: CameraId,
    },
    /// For an account.
    Account {
        /// Its e-mail address.
        email: String,
    },
}

/// Something to close.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Close {
    /// For whom.
    of: Of,
    /// What: some of `thumbnails`, `videos`, `live`, `sign-in`; or `all`.
    #[schema(value_type = Vec<String>)]
    closes: Vec<Closable>,
    /// Why, as those whom it concerns read it: 1 to 500 characters.
    reason: String,
}

/// Something to open again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lift {
    /// `of` of something that is closed.
    #[schema(value_type = Object)]
    of: LockdownScope,
}

/// Which part of the record.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Before {
    /// Lines with smaller numbers than this.
    before: Option<u64>,
    /// Taken by the credentials.
    #[serde(default, rename = "s")]
    #[param(ignore)]
    _s: Option<IgnoredAny>,
}

/// Begins a visit by a link that `ownsight operator` printed, once.
#[utoipa::path(post, path = "/api/v1/operator/visits", tag = "operator", request_body = Begin,
    responses((status = 201, body = PageSession), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn begin(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Outcome {
    let body: Begin = read_json(request, JSON_BYTES_MAX).await?;
    let begun = state.gate.begin_visit(&body.secret, &body.page_half).await?;
    let names = CookieNames::of_operator(&state.gate, caller.encrypted);
    let s = begun.credentials().page_value();
    page_session(caller, names, s, begun.server_half(), begun.expires_at())
}

/// Whose visit this is, and until when.
#[utoipa::path(get, path = "/api/v1/operator/visit", tag = "operator", responses((status = 200, body = views::Visit)))]
pub(crate) async fn visit(State(state): State<AppState>, Visiting(operator): Visiting) -> Outcome {
    shown(state.gate.visit(&operator).await)
}

/// Ends this visit.
#[utoipa::path(delete, path = "/api/v1/operator/visit", tag = "operator", responses((status = 204)))]
pub(crate) async fn leave(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Visiting(operator): Visiting,
) -> Outcome {
    state.gate.end_visit(&operator).await.map_err(problem)?;
    page_session_ended(caller, &CookieNames::of_operator(&state.gate, caller.encrypted))
}

/// All that is closed now.
#[utoipa::path(get, path = "/api/v1/operator/lockdowns", tag = "operator",
    responses((status = 200, body = views::ClosedNow)))]
pub(crate) async fn lockdowns(State(state): State<AppState>, Visiting(operator): Visiting) -> Outcome {
    shown(state.gate.visit_lockdowns(&operator).await)
}

/// What was closed and opened again, the newest first.
#[utoipa::path(get, path = "/api/v1/operator/record", tag = "operator", params(Before),
    responses((status = 200, body = views::LockdownRecord), (status = 422)))]
pub(crate) async fn record(
    State(state): State<AppState>,
    Visiting(operator): Visiting,
    before: Result<Query<Before>, axum::extract::rejection::QueryRejection>,
) -> Outcome {
    let Ok(Query(asked)) = before else {
        state.gate.visit(&operator).await.map_err(problem)?;
        return Err(invalid("before", "a number of the record is expected, or nothing"));
    };
    shown(state.gate.visit_record(&operator, asked.before).await)
}

/// Closes something, beside what is closed for the same scope already.
#[utoipa::path(post, path = "/api/v1/operator/lockdowns", tag = "operator", request_body = Close,
    responses((status = 204), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn close(
    State(state): State<AppState>,
    Visiting(operator): Visiting,
    request: Request,
) -> Outcome {
    state.gate.visit(&operator).await.map_err(problem)?;
    let body: Close = read_json(request, JSON_BYTES_MAX).await?;
    let closes = Closed::of(body.closes).ok_or_else(|| invalid("closes", "name what is to be closed"))?;
    let of = match body.of {
        Of::Installation {} => LockdownFor::Installation,
        Of::Home { id } => LockdownFor::Home(id),
        Of::Camera { id } => LockdownFor::Camera(id),
        Of::Account { email } => LockdownFor::Account(email),
    };
    state.gate.visit_lock_down(&operator, &of, closes, &body.reason).await.map_err(problem)?;
    Ok(no_content())
}

/// Opens something again.
#[utoipa::path(post, path = "/api/v1/operator/lockdowns/lift", tag = "operator", request_body = Lift,
    responses((status = 204), (status = 404), (status = 409), (status = 422), (status = 503)))]
pub(crate) async fn lift(
    State(state): State<AppState>,
    Visiting(operator): Visiting,
    request: Request,
) -> Outcome {
    state.gate.visit(&operator).await.map_err(problem)?;
    let body: Lift = read_json(request, JSON_BYTES_MAX).await?;
    let lifted = state.gate.visit_lift(&operator, body.of).await.map_err(problem)?;
    if lifted { Ok(no_content()) } else { Err(Problem::not_found()) }
}

fn shown<T: serde::Serialize>(view: Result<T, GateError>) -> Outcome {
    let answer: Response = Json(view.map_err(problem)?).into_response();
    Ok(answer)
}

/// As of any operation, but that who is not here is told where to begin.
fn problem(error: GateError) -> Problem {
    match error {
        GateError::SignedOut => no_visit(),
        error => error.into(),
    }
}
