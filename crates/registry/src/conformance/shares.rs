//! Shares: what they find, for whom, since and until when; and that no epoch leaves one behind.

use ownsight_model::{EventId, GrantId, HomeEpoch, Role, Timestamp};

use super::fixture::{Household, NOW, announced, at, bytes32, event, grant, invitation, roster, still};
use crate::{
    Authority, CameraEpochRow, CameraRow, Comes, EventQuery, HomeRenewal, InvitationRow, JoinAs, Joining,
    LeftBehind, Registry, RegistryError, RosterRow, SHARES_MAX, ShareChange, ShareIssue, ShareRow,
    SharedEpoch,
};

macro_rules! refused {
    ($call:expr, $error:pat) => {
        let error = $call.await.unwrap_err();
        assert!(matches!(error, $error), "{error:?}");
    };
}

fn change(home: &Household) -> ShareChange {
    ShareChange::of(home.home)
}

/// A share of these cameras in their present epochs.
fn offer(home: &Household, cameras: &[&CameraRow]) -> (InvitationRow, ShareIssue) {
    let invitation =
        InvitationRow { role: None, wrap: bytes32().into(), ..invitation(home.home, Role::Viewer) };
    let issue = ShareIssue {
        share: invitation.id,
        account: None,
        serial: 1,
        wrap: invitation.wrap.clone(),
        contents: vec![7; 120],
        from_at: None,
        until_at: None,
        epochs: cameras.iter().map(|camera| SharedEpoch::from(&camera.epoch)).collect(),
    };
    (invitation, issue)
}

fn joining(invitation: &InvitationRow, guest: &Household) -> Joining {
    Joining {
        find: invitation.find,
        now: NOW,
        as_: JoinAs::Session(guest.find()),
        comes: Comes::Share {
            share: invitation.id,
            home: invitation.home,
            account: guest.account.id,
            sealed: invitation.wrap.clone(),
            wrap: vec![8; 80],
            member_key: vec![9; 80],
        },
        note: vec![1; 30],
        tag: bytes32(),
    }
}

async fn plan(registry: &Registry, home: &Household) -> crate::HomePlan {
    registry.home_plan(home.find(), NOW, home.home).await.unwrap().unwrap().data.unwrap()
}

/// Offers a share with these terms, has it accepted, and takes the holder into the roster.
pub(super) async fn share(
    registry: &Registry,
    home: &Household,
    guest: &Household,
    cameras: &[&CameraRow],
    terms: impl FnOnce(&mut ShareIssue),
) -> ShareIssue {
    let (invitation, mut issue) = offer(home, cameras);
    terms(&mut issue);
    let offered = ShareChange { offered: Some((invitation.clone(), issue.clone())), ..change(home) };
    registry.change_shares(&home.authority(), offered).await.unwrap();
    registry.join(joining(&invitation, guest)).await.unwrap();
    admit(registry, home, invitation.id).await;
    ShareIssue { account: Some(guest.account.id), serial: 2, ..issue }
}

async fn admit(registry: &Registry, home: &Household, share: GrantId) {
    let next = next_roster(registry, home).await;
    registry.admit(&home.authority(), next, vec![share], Vec::new()).await.unwrap();
}

async fn next_roster(registry: &Registry, home: &Household) -> RosterRow {
    let serial = plan(registry, home).await.roster.unwrap().serial;
    roster(home.home, HomeEpoch::FIRST, serial + 1)
}

/// The shares by which this account finds an event.
async fn found(registry: &Registry, of: &Household, event: EventId, now: Timestamp) -> Vec<GrantId> {
    let seen = registry.event(of.find(), now, event).await.unwrap().unwrap();
    assert!(seen.grants.is_empty());
    assert_eq!(seen.data.is_some(), !seen.shares.is_empty());
    seen.shares.into_iter().map(|(share, _)| share.id).collect()
}

async fn listed(registry: &Registry, of: &Household, now: Timestamp) -> Vec<EventId> {
    let query = EventQuery { limit: 50, ..EventQuery::default() };
    let page = registry.events(of.find(), now, query).await.unwrap().unwrap().data;
    page.events.into_iter().map(|(event, _)| event.id).collect()
}

