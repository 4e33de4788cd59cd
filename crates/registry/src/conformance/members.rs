//! Invitations, rosters, roles and home epochs.

use ownsight_model::{CameraEpoch, GrantId, HomeEpoch, HomeId, Role};

use super::fixture::{
    Household, NOW, at, bytes32, camera, configuration, email, event, grant, invitation, redeem, roster,
    sign_in, waiting,
};
use crate::{
    Authority, CameraRow, CameraUpdate, Comes, DeviceRenewal, GrantRow, HomeRenewal, HomeUpdate,
    InvitationRow, Issue, JoinAs, Joining, MEMBERS_MAX, NewConfiguration, Registry, RegistryError, RosterRow,
};
use crate::{CameraEpochRow, CameraRenewal};

fn second() -> HomeEpoch {
    HomeEpoch::new(2).unwrap()
}

/// An account without a home in common with anybody.
async fn guest(registry: &Registry) -> Household {
    Household::settle(registry).await
}

pub(super) fn joining(invitation: &InvitationRow, guest: &Household) -> Joining {
    let role = invitation.role.unwrap();
    Joining {
        find: invitation.find,
        now: NOW,
        as_: JoinAs::Session(guest.find()),
        comes: Comes::Member(GrantRow {
            id: invitation.id,
            ..grant(guest.account.id, invitation.home, role)
        }),
        note: vec![1; 30],
        tag: bytes32(),
    }
}

pub(super) async fn invited(registry: &Registry, home: &Household, role: Role) -> InvitationRow {
    let row = invitation(home.home, role);
    registry.create_invitation(&home.authority(), row.clone()).await.unwrap();
    row
}

fn granted(joining: &Joining) -> GrantRow {
    match &joining.comes {
        Comes::Member(grant) => grant.clone(),
        Comes::Share { .. } => panic!("a member's"),
    }
}

/// Joins a guest's account and takes it into the roster.
pub(super) async fn joined(registry: &Registry, home: &Household, role: Role) -> (Household, GrantId) {
    let guest = guest(registry).await;
    let row = invited(registry, home, role).await;
    registry.join(joining(&row, &guest)).await.unwrap();
    let next = next_roster(registry, home).await;
    registry.admit(&home.authority(), next, vec![row.id], Vec::new()).await.unwrap();
    (guest, row.id)
}

async fn next_roster(registry: &Registry, home: &Household) -> RosterRow {
    let plan = registry.home_plan(home.find(), NOW, home.home).await.unwrap().unwrap().data.unwrap();
    let now = plan.roster.unwrap();
    roster(home.home, now.epoch, now.serial + 1)
}

async fn grants(registry: &Registry, of: &Household, home: HomeId) -> Vec<GrantRow> {
    let seen = registry.session(of.find(), NOW).await.unwrap().unwrap();
    seen.grants.into_iter().map(|(grant, _)| grant).filter(|grant| grant.home == home).collect()
}

macro_rules! refused {
    ($call:expr, $error:pat) => {
        let error = $call.await.unwrap_err();
        assert!(matches!(error, $error), "{error:?}");
    };
}

/// Its grant is live at once, its secrets go, and it is gone once it is in the roster.
pub async fn an_invitation_is_accepted_once(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let tom = guest(&registry).await;
    let row = invited(&registry, &anna, Role::Adult).await;
    assert_eq!(registry.invitation(row.find).await.unwrap(), Some(row.clone()));
    assert_eq!(registry.invitation(bytes32()).await.unwrap(), None);
    let joining = joining(&row, &tom);
    registry.join(joining.clone()).await.unwrap();
    assert_eq!(grants(&registry, &tom, anna.home).await, [granted(&joining)]);
    refused!(registry.join(joining.clone()), RegistryError::LinkUsed);

    let plan = registry.home_plan(anna.find(), NOW, anna.home).await.unwrap().unwrap();
    assert!(plan.grants[0].1.joins_due);
    let plan = plan.data.unwrap();
    let kept = &plan.invitations[0];
    let join = kept.joined.as_ref().unwrap();
    assert_eq!((join.account, &join.note, join.tag), (tom.account.id, &joining.note, joining.tag));
    assert!(kept.wrap.is_empty() && kept.text.is_empty(), "what it opened to is destroyed");
    assert_eq!(kept.kept, row.kept);
    assert_eq!(plan.grants.len(), 2);
    refused!(registry.withdraw_invitation(&anna.authority(), row.id), RegistryError::NotFound);

    let next = next_roster(&registry, &anna).await;
    registry.admit(&anna.authority(), next.clone(), vec![row.id], Vec::new()).await.unwrap();
    let plan = registry.home_plan(anna.find(), NOW, anna.home).await.unwrap().unwrap();
    assert!(!plan.grants[0].1.joins_due);
    let plan = plan.data.unwrap();
    assert_eq!((plan.roster, plan.invitations.len()), (Some(next), 0));
    assert_eq!(registry.invitation(row.find).await.unwrap(), None);
}

