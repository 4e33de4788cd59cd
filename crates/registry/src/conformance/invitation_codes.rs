//! Invitations by code, who asks to join by one, and who confirms.

use ownsight_model::{AccountId, GrantId, HomeEpoch, HomeId, Role};

use super::fixture::{
    Household, NOW, at, bytes32, configuration, email, grant, invitation, password, redeem, roster,
};
use crate::{
    AskToJoin, Authority, CodeRenewal, DeviceRenewal, GrantRow, HomePlan, HomeRenewal, InvitationCodeRow,
    Issue, JoinAs, MEMBERS_MAX, NewConfiguration, Registry, RegistryError, RosterRow,
};

macro_rules! refused {
    ($call:expr, $error:pat) => {
        let error = $call.await.unwrap_err();
        assert!(matches!(error, $error), "{error:?}");
    };
}

fn code(home: HomeId) -> InvitationCodeRow {
    InvitationCodeRow {
        id: GrantId::generate(),
        find: bytes32(),
        home,
        epoch: HomeEpoch::FIRST,
        created_at: NOW,
        expires_at: at(100),
        text: vec![3; 40],
        kept: vec![5; 40],
        joined: None,
        member_key: Vec::new(),
        confirmed_at: None,
    }
}

async fn shown(registry: &Registry, home: &Household) -> InvitationCodeRow {
    let row = code(home.home);
    registry.create_invitation_code(&home.authority(), row.clone()).await.unwrap();
    row
}

fn asking(code: &InvitationCodeRow, guest: &Household) -> AskToJoin {
    AskToJoin {
        find: code.find,
        now: NOW,
        until: at(1000),
        as_: JoinAs::Session(guest.find()),
        grant: code.id,
        home: code.home,
        account: guest.account.id,
        note: vec![1; 30],
        tag: bytes32(),
        member_key: vec![9; 80],
    }
}

fn granted(code: &InvitationCodeRow, account: AccountId) -> GrantRow {
    GrantRow { id: code.id, away: true, ..grant(account, code.home, Role::Viewer) }
}

async fn confirm(
    registry: &Registry,
    authority: Authority,
    roster: RosterRow,
    grant: GrantRow,
    tag: [u8; 32],
) -> Result<(), RegistryError> {
    registry.confirm_invitation_code(&authority, roster, grant, tag).await
}

async fn plan(registry: &Registry, home: &Household) -> HomePlan {
    registry.home_plan(home.find(), NOW, home.home).await.unwrap().unwrap().data.unwrap()
}

async fn next_roster(registry: &Registry, home: &Household) -> RosterRow {
    let now = plan(registry, home).await.roster.unwrap();
    roster(home.home, now.epoch, now.serial + 1)
}

async fn grants(registry: &Registry, of: &Household, home: HomeId) -> Vec<GrantRow> {
    let seen = registry.session(of.find(), NOW).await.unwrap().unwrap();
    seen.grants.into_iter().map(|(grant, _)| grant).filter(|grant| grant.home == home).collect()
}

/// The first who asks is the only one; the grant comes with being confirmed, and not before.
pub async fn a_code_leaves_a_note_until_it_is_confirmed(registry: Registry) {
    let [anna, mia, tom] = [
        Household::settle(&registry).await,
        Household::settle(&registry).await,
        Household::settle(&registry).await,
    ];
    let row = shown(&registry, &anna).await;
    assert_eq!(registry.invitation_code(row.find).await.unwrap(), Some(row.clone()));
    assert_eq!(registry.invitation_code(bytes32()).await.unwrap(), None);
    assert_eq!(plan(&registry, &anna).await.codes, std::slice::from_ref(&row));
    let ask = asking(&row, &mia);
    registry.ask_to_join(ask.clone()).await.unwrap();
    refused!(registry.ask_to_join(ask.clone()), RegistryError::LinkUsed);
    refused!(registry.ask_to_join(asking(&row, &tom)), RegistryError::LinkUsed);
    assert!(grants(&registry, &mia, anna.home).await.is_empty(), "nobody has confirmed");
    let waits = plan(&registry, &anna).await.codes.remove(0);
    let join = waits.joined.clone().unwrap();
    assert_eq!((join.account, &join.note, join.tag), (mia.account.id, &ask.note, ask.tag));
    assert_eq!((&waits.kept, &waits.member_key, waits.expires_at), (&row.kept, &ask.member_key, at(1000)));

    let next = next_roster(&registry, &anna).await;
    let grant = granted(&row, mia.account.id);
    confirm(&registry, anna.authority(), next.clone(), grant.clone(), ask.tag).await.unwrap();
    assert_eq!(grants(&registry, &mia, anna.home).await, std::slice::from_ref(&grant));
    let now = plan(&registry, &anna).await;
    assert_eq!((now.roster, now.codes.len()), (Some(next), 0));
    let kept = registry.invitation_code(row.find).await.unwrap().unwrap();
    assert_eq!((kept.confirmed_at, kept.kept.len(), kept.member_key.len()), (Some(NOW), 0, 0));
    let next = next_roster(&registry, &anna).await;
    let again = confirm(&registry, anna.authority(), next, grant, ask.tag);
    refused!(again, RegistryError::Conflict);
    refused!(registry.refuse_invitation_code(&anna.authority(), row.id), RegistryError::NotFound);
    let row = shown(&registry, &anna).await;
    refused!(registry.ask_to_join(asking(&row, &mia)), RegistryError::AlreadyMember);
}

