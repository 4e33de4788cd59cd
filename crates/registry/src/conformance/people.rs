//! Installation, links, accounts and sessions.

use ownsight_model::{AccountId, InstallationId};

use super::fixture::{Household, NOW, at, bytes32, email, grant, link, password, redeem, sign_in};
use crate::{Authority, InstallationRow, LinkRow, RedeemReset, Registry, RegistryError, Rewrap, Rewrapped};

/// The second attempt is a conflict and changes nothing.
pub async fn the_installation_is_made_once(registry: Registry) {
    assert_eq!(registry.installation().await.unwrap(), None);
    let row =
        || InstallationRow { id: InstallationId::generate(), created_at: NOW, master_commitment: bytes32() };
    let first = row();
    registry.create_installation(first.clone()).await.unwrap();
    let error = registry.create_installation(row()).await.unwrap_err();
    assert!(matches!(error, RegistryError::Conflict), "{error:?}");
    assert_eq!(registry.installation().await.unwrap(), Some(first));
}

/// All custodies are wrapped anew with the commitment, or nothing is changed.
pub async fn another_master_key_takes_all_custodies_along_or_none(registry: Registry) {
    let row = InstallationRow { id: InstallationId::generate(), created_at: NOW, master_commitment: [1; 32] };
    registry.create_installation(row.clone()).await.unwrap();
    let (anna, berta) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let custody = async |of: &Household| registry.custody(&of.account.email).await.unwrap();
    let before = custody(&anna).await;
    let refused = registry
        .replace_master([1; 32], [2; 32], {
            let id = anna.account.id;
            move |account, _, _| if account == id { Rewrap::Refused } else { Rewrap::Wrapped(vec![7; 60]) }
        })
        .await;
    assert!(matches!(refused, Err(RegistryError::Conflict)), "{refused:?}");
    let other = registry.replace_master([3; 32], [2; 32], |_, _, _| Rewrap::Dropped).await;
    assert!(matches!(other, Err(RegistryError::Conflict)), "it is not the key that is there");
    assert_eq!(registry.installation().await.unwrap(), Some(row));
    assert_eq!((custody(&anna).await, custody(&berta).await.unwrap().wrap), (before, vec![3; 60]));

    let replaced = registry
        .replace_master([1; 32], [2; 32], {
            let (id, email) = (anna.account.id, anna.account.email.clone());
            move |account, address, wrap| {
                assert_eq!((wrap, account == id), (&[3; 60][..], *address == email));
                if account == id { Rewrap::Dropped } else { Rewrap::Wrapped(vec![7; 60]) }
            }
        })
        .await
        .unwrap();
    assert_eq!(replaced, Rewrapped { wrapped: 1, dropped: 1 });
    assert_eq!(registry.installation().await.unwrap().unwrap().master_commitment, [2; 32]);
    assert_eq!((custody(&anna).await, custody(&berta).await.unwrap().wrap), (None, vec![7; 60]));
}

/// Everything of the account is there after it, and the link is used.
pub async fn a_link_is_redeemed_once(registry: Registry) {
    assert!(!registry.accounts_exist().await.unwrap());
    let anna = redeem(&registry, email()).await;
    registry.redeem_account(anna.clone()).await.unwrap();
    assert!(registry.accounts_exist().await.unwrap());
    assert_eq!(registry.account_by_email(&anna.account.email).await.unwrap(), Some(anna.account.clone()));
    assert_eq!(registry.password(&anna.account.email).await.unwrap(), Some(anna.password.clone()));
    assert_eq!(registry.custody(&anna.account.email).await.unwrap(), Some(anna.custody.clone()));
    assert_eq!(registry.link(anna.link_find).await.unwrap().unwrap().used_at, Some(NOW));
    let session = sign_in(&registry, anna.account.id).await;
    let seen = registry.session(session.find, NOW).await.unwrap().unwrap();
    assert_eq!(seen.session, session);
    assert_eq!(seen.account, anna.account);
    assert_eq!(seen.grants, [(anna.grant.clone(), anna.home.clone())]);

    let mut again = redeem(&registry, email()).await;
    again.link_find = anna.link_find;
    let error = registry.redeem_account(again.clone()).await.unwrap_err();
    assert!(matches!(error, RegistryError::LinkUsed), "{error:?}");
    assert_eq!(registry.account_by_email(&again.account.email).await.unwrap(), None);

    let expired = LinkRow { expires_at: NOW, ..link() };
    registry.insert_link(expired.clone()).await.unwrap();
    assert_eq!(registry.link(expired.find).await.unwrap(), Some(expired.clone()));
    for find in [expired.find, bytes32()] {
        again.link_find = find;
        let error = registry.redeem_account(again.clone()).await.unwrap_err();
        assert!(matches!(error, RegistryError::LinkUsed), "{error:?}");
    }
    assert_eq!(registry.link(bytes32()).await.unwrap(), None);
}