/// Its cameras' events, for its holder, and nothing else of the home.
pub async fn a_share_finds_its_cameras_events(registry: Registry) {
    let (anna, tom) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let (yard, lawn) = (anna.camera(&registry).await, anna.camera(&registry).await);
    let own = tom.camera(&registry).await;
    let shown = anna.event(&registry, &yard, 10).await;
    let hidden = anna.event(&registry, &lawn, 20).await;
    let toms = tom.event(&registry, &own, 30).await;
    assert_eq!(found(&registry, &tom, shown.id, NOW).await, []);
    let issue = share(&registry, &anna, &tom, &[&yard], |_| {}).await;

    assert_eq!(found(&registry, &tom, shown.id, NOW).await, [issue.share]);
    assert_eq!(found(&registry, &tom, hidden.id, NOW).await, []);
    let seen = registry.event(tom.find(), NOW, shown.id).await.unwrap().unwrap();
    let detail = seen.data.unwrap();
    assert_eq!((&detail.event, &detail.epoch, detail.camera.id), (&shown, &yard.epoch, yard.id));
    assert_eq!((seen.shares[0].1.id, detail.device.is_none(), detail.marks.opened), (anna.home, true, false));

    assert_eq!(listed(&registry, &tom, NOW).await, [toms.id, shown.id]);
    let ask = async |query: EventQuery| {
        let page = registry.events(tom.find(), NOW, EventQuery { limit: 9, ..query }).await.unwrap().unwrap();
        page.data.events.into_iter().map(|(event, _)| event.id).collect::<Vec<_>>()
    };
    assert_eq!(ask(EventQuery { shared_only: true, ..EventQuery::default() }).await, [shown.id]);
    let of_home = EventQuery { homes: Some(vec![anna.home]), ..EventQuery::default() };
    assert_eq!(ask(of_home).await, [shown.id]);
    assert_eq!(ask(EventQuery { cameras: vec![lawn.id], ..EventQuery::default() }).await, []);
    assert_eq!(ask(EventQuery { cameras: vec![yard.id], ..EventQuery::default() }).await, [shown.id]);
    let cameras = registry.shared_cameras(tom.find(), NOW).await.unwrap().unwrap();
    assert_eq!(cameras.data.iter().map(|camera| camera.id).collect::<Vec<_>>(), [yard.id]);

    // A share is no grant: not of the home, its cameras, devices, days or people.
    let nothing = registry.home_plan(tom.find(), NOW, anna.home).await.unwrap().unwrap();
    assert_eq!(nothing.data, None);
    assert_eq!(registry.camera(tom.find(), NOW, yard.id).await.unwrap().unwrap().data, None);
    assert_eq!(registry.device(tom.find(), NOW, anna.device).await.unwrap().unwrap().data, None);
    let day = registry.day(tom.find(), NOW, anna.home, NOW, at(99), 9).await.unwrap().unwrap();
    assert_eq!(day.data, None);
    assert_eq!(registry.share_counts(tom.find(), NOW, anna.home).await.unwrap().unwrap().data, []);

    registry.mark_opened(tom.account.id, shown.id).await.unwrap();
    registry.mark_opened(tom.account.id, hidden.id).await.unwrap();
    let counts = registry.share_counts(anna.find(), NOW, anna.home).await.unwrap().unwrap().data;
    assert_eq!(counts, [crate::ShareCount { share: issue.share, events: 1, opened: 1 }]);
    assert!(registry.event(tom.find(), NOW, shown.id).await.unwrap().unwrap().data.unwrap().marks.opened);
}