/// By time, before and after somebody asked, by being withdrawn, or because it never was.
pub async fn a_code_that_ended_takes_nobody(registry: Registry) {
    let (anna, mia) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let row = shown(&registry, &anna).await;
    let late = AskToJoin { now: at(100), ..asking(&row, &mia) };
    refused!(registry.ask_to_join(late), RegistryError::LinkUsed);
    let unknown = AskToJoin { find: bytes32(), ..asking(&row, &mia) };
    refused!(registry.ask_to_join(unknown), RegistryError::LinkUsed);
    refused!(registry.refuse_invitation_code(&mia.authority(), row.id), RegistryError::NotFound);
    registry.refuse_invitation_code(&anna.authority(), row.id).await.unwrap();
    refused!(registry.ask_to_join(asking(&row, &mia)), RegistryError::LinkUsed);
    assert_eq!(registry.invitation_code(row.find).await.unwrap(), None);

    let row = shown(&registry, &anna).await;
    let ask = asking(&row, &mia);
    registry.ask_to_join(ask.clone()).await.unwrap();
    let next = next_roster(&registry, &anna).await;
    let late = Authority { now: at(1000), ..anna.authority() };
    let grant = granted(&row, mia.account.id);
    let confirmed = confirm(&registry, late, next, grant, ask.tag);
    refused!(confirmed, RegistryError::Conflict);
    registry.purge_sessions(at(999)).await.unwrap();
    assert!(registry.invitation_code(row.find).await.unwrap().is_some());
    registry.purge_sessions(at(1000)).await.unwrap();
    assert_eq!(registry.invitation_code(row.find).await.unwrap(), None);

    for _ in 1..MEMBERS_MAX {
        shown(&registry, &anna).await;
    }
    let owner = anna.authority();
    let more = registry.create_invitation_code(&owner, code(anna.home));
    refused!(more, RegistryError::TooMany { max: MEMBERS_MAX });
    let more = registry.create_invitation(&owner, invitation(anna.home, Role::Viewer));
    refused!(more, RegistryError::TooMany { max: MEMBERS_MAX });
    refused!(registry.create_invitation_code(&mia.authority(), code(anna.home)), RegistryError::NotFound);
    let next = InvitationCodeRow { epoch: HomeEpoch::new(2).unwrap(), ..code(mia.home) };
    refused!(registry.create_invitation_code(&mia.authority(), next), RegistryError::Conflict);
}

/// The account of the session, or the one that is made with it, and of what was found.
pub async fn who_asks_is_who_is_named(registry: Registry) {
    let [anna, mia, tom] = [
        Household::settle(&registry).await,
        Household::settle(&registry).await,
        Household::settle(&registry).await,
    ];
    let row = shown(&registry, &anna).await;
    let ask = asking(&row, &mia);
    let wrong = [
        AskToJoin { account: tom.account.id, ..ask.clone() },
        AskToJoin { home: tom.home, ..ask.clone() },
        AskToJoin { grant: GrantId::generate(), ..ask.clone() },
    ];
    for wrong in wrong {
        refused!(registry.ask_to_join(wrong), RegistryError::NotFound);
    }
    let nobody = AskToJoin { as_: JoinAs::Session(bytes32()), ..ask.clone() };
    refused!(registry.ask_to_join(nobody), RegistryError::NotLive);
    let anew = redeem(&registry, email()).await;
    let new = |email: &ownsight_model::Email| JoinAs::New {
        account: Box::new(crate::AccountRow { email: email.clone(), ..anew.account.clone() }),
        password: Box::new(password(email)),
        custody: Box::new(crate::CustodyRow { email: email.clone(), ..anew.custody.clone() }),
    };
    let taken = AskToJoin { as_: new(&tom.account.email), account: anew.account.id, ..ask.clone() };
    refused!(registry.ask_to_join(taken), RegistryError::EmailTaken);
    let made = AskToJoin { as_: new(&anew.account.email), account: anew.account.id, ..ask };
    registry.ask_to_join(made).await.unwrap();
    assert!(registry.account_by_email(&anew.account.email).await.unwrap().is_some());
}

