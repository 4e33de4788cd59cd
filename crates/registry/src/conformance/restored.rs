//! After a restore: nothing opens until an owner has confirmed, and what ends access is counted.

use ownsight_model::{Closable, Closed, HomeEpoch, LockdownId, LockdownScope, Role, Timestamp};

use super::fixture::{Household, NOW, at, bytes32, event, link, sign_in};
use super::members::{invited, joined, joining, renewable};
use super::shares::share;
use crate::{
    Authority, Confirmation, EventQuery, HomeUpdate, InstallationRow, LeftBehind, LockdownRow, Registry,
    RegistryError, SessionRow,
};

macro_rules! refused {
    ($call:expr, $error:pat) => {
        let error = $call.await.unwrap_err();
        assert!(matches!(error, $error), "{error:?}");
    };
}

/// What a session sees of a home, and of an event and a camera in it.
async fn seen(
    registry: &Registry,
    find: [u8; 32],
    of: &Household,
    event: ownsight_model::EventId,
    camera: ownsight_model::CameraId,
) -> Vec<bool> {
    let query = |homes| EventQuery { homes, limit: 10, ..EventQuery::default() };
    macro_rules! data {
        ($answer:expr) => {
            $answer.await.unwrap().unwrap().data
        };
    }
    vec![
        data!(registry.home(find, NOW, of.home)).is_some(),
        data!(registry.home_plan(find, NOW, of.home)).is_some(),
        data!(registry.cameras(find, NOW, None)).iter().any(|detail| detail.camera.home == of.home),
        data!(registry.camera(find, NOW, camera)).is_some(),
        !data!(registry.devices(find, NOW, of.home)).is_empty(),
        data!(registry.device(find, NOW, of.device)).is_some(),
        !data!(registry.events(find, NOW, query(None))).events.is_empty(),
        !data!(registry.events(find, NOW, query(Some(vec![of.home])))).events.is_empty(),
        data!(registry.event(find, NOW, event)).is_some(),
        data!(registry.event_position(find, NOW, of.home, event, NOW, at(1000))).is_some(),
        data!(registry.day(find, NOW, of.home, NOW, at(1000), 10)).is_some(),
        data!(registry.count_events(find, NOW, of.home, vec![NOW, at(1000)])).is_some(),
        !data!(registry.camera_epochs(find, NOW, of.home, vec![camera])).is_empty(),
        registry.session(find, NOW).await.unwrap().unwrap().grants.iter().any(|(row, _)| row.home == of.home),
    ]
}