/// Nothing of a refused redeeming is written.
pub async fn a_taken_address_leaves_the_link_unused(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let taken = redeem(&registry, anna.account.email.clone()).await;
    let error = registry.redeem_account(taken.clone()).await.unwrap_err();
    assert!(matches!(error, RegistryError::EmailTaken), "{error:?}");
    assert_eq!(registry.link(taken.link_find).await.unwrap().unwrap().used_at, None);
    assert_eq!(registry.account_by_email(&anna.account.email).await.unwrap(), Some(anna.account));
    assert_eq!(registry.homes().await.unwrap().len(), 1);
}

/// Each row must name the others'.
pub async fn rows_that_do_not_belong_together_make_no_account(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let good = redeem(&registry, email()).await;
    let mut wrong = vec![good.clone(); 4];
    wrong[0].password.email = anna.account.email.clone();
    wrong[1].custody.email = anna.account.email.clone();
    wrong[2].grant = grant(anna.account.id, good.home.id, good.grant.role);
    wrong[3].grant = grant(good.account.id, anna.home, good.grant.role);
    for redeem in wrong {
        let error = registry.redeem_account(redeem).await.unwrap_err();
        assert!(matches!(error, RegistryError::NotFound), "{error:?}");
    }
    registry.redeem_account(good).await.unwrap();
}

/// The link is used, the password new, and nobody stays signed in.
pub async fn a_reset_replaces_the_password_and_ends_all_sessions(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let other = Household::settle(&registry).await;
    let link = link();
    registry.insert_link(link.clone()).await.unwrap();
    let new = password(&anna.account.email);
    let mut reset =
        RedeemReset { link_find: link.find, now: NOW, account: other.account.id, password: new.clone() };
    let error = registry.redeem_reset(reset.clone()).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound), "{error:?}");
    assert_eq!(registry.link(link.find).await.unwrap().unwrap().used_at, None);

    reset.account = anna.account.id;
    registry.redeem_reset(reset.clone()).await.unwrap();
    assert_eq!(registry.password(&anna.account.email).await.unwrap(), Some(new));
    assert_eq!(registry.session(anna.find(), NOW).await.unwrap(), None);
    assert!(registry.session(other.find(), NOW).await.unwrap().is_some());
    let error = registry.redeem_reset(reset).await.unwrap_err();
    assert!(matches!(error, RegistryError::LinkUsed), "{error:?}");
}

/// By being ended, and by its time.
pub async fn a_session_ends(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let end = anna.session.expires_at;
    assert!(registry.session(anna.find(), end.shifted(-1)).await.unwrap().is_some());
    assert_eq!(registry.session(anna.find(), end).await.unwrap(), None);
    assert_eq!(registry.session(bytes32(), NOW).await.unwrap(), None);
    let late = Authority { now: end, ..anna.authority() };
    let error = registry.update_account_text(&late, vec![1]).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotLive), "{error:?}");

    assert!(registry.end_session(anna.find()).await.unwrap());
    assert!(!registry.end_session(anna.find()).await.unwrap());
    assert_eq!(registry.session(anna.find(), NOW).await.unwrap(), None);
    let error = registry.update_account_text(&anna.authority(), vec![1]).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotLive), "{error:?}");

    let mut nobodys = anna.session.clone();
    nobodys.account = AccountId::generate();
    let error = registry.insert_session(nobodys).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound), "{error:?}");
}

