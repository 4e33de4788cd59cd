//! What a request brings besides its credentials: ids in its path, a query, a body.
//!
//! What is wrong is said in this order: not signed in (401), a path that names nothing (404), not understood (415, 422),
//! and only then what the gate says. So who is not signed in learns nothing of the rest, and no body is waited for; and what
//! belongs to others is answered like what does not exist whatever else is wrong.

use std::str::FromStr;

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, StatusCode};
use ownsight_gate::Credentials;
use serde::de::DeserializeOwned;

use crate::http::{JSON_BYTES_MAX, Problem, read_json};
use crate::state::AppState;

/// The id in a path. A text that is none is the id of nothing.
pub(crate) struct Id<T>(pub(crate) T);

impl<T: FromStr> FromRequestParts<AppState> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let text =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        text.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// The query of somebody who is signed in: goes after [`Signed`](super::credentials::Signed). What is misspelt is
/// refused: a filter that is passed over would answer more than was asked for.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let problem = match Query::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => return Ok(Self(asked)),
            Err(error) => {
                let title = "The query cannot be understood";
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", title)
                    .detail(format!("{}.", error.body_text()))
                    .remedy("The API's description says which parameters there are.")
            }
        };
        is_live(&parts.extensions, state).await?;
        Err(problem)
    }
}

/// The JSON body of somebody who is signed in: goes after [`Signed`](super::credentials::Signed), whose session is
/// looked up before the body is read.
pub(crate) struct Sent<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        is_live(request.extensions(), state).await?;
        read_json(request, JSON_BYTES_MAX).await.map(Self)
    }
}

/// Whether the session lives whose credentials [`Signed`](super::credentials::Signed) found.
async fn is_live(extensions: &Extensions, state: &AppState) -> Result<(), Problem> {
    let Some(who) = extensions.get::<Credentials>() else {
        tracing::error!("a handler reads a request before it knows whose it is");
        return Err(Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR));
    };
    Ok(state.gate.is_live(who).await?)
}

/// A field that must be something else.
pub(crate) fn invalid(field: &'static str, expected: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "A field is not acceptable")
        .field(field)
        .detail(format!("`{field}`: {expected}."))
        .remedy("Correct the field, then try again.")
}
