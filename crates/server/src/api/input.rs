//! What a request brings besides its credentials: ids in its path, a query, a body.
//!
//! What is wrong is said in this order: not signed in (401), nothing here (404), not understood (415, 422). So who is
//! not signed in learns nothing of the rest, and no body is waited for.

use std::str::FromStr;

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
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

/// The query. What is misspelt is refused: a filter that is passed over would answer more than was asked for.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(error) => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                "The query cannot be understood",
            )
            .detail(format!("{}.", error.body_text()))
            .remedy("The API's description says which parameters there are.")),
        }
    }
}

/// The JSON body of somebody who is signed in: goes after [`Signed`](super::credentials::Signed), whose session is
/// looked up before the body is read.
pub(crate) struct Sent<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let Some(who) = request.extensions().get::<Credentials>() else {
            tracing::error!("a handler reads a body before it knows whose it is");
            return Err(Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR));
        };
        state.gate.is_live(who).await?;
        read_json(request, JSON_BYTES_MAX).await.map(Self)
    }
}

/// A field that must be something else.
pub(crate) fn invalid(field: &'static str, expected: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "A field is not acceptable")
        .field(field)
        .detail(format!("`{field}`: {expected}."))
        .remedy("Correct the field, then try again.")
}
