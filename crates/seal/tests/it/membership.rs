//! Grants at their three places, invitations, rosters and keyrings: each with every input exchanged.

use ownsight_model::{AccountId, Email, GrantId, HomeEpoch, InstallationId, Role};
use ownsight_seal::{
    AccountKey, AccountScope, ControlKey, GrantScope, Granted, HomeScope, InvitationSecret, MemberKey,
    OpenError, Purpose, ShareKey,
};

use crate::support::{Home, two_homes};

const FIRST: HomeEpoch = HomeEpoch::FIRST;

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn account(installation: InstallationId) -> (AccountScope, AccountKey) {
    (AccountScope { installation, account: AccountId::generate() }, AccountKey::generate())
}

fn scope_of(account: AccountScope) -> GrantScope {
    GrantScope { account, grant: GrantId::generate() }
}

#[test]
fn a_share_that_came_while_away_opens_for_its_account_by_its_member_key_only() {
    let (home, other_home) = two_homes();
    let installation = home.scope().installation;
    let ((account, key), (their_account, their_key)) = (account(installation), account(installation));
    let scope = scope_of(account);
    let (anna, ben) = (email("anna@example.org"), email("ben@example.org"));
    let (member_key, other_key) = (MemberKey::generate(), MemberKey::generate());
    let (ours, theirs) = (home.scope().home, other_home.scope().home);
    let share = ShareKey::generate();
    let sealed = member_key.seal_share(scope, &key.public_key(account), &anna, ours, &share);
    let (opened_scope, opened) = key.open_share_away(scope, (ours, &member_key), &anna, &sealed).unwrap();
    assert_eq!((opened_scope.home, opened_scope.installation), (ours, installation));
    // The same key: what one seals the other opens.
    let contents = share.seal_contents(opened_scope, 1, &[], b"a text");
    assert_eq!(opened.open_contents(opened_scope, 1, &contents).unwrap().text.as_slice(), b"a text");

    let of = |account| GrantScope { account, ..scope };
    let other_grant = GrantScope { grant: GrantId::generate(), ..scope };
    for (what, opened) in [
        ("another account's key", their_key.open_share_away(scope, (ours, &member_key), &anna, &sealed)),
        ("another account", key.open_share_away(of(their_account), (ours, &member_key), &anna, &sealed)),
        ("another share", key.open_share_away(other_grant, (ours, &member_key), &anna, &sealed)),
        ("another home", key.open_share_away(scope, (theirs, &member_key), &anna, &sealed)),
        ("another member key", key.open_share_away(scope, (ours, &other_key), &anna, &sealed)),
        ("another address", key.open_share_away(scope, (ours, &member_key), &ben, &sealed)),
        ("nothing", key.open_share_away(scope, (ours, &member_key), &anna, &[])),
    ] {
        assert!(opened.is_err(), "{what}");
    }
}

fn key_of(granted: &Granted) -> Vec<u8> {
    // What only the same key opens.
    let text = granted.home_key().seal_text(b"x");
    granted.home_key().open_text(&text).unwrap().to_vec()
}

