//! One-time links: how the first account, a new one, or a new password comes to be.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{AccountId, Email, GrantId, HomeEpoch, HomeId, Role, Timestamp};
use ownsight_registry::{AccountRow, CustodyRow, GrantRow, HomeRow, LinkRow, RedeemAccount, RedeemReset};
use ownsight_seal::{AccountKey, AccountScope, ControlKey, GrantScope, HomeScope, LinkSecret, MemberKey};
use zeroize::Zeroizing;

use crate::credentials::half;
use crate::gate::{Gate, registry_error};
use crate::homes::RETENTION_BYTES_MIN;
use crate::lockdown::operator_name;
use crate::password::Password;
use crate::profile::{self, AccountProfile, HomeProfile, LinkContent};
use crate::roster::{RosterEntry, first_roster};
use crate::{GateError, alarm, text, views};

/// How long a link works.
const LINK_LASTS: Duration = Duration::from_hours(24);
/// How long one works that is for the operator: they sit there.
const OPERATORS_LINK_LASTS: Duration = Duration::from_mins(15);
/// What a new home keeps, until its owner says otherwise.
const RETENTION_DAYS: u32 = 30;
const RETENTION_BYTES: u64 = 200 * 1_000_000_000;

/// What an operator asks a link for.
#[derive(Debug, Clone)]
pub enum LinkFor {
    /// The first account; refused once there is one.
    First,
    /// One more account with a home of its own.
    Account {
        /// The only address that may redeem it, if one is named.
        email: Option<String>,
        /// Whether the server runs an agent for its home.
        local_agent: bool,
    },
    /// A new password for an account whose owner has forgotten it. Ends all its sessions.
    Reset {
        /// The account's address.
        email: String,
    },
    /// The recovery sheet, once more. Works for 15 minutes.
    Sheet,
    /// A visit of the operator in a browser. Works for 15 minutes.
    Operator {
        /// Who asks for it, as those whom a lockdown concerns read it.
        by: String,
    },
}

/// What the redeemer of a link types.
#[derive(Debug)]
pub struct Redemption {
    /// The e-mail address.
    pub email: String,
    /// The new password.
    pub password: Password,
    /// The person's name.
    pub name: Option<String>,
    /// The home's name.
    pub home_name: Option<String>,
    /// The home's IANA time zone.
    pub zone: Option<String>,
}

impl Gate {
    /// Whether there is an account yet; if not, the operator needs a link for the first.
    pub async fn has_accounts(&self) -> Result<bool, GateError> {
        self.registry().accounts_exist().await.map_err(registry_error)
    }

    /// Makes a one-time link: gives its secret, for the fragment of an address. For the operator's socket only.
    pub async fn make_link(&self, link: LinkFor) -> Result<Zeroizing<String>, GateError> {
        let content = match link {
            LinkFor::First if self.has_accounts().await? => return Err(GateError::LinkUsed),
            LinkFor::First => LinkContent::First,
            LinkFor::Account { email, local_agent } => {
                let email = email.map(|typed| Email::parse(&typed)).transpose()?;
                if let Some(email) = &email
                    && self.registry().account_by_email(email).await.map_err(registry_error)?.is_some()
                {
                    return Err(GateError::EmailTaken);
                }
                LinkContent::Account { email, local_agent }
            }
            LinkFor::Reset { email } => {
                let email = Email::parse(&email)?;
                let account = self.registry().account_by_email(&email).await.map_err(registry_error)?;
                account.ok_or(GateError::NotFound)?;
                LinkContent::Reset { email }
            }
            LinkFor::Sheet => LinkContent::Sheet,
            LinkFor::Operator { by } => LinkContent::Operator { by: operator_name(&by)? },
        };
        let soon = matches!(content, LinkContent::Sheet | LinkContent::Operator { .. });
        let lasts = if soon { OPERATORS_LINK_LASTS } else { LINK_LASTS };
        let secret = LinkSecret::generate();
        let now = Timestamp::now();
        let row = LinkRow {
            find: secret.find(self.installation()),
            created_at: now,
            expires_at: now.plus(lasts),
            used_at: None,
            sealed: secret.seal(self.installation(), &profile::encode(&content)),
        };
        self.registry().insert_link(row).await.map_err(registry_error)?;
        Ok(Zeroizing::new(BASE64URL_NOPAD.encode(secret.expose())))
    }