/// What began earlier is not found; before its begin and after its end it finds nothing.
pub async fn a_share_has_a_begin_and_an_end(registry: Registry) {
    let (anna, tom) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let yard = anna.camera(&registry).await;
    let early = anna.event(&registry, &yard, 99).await;
    let late = anna.event(&registry, &yard, 100).await;
    let issue = share(&registry, &anna, &tom, &[&yard], |issue| {
        issue.from_at = Some(at(100));
        issue.until_at = Some(at(200));
    })
    .await;
    for (now, finds) in [(at(99), false), (at(100), true), (at(199), true), (at(200), false)] {
        let expected = if finds { vec![issue.share] } else { Vec::new() };
        assert_eq!(found(&registry, &tom, late.id, now).await, expected, "{now:?}");
        assert_eq!(listed(&registry, &tom, now).await.contains(&late.id), finds, "{now:?}");
        assert_eq!(found(&registry, &tom, early.id, now).await, []);
        let erased = registry.erase_shared_event(tom.find(), now, issue.share, EventId::generate()).await;
        assert_eq!(erased.is_ok(), finds, "{now:?}");
    }
    assert!(!registry.session(anna.find(), NOW).await.unwrap().unwrap().grants[0].1.shares_due);
    registry.purge_sessions(at(200)).await.unwrap();
    assert!(registry.session(anna.find(), NOW).await.unwrap().unwrap().grants[0].1.shares_due);
    // One that begins later is there to be seen by its holder, and one that has ended is not.
    let shares = async |now| registry.session(tom.find(), now).await.unwrap().unwrap().shares.len();
    assert_eq!((shares(at(50)).await, shares(at(199)).await, shares(at(200)).await), (1, 1, 0));
}

/// By its holder, once; by nobody whose session is another's; not by a member; not under a share key that was replaced.
pub async fn a_share_is_accepted_once_by_who_is_named(registry: Registry) {
    let (anna, tom) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let eve = Household::settle(&registry).await;
    let yard = anna.camera(&registry).await;
    let (invitation, issue) = offer(&anna, &[&yard]);
    let offered = ShareChange { offered: Some((invitation.clone(), issue.clone())), ..change(&anna) };
    refused!(registry.change_shares(&tom.authority(), offered.clone()), RegistryError::NotFound);
    registry.change_shares(&anna.authority(), offered).await.unwrap();
    refused!(registry.withdraw_invitation(&anna.authority(), invitation.id), RegistryError::NotFound);
    let right = joining(&invitation, &tom);
    let of_eve = Joining { as_: JoinAs::Session(eve.find()), ..right.clone() };
    refused!(registry.join(of_eve), RegistryError::NotFound);
    refused!(registry.join(joining(&invitation, &anna)), RegistryError::AlreadyMember);
    let member = grant(tom.account.id, anna.home, Role::Viewer);
    let as_member = crate::GrantRow { id: invitation.id, ..member };
    let as_member = Joining { comes: Comes::Member(as_member), ..right.clone() };
    refused!(registry.join(as_member), RegistryError::NotFound);

    // An offer is for nobody yet, under its invitation's own id, which invites to no role.
    for (row, issue) in [
        (invitation.clone(), ShareIssue { share: GrantId::generate(), ..issue.clone() }),
        (InvitationRow { role: Some(Role::Viewer), ..invitation.clone() }, issue.clone()),
        (invitation.clone(), ShareIssue { account: Some(tom.account.id), ..issue.clone() }),
    ] {
        let wrong = ShareChange { offered: Some((row, issue)), ..change(&anna) };
        refused!(registry.change_shares(&anna.authority(), wrong), RegistryError::NotFound);
    }

    // Sealed anew before it is accepted: what was read before does not fit any more.
    let anew = ShareIssue { serial: 2, wrap: bytes32().into(), ..issue.clone() };
    let again = ShareChange { issues: vec![anew.clone()], ..change(&anna) };
    registry.change_shares(&anna.authority(), again.clone()).await.unwrap();
    refused!(registry.change_shares(&anna.authority(), again), RegistryError::Conflict);
    refused!(registry.join(right), RegistryError::Conflict);
    let now = registry.invitation(invitation.find).await.unwrap().unwrap();
    assert_eq!(now.wrap, anew.wrap);
    registry.join(joining(&now, &tom)).await.unwrap();
    refused!(registry.join(joining(&now, &tom)), RegistryError::LinkUsed);
    assert!(plan(&registry, &anna).await.invitations[0].wrap.is_empty());
    // What is sealed for who was invited is not written over what its holder has.
    let late = ShareIssue { serial: 3, ..anew };
    let late = ShareChange { issues: vec![late], ..change(&anna) };
    refused!(registry.change_shares(&anna.authority(), late), RegistryError::Conflict);
    admit(&registry, &anna, invitation.id).await;
    let held: Vec<ShareRow> = plan(&registry, &anna).await.shares;
    assert_eq!((held.len(), held[0].account, held[0].serial), (1, Some(tom.account.id), 2));
}