#[test]
fn a_grant_opens_for_its_own_account_role_and_epoch_only() {
    let (home, other_home) = two_homes();
    let installation = home.scope().installation;
    let ((account, key), (their_account, their_key)) = (account(installation), account(installation));
    let scope = scope_of(account);
    let second = FIRST.next().unwrap();
    for (role, purpose, others) in [
        (
            Role::Adult,
            Purpose::GrantControl,
            [(Role::Owner, Purpose::GrantControl), (Role::Viewer, Purpose::GrantHome)],
        ),
        (
            Role::Viewer,
            Purpose::GrantHome,
            [(Role::Owner, Purpose::GrantControl), (Role::Adult, Purpose::GrantControl)],
        ),
    ] {
        let row = key.seal_grant(scope, &home.control.granted(role));
        let open = |key: &AccountKey, scope, role, epoch, row: &[u8]| {
            key.open_grant(scope, role, epoch, row).map(|granted| granted.scope()).unwrap_err()
        };
        let opened = key.open_grant(scope, role, FIRST, &row).unwrap();
        assert_eq!((opened.scope(), opened.role()), (home.scope(), role));

        let mix_up = OpenError::MixUp(purpose);
        let elsewhere = AccountScope { installation: InstallationId::generate(), ..account };
        let other_grant = GrantScope { grant: GrantId::generate(), ..scope };
        let of = |account| GrantScope { account, ..scope };
        assert_eq!(open(&their_key, scope, role, FIRST, &row), mix_up, "another account's key");
        assert_eq!(open(&key, of(their_account), role, FIRST, &row), mix_up, "another account");
        assert_eq!(open(&key, of(elsewhere), role, FIRST, &row), mix_up, "another installation");
        assert_eq!(open(&key, other_grant, role, FIRST, &row), mix_up, "another grant");
        assert_eq!(open(&key, scope, role, second, &row), mix_up, "another epoch");
        for (other, purpose) in others {
            assert_eq!(open(&key, scope, other, FIRST, &row), OpenError::MixUp(purpose), "as {other:?}");
        }
        let theirs = their_key.seal_grant(of(their_account), &home.control.granted(role));
        assert_eq!(open(&key, scope, role, FIRST, &theirs), mix_up, "another account's row");

        // A grant of this account's other home opens, and names that home.
        let other = key.seal_grant(scope, &other_home.control.granted(role));
        let opened = key.open_grant(scope, role, FIRST, &other).unwrap();
        assert!(opened.scope().is(home.scope().home).is_err());
        assert_eq!(opened.scope().is(other_home.scope().home), Ok(()));
    }
}

#[test]
fn a_viewer_is_never_granted_the_control_key() {
    let home = Home::new(InstallationId::generate());
    for role in [Role::Owner, Role::Adult] {
        assert!(home.control.granted(role).control_key().is_some());
    }
    let granted = home.control.granted(Role::Viewer);
    assert!(granted.control_key().is_none());
    // And what it has opens what the home key sealed.
    let text = home.key.seal_text(b"Mill Yard 7");
    assert_eq!(granted.home_key().open_text(&text).unwrap().as_slice(), b"Mill Yard 7");
}

#[test]
fn a_grant_that_came_while_away_opens_for_its_account_by_its_member_key_only() {
    let (home, other_home) = two_homes();
    let installation = home.scope().installation;
    let ((account, key), (their_account, their_key)) = (account(installation), account(installation));
    let scope = scope_of(account);
    let (anna, ben) = (email("anna@example.org"), email("ben@example.org"));
    let (member_key, other_key) = (MemberKey::generate(), MemberKey::generate());
    let ours = home.scope().home;
    for role in [Role::Owner, Role::Viewer] {
        let granted = home.control.granted(role);
        let to = key.public_key(account);
        let sealed = member_key.seal_grant(scope, &to, &anna, &granted);
        let open = |key: &AccountKey, scope, member, email, role, epoch, sealed: &[u8]| {
            key.open_grant_away(scope, member, email, role, epoch, sealed)
        };
        let opened = open(&key, scope, (ours, &member_key), &anna, role, FIRST, &sealed).unwrap();
        assert_eq!((opened.scope(), opened.role()), (home.scope(), role));
        assert_eq!(opened.control_key().is_some(), role == Role::Owner);
        assert_eq!(key_of(&opened), key_of(&granted));

        let refused = |what: &str, opened: Result<Granted, OpenError>| {
            let error = opened.map(|granted| granted.scope()).unwrap_err();
            assert!(matches!(error, OpenError::NotAuthentic(_)), "{what}: {error}");
        };
        let member = (ours, &member_key);
        let of = |account| GrantScope { account, ..scope };
        let other_grant = GrantScope { grant: GrantId::generate(), ..scope };
        let second = FIRST.next().unwrap();
        refused("another account's key", open(&their_key, scope, member, &anna, role, FIRST, &sealed));
        refused("another account", open(&key, of(their_account), member, &anna, role, FIRST, &sealed));
        refused("another grant", open(&key, other_grant, member, &anna, role, FIRST, &sealed));
        refused("another member key", open(&key, scope, (ours, &other_key), &anna, role, FIRST, &sealed));
        refused("another address", open(&key, scope, member, &ben, role, FIRST, &sealed));
        refused("another epoch", open(&key, scope, member, &anna, role, second, &sealed));
        let other = (other_home.scope().home, &member_key);
        refused("another home", open(&key, scope, other, &anna, role, FIRST, &sealed));
        let higher = if role == Role::Owner { Role::Viewer } else { Role::Owner };
        refused("another role", open(&key, scope, member, &anna, higher, FIRST, &sealed));
        // The key of the accounts table, changed between: nobody but its owner could open it, and he lacks the member key.
        let to_them = member_key.seal_grant(scope, &their_key.public_key(their_account), &anna, &granted);
        refused("sealed to another key", open(&key, scope, member, &anna, role, FIRST, &to_them));
        // Who knows public key and ids, and not the member key, makes no grant.
        let forged = other_key.seal_grant(scope, &to, &anna, &other_home.control.granted(role));
        refused("a forged grant", open(&key, scope, member, &anna, role, FIRST, &forged));
        // A grant of another home, made by who has the member key of this one, is a mix-up.
        let other_homes = member_key.seal_grant(scope, &to, &anna, &other_home.control.granted(role));
        refused("another home's key", open(&key, scope, member, &anna, role, FIRST, &other_homes));
        for length in [0, 1, 20, sealed.len() - 1] {
            assert!(open(&key, scope, member, &anna, role, FIRST, &sealed[..length]).is_err(), "{length}");
        }
    }
}