/// From the mark to the owner's word, for everybody of the home.
pub async fn a_restored_home_opens_nothing_until_an_owner_confirms_it(registry: Registry) {
    let (anna, tom, renewal, cameras, invitation) = renewable(&registry).await;
    let kept = anna.event(&registry, &cameras[0], 10).await;
    let lockdown = lockdown(LockdownScope::Home(anna.home));
    registry.begin_lockdown(lockdown.clone()).await.unwrap();
    let all = |find| seen(&registry, find, &anna, kept.id, cameras[0].id);
    assert!(all(anna.find()).await.into_iter().all(|seen| seen));
    assert!(all(tom.find()).await.into_iter().all(|seen| seen));
    let early = registry.restored_plan(anna.find(), NOW, anna.home).await.unwrap().unwrap();
    assert!(early.data.is_none(), "it does not wait");

    assert_eq!(registry.mark_restored(at(50), 0).await.unwrap(), 3, "of Anna, of Tom, and of the viewer");
    for of in [&anna, &tom] {
        assert_eq!(registry.session(of.find(), NOW).await.unwrap(), None, "everybody is signed out");
    }
    assert_eq!(registry.invitation(invitation.find).await.unwrap(), None);
    let owner = sign_in(&registry, anna.account.id).await;
    let adult = sign_in(&registry, tom.account.id).await;
    for session in [&owner, &adult] {
        let seen = all(session.find).await;
        assert!(seen.iter().all(|seen| !seen), "{seen:?}");
        let asker = registry.session(session.find, NOW).await.unwrap().unwrap();
        let waits = asker.restored.grants.iter().find(|(grant, _)| grant.home == anna.home).unwrap();
        let restored = waits.1.restored.unwrap();
        assert_eq!(restored.at, at(50));
        assert!((NOW..=at(50)).contains(&restored.as_of), "{restored:?}");
        let by_event = registry.event(session.find, NOW, kept.id).await.unwrap().unwrap();
        assert_eq!((by_event.grants, by_event.restored), (Vec::new(), asker.restored));
        assert_eq!(asker.lockdowns, std::slice::from_ref(&lockdown), "lockdowns stay, and are told");
        let update =
            HomeUpdate { home: anna.home, text: None, retention_days: Some(3), retention_bytes: None };
        let grant = if session == &owner { anna.grant } else { renewal.ended[0] };
        let authority = Authority { find: session.find, now: NOW, grant: Some((grant, HomeEpoch::FIRST)) };
        refused!(registry.update_home(&authority, update), RegistryError::Restored);
        refused!(registry.renew_home(&authority, renewal.clone()), RegistryError::Restored);
    }
    // What devices do goes on.
    registry.insert_event(event(&cameras[1], anna.device, at(20))).await.unwrap();
    assert!(registry.device_by_credential(anna.device, anna.credential_hash).await.unwrap().is_some());

    let confirmation = Confirmation { renewal, removed: Vec::new() };
    let by = |session: &SessionRow, grant| Authority {
        find: session.find,
        now: at(60),
        grant: Some((grant, HomeEpoch::FIRST)),
    };
    let by_adult = by(&adult, confirmation.renewal.ended[0]);
    refused!(registry.confirm_home(&by_adult, confirmation.clone()), RegistryError::NotLive);
    let mut short = confirmation.clone();
    short.renewal.cameras.pop();
    refused!(registry.confirm_home(&by(&owner, anna.grant), short), RegistryError::Conflict);
    assert!(all(owner.find).await.into_iter().all(|seen| !seen), "what is refused opens nothing");
    let plan = registry.restored_plan(owner.find, NOW, anna.home).await.unwrap().unwrap().data.unwrap();
    assert!(plan.invitations.is_empty() && plan.devices.len() == 1, "a pairing that waited has ended");

    registry.confirm_home(&by(&owner, anna.grant), confirmation.clone()).await.unwrap();
    assert!(all(owner.find).await.into_iter().all(|seen| seen));
    let seen = all(adult.find).await;
    assert!(seen.iter().all(|seen| !seen), "whoever is not named is out: {seen:?}");
    let left = registry.session(adult.find, NOW).await.unwrap().unwrap().restored;
    assert!(left.grants.iter().all(|(grant, _)| grant.home == tom.home), "his own home waits for him");
    let again = Authority { grant: Some((anna.grant, HomeEpoch::new(2).unwrap())), ..by(&owner, anna.grant) };
    refused!(registry.confirm_home(&again, confirmation), RegistryError::NotFound);
}

/// Devices that are not named end with it, and their cameras stay without one.
pub async fn a_device_that_does_not_belong_any_more_ends_with_the_confirmation(registry: Registry) {
    let (anna, _, mut renewal, cameras, _) = renewable(&registry).await;
    registry.mark_restored(at(50), 0).await.unwrap();
    let owner = sign_in(&registry, anna.account.id).await;
    let authority = Authority { find: owner.find, now: at(60), grant: Some((anna.grant, HomeEpoch::FIRST)) };
    let stranger = Household::settle(&registry).await;
    let theirs = Confirmation { renewal: renewal.clone(), removed: vec![stranger.device] };
    refused!(registry.confirm_home(&authority, theirs), RegistryError::NotFound);
    (renewal.devices, renewal.configurations) = (Vec::new(), Vec::new());
    let confirmation = Confirmation { renewal, removed: vec![anna.device] };
    registry.confirm_home(&authority, confirmation).await.unwrap();
    let plan = registry.home_plan(owner.find, NOW, anna.home).await.unwrap().unwrap().data.unwrap();
    assert!(plan.devices.is_empty());
    assert!(plan.cameras.len() == cameras.len() && plan.cameras.iter().all(|row| row.device.is_none()));
}

/// Holders of shares neither; who had accepted and was not taken in is out.
pub async fn a_share_of_a_restored_home_opens_nothing(registry: Registry) {
    let (anna, tom) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let yard = anna.camera(&registry).await;
    let shown = anna.event(&registry, &yard, 10).await;
    let held = share(&registry, &anna, &tom, &[&yard], |_| {}).await;
    let (guest, open) = (Household::settle(&registry).await, invited(&registry, &anna, Role::Viewer).await);
    registry.join(joining(&open, &guest)).await.unwrap();
    registry.mark_restored(at(50), 0).await.unwrap();
    let holder = sign_in(&registry, tom.account.id).await;
    let seen = registry.event(holder.find, NOW, shown.id).await.unwrap().unwrap();
    assert!(seen.data.is_none() && seen.shares.is_empty());
    assert!(matches!(seen.restored.shares.as_slice(), [(row, _)] if row.id == held.share));
    let of = |home| seen.restored.clone().of_home(home);
    assert!(of(anna.home).grants.is_empty() && of(anna.home).shares == seen.restored.shares);
    assert!(of(tom.home).shares.is_empty() && of(tom.home).grants == seen.restored.grants);
    assert_eq!(seen.restored.grants.len(), 1);
    let query = EventQuery { limit: 50, ..EventQuery::default() };
    let page = registry.events(holder.find, NOW, query).await.unwrap().unwrap().data;
    assert_eq!(page.events, []);
    assert_eq!(registry.shared_cameras(holder.find, NOW).await.unwrap().unwrap().data, []);
    let erased = registry.erase_shared_event(holder.find, NOW, held.share, shown.id).await;
    assert!(matches!(erased, Err(RegistryError::NotLive)), "{erased:?}");
    let guest = sign_in(&registry, guest.account.id).await;
    let guest = registry.session(guest.find, NOW).await.unwrap().unwrap();
    assert!(guest.restored.grants.iter().all(|(grant, _)| grant.id != open.id));
}