/// When it was sealed to an account that was away; by nobody else, and not if it was sealed anew since.
pub async fn a_share_is_settled_once(registry: Registry) {
    let (anna, tom) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let yard = anna.camera(&registry).await;
    let issue = share(&registry, &anna, &tom, &[&yard], |_| {}).await;
    let sealed: Vec<u8> = bytes32().into();
    let settle = |find, sealed| registry.settle_share(find, NOW, issue.share, sealed, vec![3; 80]);
    assert!(!settle(tom.find(), issue.wrap.clone()).await.unwrap(), "it is not away");
    let anew = ShareIssue { wrap: sealed.clone(), ..issue.clone() };
    let mut changes = registry.changes();
    let seal_anew = ShareChange { issues: vec![anew], ..change(&anna) };
    registry.change_shares(&anna.authority(), seal_anew).await.unwrap();
    let told: Vec<_> = announced(&mut changes).iter().map(|change| change.what).collect();
    assert_eq!(told, [crate::ChangeKind::People], "no camera changed");
    assert!(!settle(tom.find(), bytes32().into()).await.unwrap(), "another one by now");
    assert!(!settle(anna.find(), sealed.clone()).await.unwrap(), "somebody else's");
    refused!(settle(bytes32(), sealed.clone()), RegistryError::NotLive);
    assert!(settle(tom.find(), sealed.clone()).await.unwrap());
    assert!(!settle(tom.find(), sealed).await.unwrap());
    let held = registry.session(tom.find(), NOW).await.unwrap().unwrap().shares;
    assert!(matches!(held.as_slice(), [(row, _)] if !row.away && row.wrap == [3; 80]));
}

/// By the home's people, by its holder, and with the account or home.
pub async fn a_share_ends_at_once(registry: Registry) {
    let (anna, tom) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let yard = anna.camera(&registry).await;
    let shown = anna.event(&registry, &yard, 10).await;
    let first = share(&registry, &anna, &tom, &[&yard], |_| {}).await;
    let second = share(&registry, &anna, &tom, &[&yard], |_| {}).await;
    assert_eq!(found(&registry, &tom, shown.id, NOW).await.len(), 2);
    assert_eq!(listed(&registry, &tom, NOW).await, [shown.id], "once, though two shares find it");

    refused!(registry.leave_share(anna.find(), NOW, first.share), RegistryError::NotFound);
    let next = next_roster(&registry, &anna).await;
    let end = ShareChange { roster: Some(next), ended: vec![first.share], ..change(&anna) };
    registry.change_shares(&anna.authority(), end.clone()).await.unwrap();
    refused!(registry.change_shares(&anna.authority(), end), RegistryError::Conflict);
    assert_eq!(found(&registry, &tom, shown.id, NOW).await, [second.share]);
    assert_eq!(plan(&registry, &anna).await.shares.len(), 1);

    registry.leave_share(tom.find(), NOW, second.share).await.unwrap();
    refused!(registry.leave_share(tom.find(), NOW, second.share), RegistryError::NotFound);
    assert_eq!(found(&registry, &tom, shown.id, NOW).await, []);
    let due = plan(&registry, &anna).await.shares;
    assert!(matches!(due.as_slice(), [row] if row.revoked && row.contents.is_empty() && row.wrap.is_empty()));
    let end = ShareChange { ended: vec![second.share], ..change(&anna) };
    registry.change_shares(&anna.authority(), end).await.unwrap();
    assert_eq!(plan(&registry, &anna).await.shares, []);

    // Ended by the home's people who cannot renew its camera now: found as due, with its cameras.
    let lost = share(&registry, &anna, &tom, &[&yard], |_| {}).await;
    let change_of = |home: &Household| ShareChange { lost: vec![lost.share], ..change(home) };
    refused!(registry.change_shares(&tom.authority(), change_of(&tom)), RegistryError::Conflict);
    registry.change_shares(&anna.authority(), change_of(&anna)).await.unwrap();
    assert_eq!(found(&registry, &tom, shown.id, NOW).await, []);
    let due = plan(&registry, &anna).await;
    assert_eq!(due.share_cameras, [(lost.share, yard.id)]);
    let is_due = async || registry.session(anna.find(), NOW).await.unwrap().unwrap().grants[0].1.shares_due;
    assert!(is_due().await);
    let end = ShareChange { ended: vec![lost.share], ..change(&anna) };
    registry.change_shares(&anna.authority(), end).await.unwrap();
    assert!(!is_due().await);
    assert_eq!(plan(&registry, &anna).await.share_cameras, []);

    let third = share(&registry, &anna, &tom, &[&yard], |_| {}).await;
    let eve = Household::settle(&registry).await;
    share(&registry, &anna, &eve, &[&yard], |_| {}).await;
    registry.erase_home(&eve.authority(), eve.home).await.unwrap();
    let own = Authority { grant: None, ..eve.authority() };
    registry.erase_account(&own, eve.account.id, &eve.account.email).await.unwrap();
    let left = plan(&registry, &anna).await.shares;
    assert_eq!(left.iter().filter(|row| row.revoked).count(), 1);
    registry.erase_home(&anna.authority(), anna.home).await.unwrap();
    assert_eq!(found(&registry, &tom, shown.id, NOW).await, []);
    refused!(registry.leave_share(tom.find(), NOW, third.share), RegistryError::NotFound);
}