#[test]
fn an_invitation_opens_by_its_link_and_the_address_that_was_typed_only() {
    let (home, other_home) = two_homes();
    let installation = home.scope().installation;
    let grant = GrantId::generate();
    let secret = InvitationSecret::generate();
    let key = secret.key(installation, &email("Tom@Example.org"));
    let text = key.seal_text(installation, grant, b"Mill Yard 7");
    let sealed = key.seal_grant(grant, &home.control.granted(Role::Adult));

    let typed = secret.key(installation, &email(" tom@example.org"));
    assert_eq!(typed.open_text(installation, grant, &text).unwrap().as_slice(), b"Mill Yard 7");
    let opened = typed.open_grant(grant, Role::Adult, home.scope(), &sealed).unwrap();
    assert_eq!(opened.scope(), home.scope());
    assert!(opened.control_key().is_some());

    let wrong = [
        ("another address", secret.key(installation, &email("eve@example.org"))),
        ("another link", InvitationSecret::generate().key(installation, &email("tom@example.org"))),
        ("another installation", secret.key(InstallationId::generate(), &email("tom@example.org"))),
    ];
    for (what, key) in wrong {
        let error = key.open_text(installation, grant, &text).unwrap_err();
        assert_eq!(error, OpenError::MixUp(Purpose::InvitationText), "{what}");
        let error = key.open_grant(grant, Role::Adult, home.scope(), &sealed).unwrap_err();
        assert_eq!(error, OpenError::MixUp(Purpose::InvitationControl), "{what}");
    }
    let other = GrantId::generate();
    assert!(key.open_text(installation, other, &text).is_err());
    assert!(key.open_grant(other, Role::Adult, home.scope(), &sealed).is_err());
    assert!(key.open_grant(grant, Role::Owner, home.scope(), &sealed).is_err(), "a higher role");
    assert!(key.open_grant(grant, Role::Viewer, home.scope(), &sealed).is_err(), "a viewer");
    assert!(key.open_grant(grant, Role::Adult, other_home.scope(), &sealed).is_err(), "another home");
    let later = HomeScope { epoch: FIRST.next().unwrap(), ..home.scope() };
    assert!(key.open_grant(grant, Role::Adult, later, &sealed).is_err(), "another epoch");
}

