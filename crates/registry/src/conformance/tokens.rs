//! Tokens of programs.

use ownsight_model::SessionId;

use super::fixture::{Household, NOW, at, bytes32, password, sign_in};
use crate::{Authority, Registry, RegistryError, SessionRow, TOKENS_MAX};

fn token(of: &Household) -> SessionRow {
    SessionRow {
        find: bytes32(),
        id: SessionId::generate(),
        kind: 3,
        rights: Some(5),
        noticed: true,
        ..of.session.clone()
    }
}

fn own(of: &Household) -> Authority {
    Authority { grant: None, ..of.authority() }
}

async fn made(registry: &Registry, of: &Household) -> SessionRow {
    let token = token(of);
    registry.create_token(&own(of), token.clone()).await.unwrap();
    token
}

async fn listed(registry: &Registry, of: &Household) -> Vec<SessionRow> {
    registry.tokens(of.find(), NOW).await.unwrap().unwrap().data
}

macro_rules! refused {
    ($call:expr, $error:pat) => {
        let error = $call.await.unwrap_err();
        assert!(matches!(error, $error), "{error:?}");
    };
}

/// It is found as one is, and listed and ended by itself.
pub async fn a_token_is_beside_sessions_and_no_session(registry: Registry) {
    let (anna, other) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let token = made(&registry, &anna).await;
    assert_eq!(listed(&registry, &anna).await, std::slice::from_ref(&token));
    assert!(listed(&registry, &other).await.is_empty());
    assert_eq!(registry.session(token.find, NOW).await.unwrap().unwrap().session, token);
    let sessions = registry.sessions(anna.find(), NOW).await.unwrap().unwrap().data;
    assert_eq!(sessions.iter().map(|row| row.id).collect::<Vec<_>>(), [anna.session.id]);
    let unnoticed = SessionRow { noticed: false, ..self::token(&anna) };
    registry.create_token(&own(&anna), unnoticed).await.unwrap();
    assert_eq!(registry.unnoticed_sessions(anna.find(), NOW).await.unwrap().unwrap().data, 0);

    refused!(registry.end_own_session(&own(&anna), token.id), RegistryError::NotFound);
    refused!(registry.end_own_token(&own(&other), token.id), RegistryError::NotFound);
    refused!(registry.end_own_token(&own(&anna), anna.session.id), RegistryError::NotFound);
    registry.end_own_token(&own(&anna), token.id).await.unwrap();
    assert_eq!(registry.session(token.find, NOW).await.unwrap(), None);
    refused!(registry.end_own_token(&own(&anna), token.id), RegistryError::NotFound);

    let theirs = self::token(&other);
    refused!(registry.create_token(&own(&anna), theirs), RegistryError::NotFound);
    let sign_in = SessionRow { rights: None, ..self::token(&anna) };
    refused!(registry.create_token(&own(&anna), sign_in), RegistryError::NotFound);
    let nobodys = Authority { find: bytes32(), ..own(&anna) };
    refused!(registry.create_token(&nobodys, self::token(&anna)), RegistryError::NotLive);
}

/// Those that have ended do not count.
pub async fn an_account_has_so_many_tokens(registry: Registry) {
    let (anna, other) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let short = SessionRow { expires_at: at(5), ..token(&anna) };
    registry.create_token(&own(&anna), short).await.unwrap();
    for _ in 1..TOKENS_MAX {
        made(&registry, &anna).await;
    }
    refused!(registry.create_token(&own(&anna), token(&anna)), RegistryError::TooMany { max: TOKENS_MAX });
    made(&registry, &other).await;
    let later = Authority { now: at(5), ..own(&anna) };
    registry.create_token(&later, token(&anna)).await.unwrap();
}

/// Whoever had the password may have made them.
pub async fn tokens_end_with_a_password_and_with_all_sessions(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let token = made(&registry, &anna).await;
    registry.replace_password(&own(&anna), password(&anna.account.email)).await.unwrap();
    assert_eq!(registry.session(token.find, NOW).await.unwrap(), None);

    let token = made(&registry, &anna).await;
    sign_in(&registry, anna.account.id).await;
    assert_eq!(registry.end_sessions(anna.account.id, None).await.unwrap(), 3);
    assert_eq!(registry.session(token.find, NOW).await.unwrap(), None);
}

/// Forwards only, and of a token only.
pub async fn the_use_of_a_token_is_noted(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let token = made(&registry, &anna).await;
    let used = async || registry.session(token.find, NOW).await.unwrap().unwrap().session.used_at;
    assert_eq!(used().await, None);
    for (noted, expected) in [(5, 5), (3, 5), (7, 7)] {
        registry.token_used(token.id, at(noted)).await.unwrap();
        assert_eq!(used().await, Some(at(expected)));
    }
    registry.token_used(anna.session.id, at(9)).await.unwrap();
    assert_eq!(registry.session(anna.find(), NOW).await.unwrap().unwrap().session, anna.session);
    registry.token_used(SessionId::generate(), at(9)).await.unwrap();
}