/// By time, by being withdrawn, or because it never was; and only its own home's people withdraw it.
pub async fn an_invitation_that_ended_is_not_accepted(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let tom = guest(&registry).await;
    let row = invited(&registry, &anna, Role::Viewer).await;
    let late = Joining { now: row.expires_at, ..joining(&row, &tom) };
    refused!(registry.join(late), RegistryError::LinkUsed);
    let unknown = Joining { find: bytes32(), ..joining(&row, &tom) };
    refused!(registry.join(unknown), RegistryError::LinkUsed);
    refused!(registry.withdraw_invitation(&tom.authority(), row.id), RegistryError::NotFound);
    registry.withdraw_invitation(&anna.authority(), row.id).await.unwrap();
    refused!(registry.join(joining(&row, &tom)), RegistryError::LinkUsed);
    refused!(registry.withdraw_invitation(&anna.authority(), row.id), RegistryError::NotFound);

    let row = invited(&registry, &anna, Role::Viewer).await;
    assert_eq!(registry.purge_sessions(at(99)).await.unwrap(), 0);
    assert!(registry.purge_sessions(at(100)).await.unwrap() > 0);
    assert_eq!(registry.invitation(row.find).await.unwrap(), None);
}

/// The account of the session, or the one that is made; with the invitation's own home, role and id.
pub async fn who_accepts_is_who_is_named(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let (tom, eve) = (guest(&registry).await, guest(&registry).await);
    let row = invited(&registry, &anna, Role::Viewer).await;
    let right = joining(&row, &tom);
    let with = |change: fn(&mut GrantRow)| {
        let mut grant = granted(&right);
        change(&mut grant);
        Joining { comes: Comes::Member(grant), ..right.clone() }
    };
    let of_eve = Joining { as_: JoinAs::Session(eve.find()), ..right.clone() };
    refused!(registry.join(of_eve), RegistryError::NotFound);
    let of_nobody = Joining { as_: JoinAs::Session(bytes32()), ..right.clone() };
    refused!(registry.join(of_nobody), RegistryError::NotLive);
    refused!(registry.join(with(|grant| grant.role = Role::Owner)), RegistryError::NotFound);
    refused!(registry.join(with(|grant| grant.id = GrantId::generate())), RegistryError::NotFound);
    refused!(registry.join(with(|grant| grant.home = HomeId::generate())), RegistryError::NotFound);
    refused!(registry.join(with(|grant| grant.epoch = second())), RegistryError::Conflict);
    assert!(grants(&registry, &tom, anna.home).await.is_empty());

    // An account that comes to be by it; nothing of a refused one is written.
    let fresh = redeem(&registry, email()).await;
    let new = |email_of: &crate::RedeemAccount| JoinAs::New {
        account: Box::new(email_of.account.clone()),
        password: Box::new(email_of.password.clone()),
        custody: Box::new(email_of.custody.clone()),
    };
    let mut made = right.clone();
    made.as_ = new(&fresh);
    refused!(registry.join(made.clone()), RegistryError::NotFound);
    assert_eq!(registry.account_by_email(&fresh.account.email).await.unwrap(), None);
    made.comes = Comes::Member(GrantRow { account: fresh.account.id, ..granted(&right) });
    registry.join(made.clone()).await.unwrap();
    assert_eq!(registry.account_by_email(&fresh.account.email).await.unwrap(), Some(fresh.account.clone()));
    let session = sign_in(&registry, fresh.account.id).await;
    let seen = registry.session(session.find, NOW).await.unwrap().unwrap();
    assert_eq!(seen.grants.len(), 1);
    assert_eq!(seen.grants[0].0, granted(&made));

    let row = invited(&registry, &anna, Role::Viewer).await;
    let taken = redeem(&registry, tom.account.email.clone()).await;
    let mut again = joining(&row, &tom);
    again.as_ = new(&taken);
    refused!(registry.join(again), RegistryError::EmailTaken);
}