#[test]
fn a_join_note_is_of_who_opened_the_invitation() {
    let installation = InstallationId::generate();
    let grant = GrantId::generate();
    let secret = InvitationSecret::generate();
    let key = secret.key(installation, &email("tom@example.org"));
    let tag = key.tag_join_note(installation, grant, b"tom, with his public key");
    assert_eq!(key.verify_join_note(installation, grant, b"tom, with his public key", &tag), Ok(()));
    let refused = Err(OpenError::NotAuthentic(Purpose::JoinNote));
    assert_eq!(key.verify_join_note(installation, grant, b"tom, with another key", &tag), refused);
    assert_eq!(
        key.verify_join_note(installation, GrantId::generate(), b"tom, with his public key", &tag),
        refused
    );
    let other = secret.key(installation, &email("eve@example.org"));
    assert_eq!(other.verify_join_note(installation, grant, b"tom, with his public key", &tag), refused);

    let (scope, _) = account(installation);
    let (other_scope, _) = account(installation);
    let member = key.member_key(scope, grant);
    assert_eq!(member.expose(), key.member_key(scope, grant).expose());
    assert_ne!(member.expose(), key.member_key(other_scope, grant).expose());
    assert_ne!(member.expose(), key.member_key(scope, GrantId::generate()).expose());
}

#[test]
fn a_member_key_comes_back_with_its_home_for_its_own_grant_only() {
    let (home, _) = two_homes();
    let ((account, key), (_, their_key)) =
        (account(home.scope().installation), account(home.scope().installation));
    let scope = scope_of(account);
    let member = MemberKey::generate();
    let sealed = key.seal_member_key(scope, home.scope().home, &member);
    let (of, opened) = key.open_member_key(scope, &sealed).unwrap();
    assert_eq!((of, opened.expose()), (home.scope().home, member.expose()));
    let mix_up = OpenError::MixUp(Purpose::Member);
    assert_eq!(key.open_member_key(scope_of(account), &sealed).unwrap_err(), mix_up);
    assert_eq!(their_key.open_member_key(scope, &sealed).unwrap_err(), mix_up);
}

#[test]
fn a_roster_opens_under_its_own_key_and_serial_only() {
    let (home, other) = two_homes();
    let roster = home.control.seal_roster(4, b"anna, tom");
    assert_eq!(home.control.open_roster(4, &roster).unwrap().as_slice(), b"anna, tom");
    assert_eq!(
        home.control.open_roster(3, &roster),
        Err(OpenError::MixUp(Purpose::Roster)),
        "an older serial"
    );
    assert_eq!(other.control.open_roster(4, &roster), Err(OpenError::MixUp(Purpose::Roster)));
    let members = home.key.seal_members(4, b"anna, tom");
    assert_eq!(home.key.open_members(4, &members).unwrap().as_slice(), b"anna, tom");
    assert_eq!(home.key.open_members(5, &members), Err(OpenError::MixUp(Purpose::Members)));
    assert_eq!(other.key.open_members(4, &members), Err(OpenError::MixUp(Purpose::Members)));
}

#[test]
fn a_keyring_opens_the_past_and_only_under_the_latest_key() {
    let home = Home::new(InstallationId::generate());
    let mut keys = vec![home.key.clone()];
    let mut texts = vec![home.key.seal_text(b"of epoch 1")];
    for number in 2..=4 {
        let scope = HomeScope { epoch: HomeEpoch::new(number).unwrap(), ..home.scope() };
        let key = ControlKey::generate(scope).home_key();
        let ring = key.seal_keyring(&keys);
        let opened = key.open_keyring(&ring).unwrap();
        assert_eq!(opened.len(), keys.len());
        for ((former, text), known) in opened.iter().zip(&texts).zip(&keys) {
            assert_eq!(former.scope(), known.scope());
            former.open_text(text).unwrap();
        }
        // A former member has the former key: it opens nothing of the new ring.
        for former in &keys {
            assert_eq!(former.open_keyring(&ring).unwrap_err(), OpenError::MixUp(Purpose::Keyring));
        }
        texts.push(key.seal_text(format!("of epoch {number}").as_bytes()));
        keys.push(key);
    }
}

#[test]
#[should_panic(expected = "a keyring has each former epoch")]
fn a_keyring_with_a_gap_is_not_made() {
    let home = Home::new(InstallationId::generate());
    let third = HomeScope { epoch: HomeEpoch::new(3).unwrap(), ..home.scope() };
    ControlKey::generate(third).home_key().seal_keyring(&[home.key]);
}
