//! Signing in and out.

use axum::Extension;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use ownsight_gate::{Client, Password, views};
use ownsight_model::{SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::{Outcome, json, no_content};
use super::credentials::{CookieNames, Signed, cookie_attributes};
use super::input::{Id, invalid};
use crate::http::{Caller, JSON_BYTES_MAX, Problem, read_json};
use crate::state::AppState;

/// A sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The account's e-mail address.
    email: String,
    /// Its password.
    password: String,
    /// A browser's own half of the session's secret: 32 bytes as base64url without padding.
    page_half: Option<String>,
    /// An API client's own half, if it likes: the same form.
    client_half: Option<String>,
}

/// A session of an API client.
#[derive(Serialize, ToSchema)]
pub(crate) struct BearerSession {
    /// For `Authorization: Bearer`.
    token: String,
    /// When it ends.
    #[schema(value_type = i64)]
    expires_at: Timestamp,
}

/// A session of a browser, or a visit of the operator. The server's half is in the cookie that the same answer sets.
#[derive(Serialize, ToSchema)]
pub(crate) struct PageSession {
    /// What every address of the API and of media carries.
    s: String,
    /// The name of the cookie that the page keeps its half in.
    page_cookie: String,
    /// The attributes of that cookie.
    page_cookie_attributes: String,
    /// When it ends.
    #[schema(value_type = i64)]
    expires_at: Timestamp,
}

/// Signs in: with `page_half` as a browser, else as an API client.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "sessions", request_body = SignIn,
    responses((status = 201, body = BearerSession), (status = 401), (status = 429), (status = 423)))]
pub(crate) async fn sign_in(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Outcome {
    let program = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body: SignIn = read_json(request, JSON_BYTES_MAX).await?;
    if body.page_half.is_some() && body.client_half.is_some() {
        return Err(invalid("client_half", "a browser sends `page_half` only"));
    }
    let password = Password::new(body.password);
    let client = match &body.page_half {
        Some(page_half) => Client::Browser { page_half },
        None => Client::Api { client_half: body.client_half.as_deref() },
    };
    let signed_in =
        state.gate.sign_in(&body.email, &password, client, program.as_deref(), caller.address).await?;
    if body.page_half.is_some() {
        let names = CookieNames::of(&state.gate, caller.encrypted);
        let s = signed_in.credentials().page_value();
        return page_session(caller, names, s, signed_in.server_half(), signed_in.expires_at());
    }
    let session =
        BearerSession { token: signed_in.server_half().to_owned(), expires_at: signed_in.expires_at() };
    Ok((StatusCode::CREATED, Json(session)).into_response())
}

/// Begins a session of a browser, or a visit of the operator: with the cookie of the server's half.
pub(super) fn page_session(
    caller: Caller,
    names: CookieNames,
    s: String,
    server_half: &str,
    expires_at: Timestamp,
) -> Outcome {
    let lasts = expires_at.since(Timestamp::now()).as_secs();
    let attributes = cookie_attributes(lasts, caller.encrypted);
    let session =
        PageSession { s, page_cookie: names.page, page_cookie_attributes: attributes.clone(), expires_at };
    let mut response = (StatusCode::CREATED, Json(session)).into_response();
    set_cookie(&mut response, &format!("{}={server_half}; HttpOnly; {attributes}", names.server))?;
    Ok(response)
}

/// The account's sessions.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "sessions",
    responses((status = 200, body = views::Sessions)))]
pub(crate) async fn list(State(state): State<AppState>, Signed(who): Signed) -> Outcome {
    let answer = state.gate.sessions(&who).await?;
    json(&who, StatusCode::OK, answer)
}

/// Ends one of the account's sessions.
#[utoipa::path(delete, path = "/api/v1/sessions/{session}", tag = "sessions", params(("session" = String, Path)),
    responses((status = 204), (status = 404)))]
pub(crate) async fn end(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(session): Id<SessionId>,
) -> Outcome {
    state.gate.end_session(&who, session).await?;
    Ok(no_content())
}

/// Says that the person knows of all other sessions of the account.
#[utoipa::path(post, path = "/api/v1/sessions/noticed", tag = "sessions", responses((status = 204)))]
pub(crate) async fn notice(State(state): State<AppState>, Signed(who): Signed) -> Outcome {
    state.gate.notice_sessions(&who).await?;
    Ok(no_content())
}

/// Ends this session.
#[utoipa::path(delete, path = "/api/v1/sessions/current", tag = "sessions", responses((status = 204)))]
pub(crate) async fn sign_out(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Signed(who): Signed,
) -> Outcome {
    // Opened first: a stranger's half must not end a session.
    state.gate.is_live(&who).await?;
    state.gate.sign_out(&who).await?;
    ended(&state, caller, who.is_cookie())
}

/// Ends all sessions and tokens of the account.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "sessions", responses((status = 204)))]
pub(crate) async fn sign_out_everywhere(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Signed(who): Signed,
) -> Outcome {
    state.gate.sign_out_everywhere(&who).await?;
    ended(&state, caller, who.is_cookie())
}

fn ended(state: &AppState, caller: Caller, cookie: bool) -> Outcome {
    if !cookie {
        return Ok(no_content());
    }
    page_session_ended(caller, &CookieNames::of(&state.gate, caller.encrypted))
}

/// Done, and the cookie of the server's half goes.
pub(super) fn page_session_ended(caller: Caller, names: &CookieNames) -> Outcome {
    let mut response = no_content();
    let attributes = cookie_attributes(0, caller.encrypted);
    set_cookie(&mut response, &format!("{}=; HttpOnly; {attributes}", names.server))?;
    Ok(response)
}

fn set_cookie(response: &mut Response, cookie: &str) -> Result<(), Problem> {
    let value =
        HeaderValue::from_str(cookie).map_err(|_| Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR))?;
    response.headers_mut().insert(SET_COOKIE, value);
    Ok(())
}