/// And never another account's.
pub async fn ending_all_sessions_can_spare_one(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let other = Household::settle(&registry).await;
    let second = sign_in(&registry, anna.account.id).await;
    let third = sign_in(&registry, anna.account.id).await;
    assert_eq!(registry.end_sessions(anna.account.id, Some(second.id)).await.unwrap(), 2);
    assert!(registry.session(second.find, NOW).await.unwrap().is_some());
    assert_eq!(registry.session(third.find, NOW).await.unwrap(), None);
    assert_eq!(registry.end_sessions(anna.account.id, None).await.unwrap(), 1);
    assert_eq!(registry.end_sessions(anna.account.id, None).await.unwrap(), 0);
    assert!(registry.session(other.find(), NOW).await.unwrap().is_some());
}

/// Each account its own.
pub async fn sessions_are_listed_noticed_and_ended_one_by_one(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let other = Household::settle(&registry).await;
    let second = sign_in(&registry, anna.account.id).await;
    let own = Authority { grant: None, ..anna.authority() };
    let listed = async |find| registry.sessions(find, NOW).await.unwrap().unwrap().data;
    let ids = |rows: &[crate::SessionRow]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    let mut seen = ids(&listed(anna.find()).await);
    seen.sort_unstable();
    let mut expected = vec![anna.session.id, second.id];
    expected.sort_unstable();
    assert_eq!(seen, expected);
    assert_eq!(ids(&listed(other.find()).await), [other.session.id]);
    let unnoticed = async |find| registry.unnoticed_sessions(find, NOW).await.unwrap().unwrap().data;
    assert_eq!(unnoticed(anna.find()).await, 1, "not one's own");
    registry.notice_sessions(&own).await.unwrap();
    assert_eq!(unnoticed(anna.find()).await, 0);
    assert_eq!(unnoticed(second.find).await, 1, "no session says of itself that it is known");

    let theirs = Authority { grant: None, ..other.authority() };
    let error = registry.end_own_session(&theirs, second.id).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound), "{error:?}");
    registry.end_own_session(&own, second.id).await.unwrap();
    assert_eq!(registry.session(second.find, NOW).await.unwrap(), None);
    assert!(registry.session(anna.find(), NOW).await.unwrap().is_some());
    let error = registry.end_own_session(&own, second.id).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound), "{error:?}");
}

/// The session that asks stays.
pub async fn a_new_password_ends_other_sessions(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let other = Household::settle(&registry).await;
    let second = sign_in(&registry, anna.account.id).await;
    let own = Authority { grant: None, ..anna.authority() };
    let error = registry.replace_password(&own, password(&other.account.email)).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound), "{error:?}");
    assert!(registry.session(second.find, NOW).await.unwrap().is_some());

    let new = password(&anna.account.email);
    registry.replace_password(&own, new.clone()).await.unwrap();
    assert_eq!(registry.password(&anna.account.email).await.unwrap(), Some(new));
    assert_eq!(registry.session(second.find, NOW).await.unwrap(), None);
    registry.update_account_text(&own, vec![42]).await.unwrap();
    assert_eq!(registry.session(anna.find(), NOW).await.unwrap().unwrap().account.text, [42]);
}

/// Those that have not expired stay.
pub async fn expired_sessions_and_links_are_purged(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let short = LinkRow { expires_at: at(5), ..link() };
    registry.insert_link(short.clone()).await.unwrap();
    assert_eq!(registry.purge_sessions(at(5)).await.unwrap(), 1);
    assert_eq!(registry.link(short.find).await.unwrap(), None);
    assert!(registry.session(anna.find(), at(5)).await.unwrap().is_some());
    // The session and the link of the account's own set-up.
    assert_eq!(registry.purge_sessions(at(3600)).await.unwrap(), 2);
    assert_eq!(registry.session(anna.find(), NOW).await.unwrap(), None);
}