    /// What a link is for.
    pub async fn open_link(&self, secret: &str) -> Result<views::Link, GateError> {
        let (_, content, row) = self.find_link(secret).await?;
        let (kind, email) = match content {
            LinkContent::First => ("first", None),
            LinkContent::Account { email, .. } => ("account", email),
            LinkContent::Reset { .. } => ("reset", None),
            LinkContent::Sheet => ("sheet", None),
            LinkContent::Operator { .. } => ("operator", None),
        };
        let email = email.map(|email| email.as_str().to_owned());
        Ok(views::Link { kind, email, expires_at: row.expires_at })
    }

    /// Redeems a link: makes an account with its home, or sets a new password.
    pub async fn redeem_link(
        &self,
        secret: &str,
        redemption: Redemption,
    ) -> Result<views::Redeemed, GateError> {
        let (secret, content, _) = self.find_link(secret).await?;
        let email = Email::parse(&redemption.email)?;
        redemption.password.strong()?;
        match content {
            LinkContent::First => {
                if self.has_accounts().await? {
                    return Err(GateError::LinkUsed);
                }
                let sheet = self.recovery_sheet();
                let made = self.make_account(&secret, email, redemption, true).await?;
                Ok(views::Redeemed { recovery_sheet: Some(sheet), ..made })
            }
            LinkContent::Account { email: named, local_agent } => {
                if named.is_some_and(|named| named != email) {
                    return Err(GateError::invalid("email", "this link is for another e-mail address"));
                }
                self.make_account(&secret, email, redemption, local_agent).await
            }
            LinkContent::Reset { email: named } => {
                if named != email {
                    return Err(GateError::invalid("email", "this link is for another e-mail address"));
                }
                self.recover(&secret, &email, &redemption.password).await?;
                Ok(views::Redeemed { account_id: None, home_id: None, recovery_sheet: None })
            }
            // They make nothing of what was typed here: `redeem_sheet` and `begin_visit` take them.
            LinkContent::Sheet | LinkContent::Operator { .. } => Err(GateError::LinkUsed),
        }
    }

    pub(crate) async fn find_link(
        &self,
        secret: &str,
    ) -> Result<(LinkSecret, LinkContent, LinkRow), GateError> {
        let secret = LinkSecret::from_bytes(*half(secret).ok_or(GateError::LinkUsed)?);
        let find = secret.find(self.installation());
        let row = self.registry().link(find).await.map_err(registry_error)?.ok_or(GateError::LinkUsed)?;
        if row.used_at.is_some() || row.expires_at <= Timestamp::now() {
            return Err(GateError::LinkUsed);
        }
        let content = secret
            .open(self.installation(), &row.sealed)
            .and_then(|opened| profile::decode(&opened))
            .map_err(|error| alarm::raise(&error, "opening a link"))?;
        Ok((secret, content, row))
    }

    /// What a new home may keep: less than the disk can take now, so that in an installation of one home the oldest go
    /// before new footage is refused.
    async fn retention_bytes(&self) -> u64 {
        let space = match self.vault().space().await {
            Ok(space) => space,
            Err(error) => {
                tracing::warn!(%error, "the disk could not be measured for a new home's quota");
                return RETENTION_BYTES;
            }
        };
        quota(space.free_bytes.saturating_sub(space.floor_bytes))
    }