fn lockdown(scope: LockdownScope) -> LockdownRow {
    LockdownRow {
        id: LockdownId::generate(),
        scope,
        closes: Closed::of([Closable::All]).unwrap(),
        reason: "why".into(),
        begun_by: "an operator".into(),
        begun_at: NOW,
    }
}

/// Each way in which access ends moves the count, and what gives or uses it does not.
pub async fn what_ends_access_is_counted(registry: Registry) {
    let row = InstallationRow {
        id: ownsight_model::InstallationId::generate(),
        created_at: NOW,
        master_commitment: bytes32(),
    };
    registry.create_installation(row).await.unwrap();
    let (anna, tom) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let told = registry.ended_changes();
    let last = std::cell::Cell::new(registry.ended().await.unwrap());
    let moved = async |what: &str, expected: bool| {
        let now = registry.ended().await.unwrap();
        assert_eq!(now > last.get(), expected, "{what}");
        assert!(now >= last.get());
        last.set(now);
        assert_eq!(*told.borrow(), now, "{what}: told before it is answered");
    };
    let yard = anna.camera(&registry).await;
    anna.event(&registry, &yard, 10).await;
    sign_in(&registry, anna.account.id).await;
    let open = invited(&registry, &anna, Role::Viewer).await;
    moved("what gives", false).await;
    let mut waits = registry.ended_changes();
    waits.mark_unchanged();
    sign_in(&registry, anna.account.id).await;
    assert!(!waits.has_changed().unwrap(), "nothing ended");

    registry.withdraw_invitation(&anna.authority(), open.id).await.unwrap();
    moved("an invitation withdrawn", true).await;
    assert!(waits.has_changed().unwrap());
    let (_, member) = joined(&registry, &anna, Role::Viewer).await;
    moved("an invitation used up", true).await;
    registry.revoke_grant(member, at(1)).await.unwrap();
    moved("a member removed", true).await;
    let (left, _) = joined(&registry, &anna, Role::Viewer).await;
    moved("another one", true).await;
    registry.leave_home(left.find(), at(1), anna.home).await.unwrap();
    moved("a member left", true).await;
    let held = share(&registry, &anna, &tom, &[&yard], |_| {}).await;
    moved("a share's link used up", true).await;
    registry.leave_share(tom.find(), NOW, held.share).await.unwrap();
    moved("a share given up", true).await;
    let session = sign_in(&registry, anna.account.id).await;
    registry.end_session(session.find).await.unwrap();
    moved("a session ended", true).await;
    let password = super::fixture::password(&tom.account.email);
    let own = Authority { find: tom.find(), now: NOW, grant: None };
    registry.replace_password(&own, password).await.unwrap();
    moved("a password replaced", true).await;
    let used = link();
    registry.insert_link(used.clone()).await.unwrap();
    moved("a link made", false).await;
    registry.spend_link(used.find, NOW).await.unwrap();
    moved("a link used up", true).await;
    let begun = lockdown(LockdownScope::Installation);
    registry.begin_lockdown(begun.clone()).await.unwrap();
    moved("a lockdown begun", true).await;
    assert!(registry.lift_lockdown(begun.id, "by".into(), at(1)).await.unwrap());
    moved("a lockdown lifted", false).await;
    registry.remove_device(&tom.authority(), tom.device, LeftBehind::default()).await.unwrap();
    moved("a device removed", true).await;
    registry.erase_account(&own, tom.account.id, &tom.account.email).await.unwrap_err();
    moved("an account that stays", false).await;
    let past = last.get() + 1_000;
    registry.mark_restored(Timestamp::from_micros(1), past).await.unwrap();
    moved("a restore", true).await;
    assert!(last.get() > past);
}