/// One live grant of a home for each account.
pub async fn a_member_is_not_invited_in_twice(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let (tom, _) = joined(&registry, &anna, Role::Viewer).await;
    let row = invited(&registry, &anna, Role::Adult).await;
    refused!(registry.join(joining(&row, &tom)), RegistryError::AlreadyMember);
    refused!(registry.join(joining(&row, &anna)), RegistryError::AlreadyMember);
    registry.leave_home(tom.find(), NOW, anna.home).await.unwrap();
    registry.join(joining(&row, &tom)).await.unwrap();
}

/// Members and invitations together.
pub async fn a_home_has_room_for_so_many(registry: Registry) {
    let anna = Household::settle(&registry).await;
    for _ in 1..MEMBERS_MAX {
        invited(&registry, &anna, Role::Viewer).await;
    }
    let row = invitation(anna.home, Role::Viewer);
    refused!(
        registry.create_invitation(&anna.authority(), row.clone()),
        RegistryError::TooMany { max: MEMBERS_MAX }
    );
    // What expired makes room.
    let later = Authority { now: at(100), ..anna.authority() };
    registry.create_invitation(&later, InvitationRow { expires_at: at(200), ..row }).await.unwrap();
    let elsewhere = invitation(Household::settle(&registry).await.home, Role::Viewer);
    refused!(registry.create_invitation(&anna.authority(), elsewhere), RegistryError::NotFound);
}

/// By its serial number, in its own home and epoch.
pub async fn a_roster_follows_the_one_before(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let (_, grant) = joined(&registry, &anna, Role::Viewer).await;
    let issue = Issue { grant, role: Role::Adult, wrap: vec![9; 40], away: true };
    for serial in [1, 2, 4] {
        let stale = roster(anna.home, HomeEpoch::FIRST, serial);
        refused!(registry.change_role(&anna.authority(), stale, issue.clone()), RegistryError::Conflict);
    }
    let wrong = roster(anna.home, second(), 3);
    refused!(registry.change_role(&anna.authority(), wrong, issue.clone()), RegistryError::Conflict);
    let other = Household::settle(&registry).await;
    let wrong = roster(other.home, HomeEpoch::FIRST, 2);
    refused!(registry.change_role(&anna.authority(), wrong.clone(), issue.clone()), RegistryError::NotFound);
    refused!(registry.change_role(&other.authority(), wrong, issue.clone()), RegistryError::Conflict);
    registry
        .change_role(&anna.authority(), roster(anna.home, HomeEpoch::FIRST, 3), issue.clone())
        .await
        .unwrap();
    let plan = registry.home_plan(anna.find(), NOW, anna.home).await.unwrap().unwrap().data.unwrap();
    let changed = plan.grants.iter().find(|row| row.id == grant).unwrap();
    assert_eq!((changed.role, changed.away, &changed.wrap), (Role::Adult, true, &issue.wrap));
}

/// The grant was made by who accepted, and the home does not know by whom.
pub async fn a_note_that_does_not_verify_ends_its_grant(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let tom = guest(&registry).await;
    let row = invited(&registry, &anna, Role::Adult).await;
    registry.join(joining(&row, &tom)).await.unwrap();
    let next = next_roster(&registry, &anna).await;
    registry.admit(&anna.authority(), next, Vec::new(), vec![row.id]).await.unwrap();
    assert!(grants(&registry, &tom, anna.home).await.is_empty());
    let seen = registry.session(anna.find(), NOW).await.unwrap().unwrap();
    assert!(seen.grants[0].1.epoch_due && !seen.grants[0].1.joins_due);
    let next = next_roster(&registry, &anna).await;
    refused!(registry.admit(&anna.authority(), next, vec![row.id], Vec::new()), RegistryError::Conflict);
}