fn next(camera: &CameraRow) -> (CameraEpochRow, Vec<u8>) {
    let camera_epoch = camera.epoch.camera_epoch.next().unwrap();
    let epoch = CameraEpochRow { camera_epoch, salt: bytes32(), created_at: at(1), ..camera.epoch.clone() };
    (epoch, vec![71; 20])
}

/// A camera that begins an epoch takes all its live shares along, whatever begins it.
pub async fn an_epoch_leaves_no_share_behind(registry: Registry) {
    let (anna, tom) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let (yard, lawn) = (anna.camera(&registry).await, anna.camera(&registry).await);
    let one = share(&registry, &anna, &tom, &[&yard], |_| {}).await;
    let two = share(&registry, &anna, &tom, &[&yard, &lawn], |_| {}).await;
    let renewed = next(&yard);
    let with_new = |issue: &ShareIssue| {
        let mut epochs = issue.epochs.clone();
        epochs.push(SharedEpoch::from(&renewed.0));
        ShareIssue { epochs, ..issue.clone() }
    };
    let renew = |issues| ShareChange { renewed: vec![renewed.clone()], issues, ..change(&anna) };
    let before = plan(&registry, &anna).await;
    for incomplete in [Vec::new(), vec![with_new(&one)], vec![with_new(&two)]] {
        refused!(registry.change_shares(&anna.authority(), renew(incomplete)), RegistryError::Conflict);
        assert_eq!(plan(&registry, &anna).await, before, "nothing is written");
    }
    let left = LeftBehind { renewed: vec![renewed.clone(), next(&lawn)], ..LeftBehind::default() };
    refused!(registry.remove_device(&anna.authority(), anna.device, left), RegistryError::Conflict);
    let authority = anna.authority();
    refused!(registry.erase_camera(&authority, lawn.id, Vec::new(), Vec::new()), RegistryError::Conflict);
    let mut changes = registry.changes();
    registry.change_shares(&anna.authority(), renew(vec![with_new(&one), with_new(&two)])).await.unwrap();
    let told: Vec<_> = announced(&mut changes).iter().map(|change| change.what).collect();
    assert_eq!(told, [crate::ChangeKind::People, crate::ChangeKind::Cameras]);
    let renewed_yard = CameraRow { epoch: renewed.0.clone(), ..yard.clone() };
    let later = event(&renewed_yard, anna.device, at(60));
    registry.insert_event(later.clone()).await.unwrap();
    assert_eq!(found(&registry, &tom, later.id, NOW).await.len(), 2);
    let held = plan(&registry, &anna).await;
    assert!(held.shares.iter().all(|row| row.serial == 2 && row.away));
    assert_eq!(held.shared_epochs.len(), 3, "two of the one camera, and one of the other");

    // A home's epoch names them all, too.
    let epoch = HomeEpoch::FIRST.next().unwrap();
    let next = next_roster(&registry, &anna).await;
    let renewal = HomeRenewal {
        shares: Vec::new(),
        ended_shares: vec![one.share],
        codes: crate::CodeRenewal::default(),
        roster: RosterRow { epoch, ..next },
        text: vec![21; 30],
        keyring: vec![22; 30],
        issues: vec![crate::Issue { grant: anna.grant, role: Role::Owner, wrap: vec![1; 40], away: false }],
        ended: Vec::new(),
        cameras: [&renewed_yard, &lawn]
            .map(|camera| crate::CameraRenewal {
                epoch: CameraEpochRow { home_epoch: epoch, created_at: at(2), ..camera.epoch.clone() },
                text: vec![25; 20],
                address: None,
            })
            .to_vec(),
        devices: vec![crate::DeviceRenewal {
            device: anna.device,
            text: vec![2; 20],
            device_key: vec![3; 60],
        }],
        configurations: vec![super::fixture::configuration(anna.device, 2)],
    };
    refused!(registry.renew_home(&anna.authority(), renewal.clone()), RegistryError::Conflict);
    let epochs = renewal.cameras.iter().map(|camera| SharedEpoch::from(&camera.epoch)).collect();
    let issue = ShareIssue { serial: 3, epochs, ..two.clone() };
    let renewal = HomeRenewal { shares: vec![issue], ..renewal };
    registry.renew_home(&anna.authority(), renewal).await.unwrap();
    assert_eq!(found(&registry, &tom, later.id, NOW).await, [], "of an epoch that is not part of it now");
    let seen = registry.session(tom.find(), NOW).await.unwrap().unwrap().shares;
    assert!(matches!(seen.as_slice(), [(row, _)] if row.id == two.share));
}

