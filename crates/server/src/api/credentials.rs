//! Whose request this is: two cookies with `s` in the address, or a bearer token.

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use ownsight_gate::{Credentials, Gate, OperatorCredentials};

use crate::http::{Caller, Problem};
use crate::state::AppState;

const CLIENT_HALF: &str = "ownsight-client-half";

/// A request's credentials, for later extractors also among its extensions. They prove nothing yet: the gate opens
/// with them, or does not.
#[derive(Debug)]
pub(crate) struct Signed(pub(crate) Credentials);

impl FromRequestParts<AppState> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let credentials = read(parts, state).await?;
        parts.extensions.insert(credentials.clone());
        Ok(Self(credentials))
    }
}

async fn read(parts: &Parts, state: &AppState) -> Result<Credentials, Problem> {
    if let Some(token) = bearer(&parts.headers) {
        let half = match parts.headers.get(CLIENT_HALF) {
            Some(half) => Some(half.to_str().map_err(|_| signed_out())?),
            None => None,
        };
        return state.gate.bearer_credentials(token, half).ok_or_else(signed_out);
    }
    let names = CookieNames::of(&state.gate, encrypted(parts));
    let server_half = cookie(&parts.headers, &names.server).ok_or_else(signed_out)?;
    let page_half = cookie(&parts.headers, &names.page).ok_or_else(signed_out)?;
    let credentials = state.gate.cookie_credentials(server_half, page_half).ok_or_else(signed_out)?;
    // A wrong `s` is an address of another session: there is nothing here.
    if query_value(parts.uri.query(), "s").is_some_and(|s| credentials.page_value_is(s)) {
        return Ok(credentials);
    }
    // So does `s` look when one cookie is another session's. That is counted; the answer is the same.
    state.gate.suspect(&credentials).await;
    Err(Problem::not_found())
}

/// The operator's visit that a request is of. It proves nothing yet, and is nobody's session.
#[derive(Debug)]
pub(crate) struct Visiting(pub(crate) OperatorCredentials);

impl FromRequestParts<AppState> for Visiting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let names = CookieNames::of_operator(&state.gate, encrypted(parts));
        let server_half = cookie(&parts.headers, &names.server).ok_or_else(no_visit)?;
        let page_half = cookie(&parts.headers, &names.page).ok_or_else(no_visit)?;
        let operator = state.gate.operator_credentials(server_half, page_half).ok_or_else(no_visit)?;
        // Another site cannot know it, though the browser brings the cookies along.
        if query_value(parts.uri.query(), "s").is_some_and(|s| operator.page_value_is(s)) {
            return Ok(Self(operator));
        }
        Err(Problem::not_found())
    }
}

/// The names of the two cookies. They carry the last 8 hex digits of the installation's id, because cookies ignore
/// ports; the first ones are its time, which two installations of one day share in part.
pub(crate) struct CookieNames {
    pub(crate) server: String,
    pub(crate) page: String,
}

impl CookieNames {
    pub(crate) fn of(gate: &Gate, encrypted: bool) -> Self {
        let prefix = if encrypted { "__Host-" } else { "" };
        let id = gate.installation().to_string();
        let id = id.get(id.len().saturating_sub(8)..).unwrap_or_default();
        Self { server: format!("{prefix}ownsight-{id}"), page: format!("{prefix}ownsight-{id}-page") }
    }

    /// Those of a visit of the operator: never a person's.
    pub(crate) fn of_operator(gate: &Gate, encrypted: bool) -> Self {
        let Self { server, page } = Self::of(gate, encrypted);
        Self { server: format!("{server}-operator"), page: format!("{page}-operator") }
    }
}

/// Attributes that both cookies have.
pub(crate) fn cookie_attributes(max_age_seconds: u64, encrypted: bool) -> String {
    let secure = if encrypted { "; Secure" } else { "" };
    format!("Path=/; SameSite=Strict; Max-Age={max_age_seconds}{secure}")
}

pub(crate) fn signed_out() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "signed-out", "You are not signed in")
        .detail("This needs a session, and there is none or it has ended.")
        .remedy("Sign in.")
}

pub(crate) fn no_visit() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "no-visit", "The operator is not here")
        .detail("This needs a visit of the operator, and there is none or it has ended.")
        .remedy("On the server's machine, run `ownsight operator` and open the link that it prints.")
}

fn encrypted(parts: &Parts) -> bool {
    parts.extensions.get::<Caller>().is_some_and(|caller| caller.encrypted)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The one cookie of this name; `None` also if there are several, of which one is not ours.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(other, _)| *other == name).map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

fn query_value<'a>(query: Option<&'a str>, name: &str) -> Option<&'a str> {
    query?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubled_cookie_is_none() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; b=2".parse().unwrap());
        assert_eq!(cookie(&headers, "b"), Some("2"));
        headers.append(COOKIE, "b=3".parse().unwrap());
        assert_eq!(cookie(&headers, "b"), None);
        assert_eq!(cookie(&headers, "a"), Some("1"));
    }

    #[test]
    fn query_values_are_found_by_their_whole_name() {
        assert_eq!(query_value(Some("as=1&s=2&s=3"), "s"), Some("2"));
        assert_eq!(query_value(Some("as=1"), "s"), None);
        assert_eq!(query_value(None, "s"), None);
    }
}