/// Whatever it tries: leaving, another role, an epoch without it.
pub async fn the_last_owner_stays(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let (tom, grant) = joined(&registry, &anna, Role::Adult).await;
    refused!(registry.leave_home(anna.find(), NOW, anna.home), RegistryError::LastOwner);
    let give_up = Issue { grant: anna.grant, role: Role::Adult, wrap: vec![1; 40], away: false };
    let next = next_roster(&registry, &anna).await;
    refused!(registry.change_role(&anna.authority(), next, give_up.clone()), RegistryError::LastOwner);
    assert_eq!(grants(&registry, &anna, anna.home).await[0].role, Role::Owner);

    let hand_over = Issue { grant, role: Role::Owner, wrap: vec![2; 40], away: true };
    let next = next_roster(&registry, &anna).await;
    registry.change_role(&anna.authority(), next, hand_over).await.unwrap();
    let next = next_roster(&registry, &anna).await;
    registry.change_role(&anna.authority(), next, give_up).await.unwrap();
    registry.leave_home(anna.find(), NOW, anna.home).await.unwrap();
    refused!(registry.leave_home(tom.find(), NOW, anna.home), RegistryError::LastOwner);
}

/// At once, also to what its session would write.
pub async fn who_leaves_is_out_and_an_epoch_is_due(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let (tom, grant) = joined(&registry, &anna, Role::Adult).await;
    let authority = Authority { find: tom.find(), now: NOW, grant: Some((grant, HomeEpoch::FIRST)) };
    let row = camera(anna.home, Some(anna.device));
    registry.create_camera(&authority, row, Vec::new()).await.unwrap();
    let other = guest(&registry).await;
    refused!(registry.leave_home(other.find(), NOW, anna.home), RegistryError::NotFound);
    registry.leave_home(tom.find(), NOW, anna.home).await.unwrap();
    assert!(grants(&registry, &tom, anna.home).await.is_empty());
    refused!(registry.create_camera(&authority, camera(anna.home, None), Vec::new()), RegistryError::NotLive);
    refused!(registry.leave_home(tom.find(), NOW, anna.home), RegistryError::NotFound);
    assert!(registry.session(anna.find(), NOW).await.unwrap().unwrap().grants[0].1.epoch_due);
    // His own home is his.
    assert_eq!(grants(&registry, &tom, tom.home).await.len(), 1);
}

/// By its own account, while it is the one that was opened.
pub async fn a_grant_is_settled_once(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let (tom, grant) = joined(&registry, &anna, Role::Viewer).await;
    let sealed = vec![9; 90];
    let issue = Issue { grant, role: Role::Adult, wrap: sealed.clone(), away: true };
    let next = next_roster(&registry, &anna).await;
    registry.change_role(&anna.authority(), next, issue).await.unwrap();
    let settle = |find, sealed| registry.settle_grant(find, NOW, grant, sealed, vec![3; 80]);
    assert!(!settle(tom.find(), vec![8; 90]).await.unwrap(), "another one by now");
    assert!(!settle(anna.find(), sealed.clone()).await.unwrap(), "somebody else's");
    refused!(settle(bytes32(), sealed.clone()), RegistryError::NotLive);
    assert!(settle(tom.find(), sealed.clone()).await.unwrap());
    assert!(!settle(tom.find(), sealed).await.unwrap());
    let own = grants(&registry, &tom, anna.home).await;
    assert_eq!((own[0].away, own[0].wrap.as_slice()), (false, [3; 80].as_slice()));
}

/// And from nobody else.
pub async fn an_older_home_gets_its_roster_from_its_only_owner(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let first = roster(anna.home, HomeEpoch::FIRST, 1);
    refused!(registry.found_roster(&anna.authority(), first, vec![1]), RegistryError::Conflict);
}

