//! Lockdowns: read in the transaction that reads what they close.

use ownsight_model::{AccountId, CameraId, Closable, Closed, HomeId, LockdownId, LockdownScope};

use super::fixture::{Household, NOW, announced, at, sign_in};
use super::shares::share;
use crate::{ChangeKind, HomeUpdate, LockdownRow, Registry, RegistryError, SessionRow};

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

/// What is looked into is erased by nobody: neither event, nor camera, nor home, nor by keeping less. What is not closed is.
pub async fn closed_footage_is_not_erased(registry: Registry) {
    let (one, other) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let (yard, lawn) = (one.camera(&registry).await, one.camera(&registry).await);
    let event = one.event(&registry, &yard, 1).await;
    let held = share(&registry, &one, &other, &[&yard], |_| {}).await;
    let less = HomeUpdate { home: one.home, text: None, retention_days: Some(1), retention_bytes: None };
    let more = HomeUpdate { retention_days: Some(90), ..less.clone() };
    let refused = |what: &str, answer: Result<(), RegistryError>, expected: bool| match answer {
        Err(RegistryError::LockedDown(_)) => assert!(expected, "{what} is refused"),
        other => assert!(!expected, "{what}: {other:?}"),
    };
    let nothing = ownsight_model::EventId::generate();
    for (scope, of_camera, of_home) in [
        (LockdownScope::Installation, true, true),
        (LockdownScope::Home(one.home), true, true),
        (LockdownScope::Account(one.account.id), true, true),
        (LockdownScope::Camera(yard.id), true, true),
        (LockdownScope::Camera(lawn.id), false, true),
        (LockdownScope::Home(other.home), false, false),
        (LockdownScope::Account(other.account.id), false, false),
    ] {
        let closed = row(scope, Closable::Videos);
        registry.begin_lockdown(closed.clone()).await.unwrap();
        // The holder of a share is of another home and account.
        let by_holder = of_camera && scope != LockdownScope::Account(one.account.id)
            || scope == LockdownScope::Account(other.account.id);
        let erased = registry.erase_shared_event(other.find(), NOW, held.share, nothing).await;
        refused("an event that is not there", erased.map(drop), false);
        let authority = one.authority();
        if of_camera {
            refused("an event", registry.erase_event(&authority, event.id).await.map(drop), true);
            let camera = registry.erase_camera(&authority, yard.id, Vec::new(), Vec::new()).await;
            refused("a camera", camera.map(drop), true);
        }
        if by_holder {
            let erased = registry.erase_shared_event(other.find(), NOW, held.share, event.id).await;
            refused("an event, by its share's holder", erased.map(drop), true);
        }
        refused("to keep less", registry.update_home(&authority, less.clone()).await, of_home);
        refused("to keep more", registry.update_home(&authority, more.clone()).await, false);
        if of_home {
            refused("the home", registry.erase_home(&authority, one.home).await, true);
        }
        assert!(registry.lift_lockdown(closed.id, "an operator".into(), at(1)).await.unwrap());
    }
    // What closes no footage keeps nobody from erasing, nor does one that concerns another camera.
    for scope in [LockdownScope::Camera(lawn.id), LockdownScope::Home(other.home)] {
        registry.begin_lockdown(row(scope, Closable::All)).await.unwrap();
    }
    registry.begin_lockdown(row(LockdownScope::Installation, Closable::SignIn)).await.unwrap();
    assert!(registry.erase_event(&one.authority(), event.id).await.unwrap().is_some());
    let gone = registry.erase_camera(&one.authority(), yard.id, Vec::new(), Vec::new()).await;
    assert!(matches!(gone, Err(RegistryError::Conflict)), "its share goes along: {gone:?}");
}

/// At once, to all homes whose people are concerned, when it begins and when it ends.
pub async fn a_lockdown_is_announced(registry: Registry) {
    let (one, other) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let camera = one.camera(&registry).await;
    let mut changes = registry.changes();
    let mut told = || {
        let told = announced(&mut changes);
        assert!(told.iter().all(|change| change.what == ChangeKind::Events));
        let mut homes: Vec<HomeId> = told.iter().map(|change| change.home).collect();
        homes.sort_unstable();
        homes
    };
    let mut all = vec![one.home, other.home];
    all.sort_unstable();
    for (scope, homes) in [
        (LockdownScope::Installation, all),
        (LockdownScope::Home(one.home), vec![one.home]),
        (LockdownScope::Camera(camera.id), vec![one.home]),
        (LockdownScope::Account(other.account.id), vec![other.home]),
    ] {
        let begun = row(scope, Closable::Videos);
        registry.begin_lockdown(begun.clone()).await.unwrap();
        assert_eq!(told(), homes, "{scope:?}");
        assert!(registry.lift_lockdown(begun.id, "an operator".into(), at(1)).await.unwrap());
        assert_eq!(told(), homes, "{scope:?}");
        assert!(!registry.lift_lockdown(begun.id, "an operator".into(), at(1)).await.unwrap());
        assert_eq!(told(), [], "{scope:?}");
    }
}

/// Who holds a share of a home is told of what is closed there, and so is who waits for a restored home to be confirmed.
pub async fn a_lockdown_of_a_home_is_told_to_holders_of_shares(registry: Registry) {
    let (one, other) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let yard = one.camera(&registry).await;
    let closed = row(LockdownScope::Home(one.home), Closable::All);
    registry.begin_lockdown(closed.clone()).await.unwrap();
    let of = async |find| registry.session(find, NOW).await.unwrap().unwrap().lockdowns;
    assert_eq!(of(other.find()).await, []);
    share(&registry, &one, &other, &[&yard], |_| {}).await;
    assert_eq!(of(other.find()).await, std::slice::from_ref(&closed));
    registry.mark_restored(at(50), 0).await.unwrap();
    let stranger = Household::settle(&registry).await;
    let holder = sign_in(&registry, other.account.id).await;
    assert_eq!(of(holder.find).await, [closed]);
    assert_eq!(of(stranger.find()).await, []);
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
