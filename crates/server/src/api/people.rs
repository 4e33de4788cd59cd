//! The people of a home: members, roles, invitations of its own.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use ownsight_gate::views;
use ownsight_model::{GrantId, HomeId, Role};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answers::{Outcome, json, no_content};
use super::credentials::Signed;
use super::input::{Id, Sent};
use crate::http::Problem;
use crate::state::AppState;

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invite {
    /// The address that must be typed to accept.
    email: String,
    /// As what.
    #[schema(value_type = String)]
    role: Role,
}

/// What changes of a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeMember {
    /// The new role.
    #[schema(value_type = String)]
    role: Role,
}

/// Ids of a home and of something in it.
pub(super) fn ids((home, id): (String, String)) -> Result<(HomeId, GrantId), Problem> {
    let home = home.parse().map_err(|_| Problem::not_found())?;
    Ok((home, id.parse().map_err(|_| Problem::not_found())?))
}

/// Who is in a home.
#[utoipa::path(get, path = "/api/v1/homes/{home}/people", tag = "people", params(("home" = String, Path)),
    responses((status = 200, body = views::People), (status = 404)))]
pub(crate) async fn people(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
) -> Outcome {
    let answer = state.gate.people(&who, home).await?;
    json(&who, StatusCode::OK, answer)
}

/// Invites somebody by a link that works once.
#[utoipa::path(post, path = "/api/v1/homes/{home}/invitations", tag = "people", params(("home" = String, Path)),
    request_body = Invite,
    responses((status = 201, body = views::NewInvitation), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub(crate) async fn invite(
    State(state): State<AppState>,
    Signed(who): Signed,
    Id(home): Id<HomeId>,
    Sent(body): Sent<Invite>,
) -> Outcome {
    let answer = state.gate.invite(&who, home, &body.email, body.role).await?;
    json(&who, StatusCode::CREATED, answer)
}

/// Withdraws an invitation.
#[utoipa::path(delete, path = "/api/v1/homes/{home}/invitations/{invitation}", tag = "people",
    params(("home" = String, Path), ("invitation" = String, Path)),
    responses((status = 204), (status = 403), (status = 404)))]
pub(crate) async fn withdraw(
    State(state): State<AppState>,
    Signed(who): Signed,
    Path(path): Path<(String, String)>,
) -> Outcome {
    let (home, invitation) = ids(path)?;
    state.gate.withdraw_invitation(&who, home, invitation).await?;
    Ok(no_content())
}

/// Gives a member another role.
#[utoipa::path(patch, path = "/api/v1/homes/{home}/members/{member}", tag = "people",
    params(("home" = String, Path), ("member" = String, Path)), request_body = ChangeMember,
    responses((status = 204), (status = 403), (status = 404), (status = 409), (status = 422)))]
pub(crate) async fn change(
    State(state): State<AppState>,
    Signed(who): Signed,
    Path(path): Path<(String, String)>,
    Sent(body): Sent<ChangeMember>,
) -> Outcome {
    let (home, member) = ids(path)?;
    state.gate.change_role(&who, home, member, body.role).await?;
    Ok(no_content())
}

/// Removes a member, or leaves the home.
#[utoipa::path(delete, path = "/api/v1/homes/{home}/members/{member}", tag = "people",
    params(("home" = String, Path), ("member" = String, Path)),
    responses((status = 200, body = views::Removed), (status = 403), (status = 404), (status = 409)))]
pub(crate) async fn remove(
    State(state): State<AppState>,
    Signed(who): Signed,
    Path(path): Path<(String, String)>,
) -> Outcome {
    let (home, member) = ids(path)?;
    let answer = state.gate.remove_member(&who, home, member).await?;
    json(&who, StatusCode::OK, answer)
}