/// A home with two members, two cameras, two devices and an invitation, and the renewal that removes one member.
pub(super) async fn renewable(
    registry: &Registry,
) -> (Household, Household, HomeRenewal, [CameraRow; 2], InvitationRow) {
    let anna = Household::settle(registry).await;
    let (_, stays) = joined(registry, &anna, Role::Viewer).await;
    let (tom, goes) = joined(registry, &anna, Role::Adult).await;
    let open = invited(registry, &anna, Role::Viewer).await;
    let cameras = [anna.camera(registry).await, anna.camera(registry).await];
    let (waiting, pairing) = waiting(anna.home);
    registry.create_pairing(&anna.authority(), waiting.clone(), pairing).await.unwrap();
    let next = next_roster(registry, &anna).await;
    let plan = registry.home_plan(anna.find(), NOW, anna.home).await.unwrap().unwrap().data.unwrap();
    let serial =
        plan.devices.iter().find(|detail| detail.device.id == anna.device).unwrap().device.latest_serial;
    let renewal = HomeRenewal {
        shares: Vec::new(),
        ended_shares: Vec::new(),
        codes: crate::CodeRenewal::default(),
        roster: RosterRow { epoch: second(), ..next },
        text: vec![21; 30],
        keyring: vec![22; 30],
        issues: vec![
            Issue { grant: anna.grant, role: Role::Owner, wrap: vec![23; 40], away: false },
            Issue { grant: stays, role: Role::Viewer, wrap: vec![24; 40], away: true },
        ],
        ended: vec![goes],
        cameras: cameras
            .iter()
            .map(|camera| CameraRenewal {
                epoch: CameraEpochRow { home_epoch: second(), created_at: at(1), ..camera.epoch.clone() },
                text: vec![25; 20],
                address: Some(vec![26; 20]),
            })
            .collect(),
        devices: vec![DeviceRenewal { device: anna.device, text: vec![27; 20], device_key: vec![28; 60] }],
        configurations: vec![NewConfiguration {
            key_epoch: second(),
            ..configuration(anna.device, serial + 1)
        }],
    };
    (anna, tom, renewal, cameras, open)
}