/// Another note, account, key or home than what was verified is not confirmed.
pub async fn only_what_was_seen_is_confirmed(registry: Registry) {
    let [anna, mia, tom] = [
        Household::settle(&registry).await,
        Household::settle(&registry).await,
        Household::settle(&registry).await,
    ];
    let row = shown(&registry, &anna).await;
    let next = next_roster(&registry, &anna).await;
    let grant = granted(&row, mia.account.id);
    let early = confirm(&registry, anna.authority(), next.clone(), grant.clone(), bytes32());
    refused!(early, RegistryError::Conflict);
    let ask = asking(&row, &mia);
    registry.ask_to_join(ask.clone()).await.unwrap();
    let wrong = [
        (grant.clone(), bytes32()),
        (GrantRow { account: tom.account.id, ..grant.clone() }, ask.tag),
        (GrantRow { id: GrantId::generate(), ..grant.clone() }, ask.tag),
        (GrantRow { member_key: vec![8; 80], ..grant.clone() }, ask.tag),
    ];
    for (grant, tag) in wrong {
        let confirmed = confirm(&registry, anna.authority(), next.clone(), grant, tag);
        refused!(confirmed, RegistryError::Conflict);
    }
    let elsewhere = GrantRow { home: tom.home, ..grant.clone() };
    let confirmed = confirm(&registry, anna.authority(), next.clone(), elsewhere, ask.tag);
    refused!(confirmed, RegistryError::NotFound);
    let stranger = confirm(&registry, tom.authority(), next.clone(), grant.clone(), ask.tag);
    refused!(stranger, RegistryError::NotFound);
    assert!(grants(&registry, &mia, anna.home).await.is_empty());
    confirm(&registry, anna.authority(), next, grant, ask.tag).await.unwrap();
}

/// What the home keeps of them comes along under the new keys; codes that nobody used end.
pub async fn an_epoch_takes_along_who_waits(registry: Registry) {
    let (anna, mia) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let (unused, row) = (shown(&registry, &anna).await, shown(&registry, &anna).await);
    let ask = asking(&row, &mia);
    registry.ask_to_join(ask.clone()).await.unwrap();
    let second = HomeEpoch::new(2).unwrap();
    let next = RosterRow { epoch: second, ..next_roster(&registry, &anna).await };
    let serial = plan(&registry, &anna).await.devices[0].device.latest_serial;
    let renewal = HomeRenewal {
        shares: Vec::new(),
        ended_shares: Vec::new(),
        codes: CodeRenewal::default(),
        roster: next,
        text: vec![21; 30],
        keyring: vec![22; 30],
        issues: vec![Issue { grant: anna.grant, role: Role::Owner, wrap: vec![23; 40], away: false }],
        ended: Vec::new(),
        cameras: Vec::new(),
        devices: vec![DeviceRenewal { device: anna.device, text: vec![27; 20], device_key: vec![28; 60] }],
        configurations: vec![NewConfiguration {
            key_epoch: second,
            ..configuration(anna.device, serial + 1)
        }],
    };
    refused!(registry.renew_home(&anna.authority(), renewal.clone()), RegistryError::Conflict);
    let strange = CodeRenewal { kept: vec![(row.id, vec![6; 40]), (unused.id, vec![6; 40])], ended: vec![] };
    let wrong = HomeRenewal { codes: strange, ..renewal.clone() };
    refused!(registry.renew_home(&anna.authority(), wrong), RegistryError::Conflict);
    let codes = CodeRenewal { kept: vec![(row.id, vec![6; 40])], ended: Vec::new() };
    registry.renew_home(&anna.authority(), HomeRenewal { codes, ..renewal }).await.unwrap();
    assert_eq!(registry.invitation_code(unused.find).await.unwrap(), None);
    let waits = registry.invitation_code(row.find).await.unwrap().unwrap();
    assert_eq!((waits.kept, waits.epoch, waits.joined.unwrap().tag), (vec![6; 40], second, ask.tag));

    let now = Authority { grant: Some((anna.grant, second)), ..anna.authority() };
    let next = next_roster(&registry, &anna).await;
    let old = granted(&row, mia.account.id);
    let confirmed = confirm(&registry, now, next.clone(), old.clone(), ask.tag);
    refused!(confirmed, RegistryError::NotFound);
    let grant = GrantRow { epoch: second, ..old };
    confirm(&registry, now, next, grant.clone(), ask.tag).await.unwrap();
    assert_eq!(grants(&registry, &mia, anna.home).await, [grant]);
}

/// Nothing waits for who is gone.
pub async fn a_code_goes_with_its_home_and_with_who_asked(registry: Registry) {
    let [anna, mia] = [Household::settle(&registry).await, Household::settle(&registry).await];
    let (one, two) = (shown(&registry, &anna).await, shown(&registry, &anna).await);
    registry.ask_to_join(asking(&one, &mia)).await.unwrap();
    let own = Authority { grant: None, ..mia.authority() };
    registry.erase_home(&mia.authority(), mia.home).await.unwrap();
    registry.erase_account(&own, mia.account.id, &mia.account.email).await.unwrap();
    assert_eq!(registry.invitation_code(one.find).await.unwrap(), None);
    registry.erase_home(&anna.authority(), anna.home).await.unwrap();
    assert_eq!(registry.invitation_code(two.find).await.unwrap(), None);
}