    async fn make_account(
        &self,
        link: &LinkSecret,
        email: Email,
        redemption: Redemption,
        local_agent: bool,
    ) -> Result<views::Redeemed, GateError> {
        let account_name = match redemption.name {
            Some(name) => text::name("name", &name)?,
            None => email.as_str().split('@').next().unwrap_or_default().to_owned(),
        };
        let home_name = text::name("home_name", redemption.home_name.as_deref().unwrap_or("Home"))?;
        let zone = text::zone(redemption.zone.as_deref().unwrap_or("UTC"))?;

        let now = Timestamp::now();
        let installation = self.installation();
        let scope = AccountScope { installation, account: AccountId::generate() };
        let key = AccountKey::generate();
        let password = self.wrap_under_password(scope, &email, &key, &redemption.password).await?;
        let custody = CustodyRow { email: email.clone(), wrap: self.master().seal(scope, &email, &key) };
        let profile = AccountProfile { email: email.clone(), name: account_name };
        let account = Self::account_row(scope, &key, &profile);
        let AccountProfile { email, name } = profile;
        let home_scope = HomeScope { installation, home: HomeId::generate(), epoch: HomeEpoch::FIRST };
        let control = ControlKey::generate(home_scope);
        let home_profile = HomeProfile { name: home_name, zone };
        let home = HomeRow {
            id: home_scope.home,
            epoch: home_scope.epoch,
            created_at: now,
            text: control.home_key().seal_text(&profile::encode(&home_profile)),
            local_agent,
            retention_days: RETENTION_DAYS,
            retention_bytes: self.retention_bytes().await,
            keyring: Vec::new(),
            epoch_due: false,
            joins_due: false,
            shares_due: false,
            restored: None,
        };
        let member_key = MemberKey::generate();
        let grant_id = GrantId::generate();
        let grant_scope = GrantScope { account: scope, grant: grant_id };
        let grant = GrantRow {
            id: grant_id,
            account: scope.account,
            home: home.id,
            role: Role::Owner,
            epoch: home.epoch,
            created_at: now,
            wrap: key.seal_grant(grant_scope, &control.granted(Role::Owner)),
            away: false,
            member_key: key.seal_member_key(grant_scope, home.id, &member_key),
        };
        let public_key = key.public_key(scope);
        let founder = RosterEntry::founder(scope.account, &grant, email, name, &public_key, &member_key);
        let roster = first_roster(&control, founder);
        let link_find = link.find(installation);
        let redeem = RedeemAccount { link_find, now, account, password, custody, home, grant, roster };
        self.registry().redeem_account(redeem).await.map_err(registry_error)?;
        Ok(views::Redeemed {
            account_id: Some(scope.account),
            home_id: Some(home_scope.home),
            recovery_sheet: None,
        })
    }

    /// The row of a new account.
    pub(crate) fn account_row(scope: AccountScope, key: &AccountKey, profile: &AccountProfile) -> AccountRow {
        AccountRow {
            id: scope.account,
            email: profile.email.clone(),
            created_at: Timestamp::now(),
            public_key: key.public_key(scope).to_bytes(),
            text: key.seal_text(scope, &profile::encode(profile)),
        }
    }

    /// The one reader of custody: re-wraps the account key under a new password, ends all sessions, returns nothing.
    async fn recover(&self, link: &LinkSecret, email: &Email, password: &Password) -> Result<(), GateError> {
        let row = self.registry().custody(email).await.map_err(registry_error)?.ok_or(GateError::NotFound)?;
        let (account, key) = self
            .master()
            .open(self.installation(), email, &row.wrap)
            .map_err(|error| alarm::raise(&error, "opening an account's custody"))?;
        let scope = AccountScope { installation: self.installation(), account };
        let row = self.wrap_under_password(scope, email, &key, password).await?;
        let find = link.find(self.installation());
        self.registry()
            .redeem_reset(RedeemReset { link_find: find, now: Timestamp::now(), account, password: row })
            .await
            .map_err(registry_error)?;
        tracing::warn!(account.id = %account, "an account's password was reset by a one-time link");
        Ok(())
    }
}

/// Four fifths of what can be taken, in whole gigabytes, as people would set it.
fn quota(usable: u64) -> u64 {
    (usable / 5 * 4 / 1_000_000_000 * 1_000_000_000).clamp(RETENTION_BYTES_MIN, RETENTION_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_home_keeps_less_than_the_disk_can_take() {
        let gigabytes = |many: u64| many * 1_000_000_000;
        for (usable, expected) in [
            (0, RETENTION_BYTES_MIN),
            (gigabytes(50), gigabytes(40)),
            (gigabytes(51) + 7, gigabytes(40)),
            (gigabytes(52), gigabytes(41)),
            (gigabytes(250), RETENTION_BYTES),
            (u64::MAX, RETENTION_BYTES),
        ] {
            assert_eq!(quota(usable), expected, "{usable}");
        }
    }
}