/// All is under the new keys, who was removed is out, and events stay as they were.
pub async fn an_epoch_renews_everything_and_no_event(registry: Registry) {
    let (anna, tom, renewal, cameras, open) = renewable(&registry).await;
    let kept = anna.event(&registry, &cameras[0], 10).await;
    registry.renew_home(&anna.authority(), renewal.clone()).await.unwrap();
    assert!(grants(&registry, &tom, anna.home).await.is_empty());

    let seen = registry.home_plan(anna.find(), NOW, anna.home).await.unwrap().unwrap();
    let home = &seen.grants[0].1;
    assert_eq!((home.epoch, &home.text, &home.keyring), (second(), &renewal.text, &renewal.keyring));
    let plan = seen.data.unwrap();
    assert_eq!(plan.roster, Some(renewal.roster.clone()));
    for (grant, issue) in plan.grants.iter().zip(&renewal.issues) {
        assert_eq!((grant.id, grant.role, grant.epoch), (issue.grant, issue.role, second()));
        assert_eq!((&grant.wrap, grant.away), (&issue.wrap, issue.away));
    }
    assert_eq!(plan.grants.len(), 2);
    for (camera, before) in plan.cameras.iter().zip(&cameras) {
        assert_eq!(
            camera.epoch,
            CameraEpochRow { home_epoch: second(), created_at: at(1), ..before.epoch.clone() }
        );
        assert_eq!((&camera.text, &camera.address), (&vec![25; 20], &Some(vec![26; 20])));
    }
    for detail in &plan.devices {
        assert_eq!((detail.device.text_epoch, detail.device.key_epoch), (second(), second()));
        assert_eq!(detail.device.text, vec![27; 20]);
    }
    assert!(plan.invitations.is_empty(), "what was made under the former keys ends");
    assert_eq!(registry.next_configuration(anna.device, 1).await.unwrap().unwrap().0, 2);

    // The event opens by its own epoch, which is still there; a device may deliver under either.
    let authority = Authority { grant: Some((anna.grant, second())), ..anna.authority() };
    let seen = registry.camera(anna.find(), NOW, cameras[0].id).await.unwrap().unwrap().data.unwrap();
    assert_eq!(seen.epochs, [cameras[0].epoch.clone(), seen.camera.epoch.clone()]);
    let detail = registry.event(anna.find(), NOW, kept.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!((&detail.event, &detail.epoch), (&kept, &cameras[0].epoch));
    let late = event(&cameras[0], anna.device, at(20));
    registry.insert_event(late.clone()).await.unwrap();
    let mut fresh = event(&cameras[0], anna.device, at(30));
    fresh.home_epoch = second();
    registry.insert_event(fresh).await.unwrap();
    refused!(registry.join(joining(&open, &tom)), RegistryError::LinkUsed);
    // To erase a camera destroys its salts of all epochs.
    registry.erase_camera(&authority, cameras[0].id, Vec::new(), Vec::new()).await.unwrap();
    let erased = registry.camera_for_device(anna.device, cameras[0].id).await.unwrap().unwrap();
    assert_eq!(erased.epochs.len(), 2);
    assert!(erased.epochs.iter().all(|epoch| epoch.salt == [0; 32]));
}

type Change = Box<dyn Fn(&mut HomeRenewal)>;

/// Nor one that names what is not the home's, or comes out of turn. Nothing of it is written.
pub async fn an_epoch_that_leaves_something_out_is_not_begun(registry: Registry) {
    let (anna, tom, renewal, cameras, _) = renewable(&registry).await;
    let other = Household::settle(&registry).await;
    let before = registry.home_plan(anna.find(), NOW, anna.home).await.unwrap();
    let strange = |id| Issue { grant: id, role: Role::Viewer, wrap: vec![1; 40], away: true };
    let changes: Vec<(&str, Change)> = vec![
        ("a member left out", Box::new(|it| drop(it.issues.pop()))),
        ("a removed one left out", Box::new(|it| it.ended.clear())),
        ("a member twice", Box::new(|it| it.issues.push(it.issues[1].clone()))),
        ("another home's grant", Box::new(move |it| it.issues.push(strange(other.grant)))),
        ("a camera left out", Box::new(|it| drop(it.cameras.pop()))),
        ("a camera with another salt", Box::new(|it| it.cameras[0].epoch.salt = [1; 32])),
        ("a device left out", Box::new(|it| drop(it.devices.pop()))),
        ("a configuration left out", Box::new(|it| it.configurations.clear())),
        ("a configuration out of turn", Box::new(|it| it.configurations[0].serial += 1)),
        ("an epoch too far", Box::new(|it| it.roster.epoch = HomeEpoch::new(3).unwrap())),
        ("a stale roster", Box::new(|it| it.roster.serial -= 1)),
    ];
    for (what, change) in changes {
        let mut wrong = renewal.clone();
        change(&mut wrong);
        let error = registry.renew_home(&anna.authority(), wrong).await.unwrap_err();
        assert!(matches!(error, RegistryError::Conflict), "{what}: {error:?}");
        assert_eq!(registry.home_plan(anna.find(), NOW, anna.home).await.unwrap(), before, "{what}");
    }
    for foreign in [
        CameraEpochRow { home: tom.home, ..renewal.cameras[0].epoch.clone() },
        CameraEpochRow { home_epoch: HomeEpoch::FIRST, ..renewal.cameras[0].epoch.clone() },
    ] {
        let mut wrong = renewal.clone();
        wrong.cameras[0].epoch = foreign;
        refused!(registry.renew_home(&anna.authority(), wrong), RegistryError::NotFound);
        assert_eq!(registry.home_plan(anna.find(), NOW, anna.home).await.unwrap(), before);
    }
    let mut nobody = renewal.clone();
    nobody.issues[0].role = Role::Adult;
    refused!(registry.renew_home(&anna.authority(), nobody), RegistryError::LastOwner);
    // Somebody accepts in between.
    let row = invited(&registry, &anna, Role::Viewer).await;
    let eve = guest(&registry).await;
    registry.join(joining(&row, &eve)).await.unwrap();
    refused!(registry.renew_home(&anna.authority(), renewal), RegistryError::Conflict);
    assert_eq!(grants(&registry, &tom, anna.home).await.len(), 1);
    assert_eq!(cameras.len(), 2);
}

/// What a request sealed before another one began an epoch would open for nobody.
pub async fn what_was_sealed_under_a_former_epoch_is_not_written(registry: Registry) {
    let (anna, _, renewal, cameras, _) = renewable(&registry).await;
    registry.renew_home(&anna.authority(), renewal).await.unwrap();
    let stale = anna.authority();
    let update = CameraUpdate {
        camera: cameras[0].id,
        text: Some((CameraEpoch::FIRST, vec![1; 20])),
        address: None,
        device: None,
    };
    refused!(registry.update_camera(&stale, update.clone(), Vec::new()), RegistryError::Conflict);
    refused!(registry.create_camera(&stale, camera(anna.home, None), Vec::new()), RegistryError::Conflict);
    let rename =
        HomeUpdate { home: anna.home, text: Some(vec![1; 20]), retention_days: None, retention_bytes: None };
    refused!(registry.update_home(&stale, rename), RegistryError::Conflict);
    refused!(
        registry.create_invitation(&stale, invitation(anna.home, Role::Viewer)),
        RegistryError::Conflict
    );
    let now = Authority { grant: Some((anna.grant, second())), ..stale };
    registry.update_camera(&now, update, Vec::new()).await.unwrap();
}

/// Its keys are destroyed, its people and devices are out, and retention forgets its events.
pub async fn an_erased_home_is_nobodys(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let (tom, tom_grant) = joined(&registry, &anna, Role::Adult).await;
    let row = anna.camera(&registry).await;
    anna.event(&registry, &row, 10).await;
    invited(&registry, &anna, Role::Viewer).await;
    let by_tom = Authority { find: tom.find(), now: NOW, grant: Some((tom_grant, HomeEpoch::FIRST)) };
    refused!(registry.erase_home(&by_tom, anna.home), RegistryError::NotLive);
    refused!(registry.erase_home(&anna.authority(), tom.home), RegistryError::NotFound);
    assert_eq!(grants(&registry, &tom, anna.home).await.len(), 1);

    registry.erase_home(&anna.authority(), anna.home).await.unwrap();
    for person in [&anna, &tom] {
        assert!(grants(&registry, person, anna.home).await.is_empty());
        assert!(registry.home(person.find(), NOW, anna.home).await.unwrap().unwrap().data.is_none());
    }
    assert_eq!(grants(&registry, &tom, tom.home).await.len(), 1, "and no other home");
    let camera = registry.camera_for_device(anna.device, row.id).await.unwrap().unwrap();
    assert_eq!(camera.row.standing, crate::CameraStanding::Erased);
    assert!(camera.epochs.iter().all(|epoch| epoch.salt == [0; 32]));
    let device = registry.device_by_credential(anna.device, anna.credential_hash).await.unwrap().unwrap();
    assert_eq!(device.standing, crate::DeviceStanding::Removed);
    let kept = registry.homes().await.unwrap().into_iter().find(|(home, _)| home.id == anna.home).unwrap().0;
    assert_eq!((kept.text.len(), kept.keyring.len(), kept.retention_days), (0, 0, 0));
    let late = registry.insert_event(event(&row, anna.device, at(20))).await.unwrap();
    assert_eq!(late, crate::InsertOutcome::Gone);
    assert_eq!(registry.expired_events(anna.home, at(1_000), 10).await.unwrap().len(), 1);
    refused!(registry.erase_home(&anna.authority(), anna.home), RegistryError::NotLive);
}

/// While another owner is there for each; the address can be anybody's again.
pub async fn an_erased_account_leaves_its_homes_and_its_address(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let (tom, tom_grant) = joined(&registry, &anna, Role::Adult).await;
    let own = |of: &Household| Authority { find: of.find(), now: NOW, grant: None };
    let erase = async |of: &Household, email| registry.erase_account(&own(of), of.account.id, email).await;
    refused!(erase(&tom, &tom.account.email), RegistryError::LastOwner);
    refused!(erase(&tom, &anna.account.email), RegistryError::NotFound);
    refused!(
        registry.erase_account(&own(&tom), anna.account.id, &anna.account.email),
        RegistryError::NotFound
    );
    assert_eq!(grants(&registry, &tom, anna.home).await.len(), 1, "nothing of it was done");
    registry.erase_home(&tom.authority(), tom.home).await.unwrap();
    erase(&tom, &tom.account.email).await.unwrap();
    assert_eq!(registry.session(tom.find(), NOW).await.unwrap(), None);
    assert_eq!(registry.password(&tom.account.email).await.unwrap(), None);
    assert_eq!(registry.custody(&tom.account.email).await.unwrap(), None);
    assert_eq!(registry.account_by_email(&tom.account.email).await.unwrap(), None);
    let plan = registry.home_plan(anna.find(), NOW, anna.home).await.unwrap().unwrap();
    assert!(plan.grants[0].1.epoch_due);
    assert!(plan.data.unwrap().grants.iter().all(|grant| grant.id != tom_grant));
    let again = redeem(&registry, tom.account.email.clone()).await;
    registry.redeem_account(again).await.unwrap();
}
