//! Lockdowns: read in the transaction that reads what they close.

use ownsight_model::{AccountId, CameraId, Closable, Closed, HomeId, LockdownId, LockdownScope};

use super::fixture::{Household, NOW, at, sign_in};
use crate::{LockdownRow, Registry, RegistryError, SessionRow};

fn row(scope: LockdownScope, closes: Closable) -> LockdownRow {
    LockdownRow {
        id: LockdownId::generate(),
        scope,
        closes: Closed::of([closes]).unwrap(),
        reason: "why".into(),
        begun_by: "an operator".into(),
        begun_at: NOW,
    }
}

/// A lockdown of any scope comes with what it concerns, in every kind of read, and with nothing else.
pub async fn a_lockdown_is_read_with_what_it_closes(registry: Registry) {
    let (one, other) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let camera = one.camera(&registry).await;
    let event = one.event(&registry, &camera, 1).await;
    let theirs = other.event(&registry, &other.camera(&registry).await, 1).await;
    let of_one = async || {
        let by_event = registry.event(one.find(), NOW, event.id).await.unwrap().unwrap();
        assert!(by_event.data.is_some());
        let by_session = registry.session(one.find(), NOW).await.unwrap().unwrap();
        assert_eq!(by_event.lockdowns, by_session.lockdowns);
        by_event.lockdowns
    };
    let of_other = async || registry.event(other.find(), NOW, theirs.id).await.unwrap().unwrap().lockdowns;
    assert_eq!(of_one().await, []);
    for (scope, concerns_other) in [
        (LockdownScope::Home(one.home), false),
        (LockdownScope::Account(one.account.id), false),
        // Which cameras are its own is for the gate to tell.
        (LockdownScope::Camera(camera.id), true),
        (LockdownScope::Installation, true),
    ] {
        let locked = row(scope, Closable::All);
        registry.begin_lockdown(locked.clone()).await.unwrap();
        assert_eq!(of_one().await, std::slice::from_ref(&locked), "{scope:?}");
        assert_eq!(!of_other().await.is_empty(), concerns_other, "{scope:?}");
        assert!(registry.lift_lockdown(locked.id, "an operator".into(), at(1)).await.unwrap());
        assert_eq!(of_one().await, [], "{scope:?}");
        assert!(!registry.lift_lockdown(locked.id, "an operator".into(), at(2)).await.unwrap());
    }
}

/// Another lockdown of the same scope takes the place of the one before; what does not exist is not locked down.
pub async fn a_scope_has_one_lockdown(registry: Registry) {
    let home = Household::settle(&registry).await;
    let scope = LockdownScope::Home(home.home);
    let mut before = Vec::new();
    for closes in [Closable::Videos, Closable::Thumbnails] {
        let begun = row(scope, closes);
        registry.begin_lockdown(begun.clone()).await.unwrap();
        before.push(begun.id);
        let live = registry.lockdowns().await.unwrap();
        assert_eq!(live.len(), 1);
        assert!(live[0].closes.closes(closes) && !live[0].closes.closes(Closable::SignIn));
    }
    // The one before has ended: to lift it lifts nothing of the one that took its place.
    assert!(!registry.lift_lockdown(before[0], "an operator".into(), at(1)).await.unwrap());
    assert_eq!(registry.lockdowns().await.unwrap()[0].id, before[1]);
    for unknown in [
        LockdownScope::Home(HomeId::generate()),
        LockdownScope::Camera(CameraId::generate()),
        LockdownScope::Account(AccountId::generate()),
    ] {
        let refused = registry.begin_lockdown(row(unknown, Closable::All)).await;
        assert!(matches!(refused, Err(RegistryError::NotFound)), "{unknown:?}");
    }
    assert_eq!(registry.lockdowns().await.unwrap().len(), 1, "what is refused changes nothing");
}

/// Nobody signs in past a lockdown, nor makes a token, and it says so only where it closes that.
pub async fn no_session_begins_where_signing_in_is_closed(registry: Registry) {
    let (one, other) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let begin = async |of: &Household| {
        let session = SessionRow { find: super::fixture::bytes32(), ..sign_in_row(of) };
        registry.insert_session(session).await
    };
    registry.begin_lockdown(row(LockdownScope::Account(one.account.id), Closable::SignIn)).await.unwrap();
    assert!(matches!(begin(&one).await, Err(RegistryError::LockedDown(_))));
    let token = SessionRow { rights: Some(1), find: super::fixture::bytes32(), ..sign_in_row(&one) };
    let made = registry.create_token(&one.authority(), token).await;
    assert!(matches!(made, Err(RegistryError::LockedDown(_))));
    begin(&other).await.unwrap();
    registry.begin_lockdown(row(LockdownScope::Installation, Closable::Videos)).await.unwrap();
    begin(&other).await.unwrap();
    let all = row(LockdownScope::Installation, Closable::All);
    registry.begin_lockdown(all.clone()).await.unwrap();
    assert!(matches!(begin(&other).await, Err(RegistryError::LockedDown(_))));
    // A home's lockdown keeps nobody from signing in: they may have others.
    assert!(registry.lift_lockdown(all.id, "an operator".into(), at(1)).await.unwrap());
    registry.begin_lockdown(row(LockdownScope::Home(other.home), Closable::All)).await.unwrap();
    sign_in(&registry, other.account.id).await;
}

fn sign_in_row(of: &Household) -> SessionRow {
    SessionRow { id: ownsight_model::SessionId::generate(), ..of.session.clone() }
}