/// Within the share, and not while it is looked into.
pub async fn an_event_is_erased_by_who_finds_it(registry: Registry) {
    let (anna, tom) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let (yard, lawn) = (anna.camera(&registry).await, anna.camera(&registry).await);
    let issue = share(&registry, &anna, &tom, &[&yard], |_| {}).await;
    let (shown, hidden) = (anna.event(&registry, &yard, 10).await, anna.event(&registry, &lawn, 20).await);
    let picture = still(&yard, anna.device, at(30));
    registry.insert_event(picture.clone()).await.unwrap();
    let erase = |find, event| registry.erase_shared_event(find, NOW, issue.share, event);
    assert_eq!(erase(tom.find(), hidden.id).await.unwrap(), None);
    assert_eq!(erase(tom.find(), picture.id).await.unwrap(), None, "a still is no event");
    refused!(erase(anna.find(), shown.id), RegistryError::NotLive);
    let erased = erase(tom.find(), shown.id).await.unwrap().unwrap();
    assert_eq!((erased.camera, erased.event), (yard.id, shown.id));
    assert_eq!(erase(tom.find(), shown.id).await.unwrap(), None);
    assert_eq!(found(&registry, &tom, shown.id, NOW).await, []);
}

/// And each offer that nobody accepts goes with its invitation.
pub async fn a_home_has_so_many_shares(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let yard = anna.camera(&registry).await;
    let elsewhere = Household::settle(&registry).await.camera(&registry).await;
    let (invitation, wrong) = offer(&anna, &[&elsewhere]);
    let wrong = ShareChange { offered: Some((invitation, wrong)), ..change(&anna) };
    refused!(registry.change_shares(&anna.authority(), wrong), RegistryError::Conflict);
    for _ in 0..SHARES_MAX {
        let offered = ShareChange { offered: Some(offer(&anna, &[&yard])), ..change(&anna) };
        registry.change_shares(&anna.authority(), offered).await.unwrap();
    }
    let offered = ShareChange { offered: Some(offer(&anna, &[&yard])), ..change(&anna) };
    refused!(
        registry.change_shares(&anna.authority(), offered.clone()),
        RegistryError::TooMany { max: SHARES_MAX }
    );
    registry.purge_sessions(at(100)).await.unwrap();
    assert_eq!(plan(&registry, &anna).await.shares, []);
    registry.change_shares(&anna.authority(), offered).await.unwrap();
}
