//! Invitations: by a link that works once, for who knows the address that the inviter typed.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{AccountId, Email, GrantId, HomeId, Role, Timestamp};
use ownsight_registry::{Comes, CustodyRow, GrantRow, InvitationRow, JoinAs, Joining, RegistryError};
use ownsight_seal::{
    AccountKey, AccountScope, GrantScope, HomeScope, InvitationKey, InvitationSecret, OpenError, Purpose,
    ShareScope,
};
use serde::{Deserialize, Serialize};

use crate::credentials::half;
use crate::gate::{Gate, registry_error};
use crate::password::Password;
use crate::plan::TRIES;
use crate::profile::{self, AccountProfile, KeyText};
use crate::rights::Needs;
use crate::roster::{InvitationKept, JoinNote, Offer};
use crate::shares::ShareOffer;
use crate::{Answer, Credentials, GateError, alarm, text, views};

/// How long an invitation can be accepted.
pub(crate) const INVITATION_LASTS: Duration = Duration::from_hours(7 * 24);

/// What an invitation says to who opens it.
#[derive(Serialize, Deserialize)]
pub(crate) struct InvitationText {
    pub(crate) home: HomeId,
    pub(crate) home_name: String,
    pub(crate) invited_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) share: Option<ShareOffer>,
}

/// An invitation that opened by its secret and the address that was typed.
struct OpenInvitation {
    row: InvitationRow,
    key: InvitationKey,
    text: InvitationText,
}

/// What who has no account yet types to accept an invitation.
#[derive(Debug)]
pub struct NewAccount {
    /// The new password.
    pub password: Password,
    /// The person's name.
    pub name: String,
}

impl Gate {
    /// Invites who has this address: gives the secret of the link, once. An adult invites adults and viewers.
    pub async fn invite(
        &self,
        credentials: &Credentials,
        home: HomeId,
        email: &str,
        role: Role,
    ) -> Result<Answer<views::NewInvitation>, GateError> {
        for _ in 0..TRIES {
            let (person, access, plan) = self.managing_plan(credentials, home).await?;
            let email = Email::parse(email)?;
            access.may_decide_on(role)?;
            let (roster, _) = access.open_roster(&plan)?;
            if roster.members.iter().any(|entry| entry.email == email) {
                return Err(GateError::AlreadyMember);
            }
            let control = access.control()?;
            let installation = self.installation();
            let id = GrantId::generate();
            let secret = InvitationSecret::generate();
            let key = secret.key(installation, &email);
            let text = InvitationText {
                home: access.id(),
                home_name: access.profile.name.clone(),
                invited_by: person.profile.name.clone(),
                share: None,
            };
            let kept = InvitationKept {
                key: KeyText::new(*key.expose()),
                email: email.clone(),
                offer: Offer::Member(role),
                made_by: person.profile.name.clone(),
            };
            let now = Timestamp::now();
            let row = InvitationRow {
                id,
                find: secret.find(installation),
                home: access.id(),
                role: Some(role),
                epoch: control.scope().epoch,
                created_at: now,
                expires_at: now.plus(INVITATION_LASTS),
                text: key.seal_text(installation, id, &profile::encode(&text)),
                wrap: key.seal_grant(id, &control.granted(role)),
                kept: control.seal_invitation(id, &profile::encode(&kept)),
                joined: None,
            };
            let view = views::NewInvitation {
                id,
                secret: BASE64URL_NOPAD.encode(secret.expose()),
                email: email.as_str().to_owned(),
                role,
                expires_at: row.expires_at,
            };
            let authority = person.authority_in(&access)?;
            match self.registry().create_invitation(&authority, row).await {
                Ok(()) => return Ok(Answer::new(credentials, view)),
                Err(RegistryError::Conflict) => {}
                Err(error) => return Err(registry_error(error)),
            }
        }
        Err(GateError::Conflict)
    }

    /// Withdraws an invitation that nobody accepted yet: its link opens nothing any more.
    pub async fn withdraw_invitation(
        &self,
        credentials: &Credentials,
        home: HomeId,
        invitation: GrantId,
    ) -> Result<(), GateError> {
        let (person, access, plan) = self.managing_plan(credentials, home).await?;
        let is_it = |row: &&InvitationRow| row.id == invitation && row.role.is_some();
        let row = plan.invitations.iter().find(is_it).ok_or(GateError::NotFound)?;
        // One that does not open can be withdrawn by whoever holds the control key.
        if let Ok(InvitationKept { offer: Offer::Member(role), .. }) = access.open_invitation(row) {
            access.may_decide_on(role)?;
        }
        let authority = person.authority_in(&access)?;
        self.registry().withdraw_invitation(&authority, invitation).await.map_err(registry_error)
    }

    /// What an invitation is, for who has its link and types the address that it was made for. Tries with another address
    /// are counted, as those with a wrong password are.
    pub async fn open_invitation(
        &self,
        secret: &str,
        email: &str,
        peer: IpAddr,
    ) -> Result<views::OpenedInvitation, GateError> {
        let email = Email::parse(email)?;
        let open = self.find_invitation(secret, &email, peer).await?;
        let account = self.registry().account_by_email(&email).await.map_err(registry_error)?;
        Ok(views::OpenedInvitation {
            home_name: open.text.home_name,
            role: open.row.role,
            share: open.text.share.map(|offer| views::OfferedShare {
                cameras: offer.cameras,
                rights: offer.rights,
                from: offer.from,
                until: offer.until,
            }),
            invited_by: open.text.invited_by,
            email: email.as_str().to_owned(),
            has_account: account.is_some(),
            expires_at: open.row.expires_at,
        })
    }

    /// Accepts an invitation as the account that is signed in, whose address must be the invitation's.
    pub async fn accept_invitation(
        &self,
        credentials: &Credentials,
        secret: &str,
        email: &str,
        peer: IpAddr,
    ) -> Result<Answer<views::Joined>, GateError> {
        for _ in 0..TRIES {
            let rows = self.session_rows(credentials).await?;
            let person = self.open_person(credentials, rows.session, &rows.account, Needs::SignIn)?;
            let email = Email::parse(email)?;
            let open = self.find_invitation(secret, &email, peer).await?;
            if person.profile.email != email {
                return Err(GateError::NotAllowed);
            }
            let as_ = JoinAs::Session(person.find_for(Needs::SignIn)?);
            match self.join(&open, person.scope, &person.key, &person.profile, as_).await {
                Err(GateError::Conflict) => {}
                joined => return Ok(Answer::new(credentials, joined?)),
            }
        }
        Err(GateError::Conflict)
    }

    /// Accepts an invitation with a new account, which has no home of its own.
    pub async fn redeem_invitation(
        &self,
        secret: &str,
        email: &str,
        new: &NewAccount,
        peer: IpAddr,
    ) -> Result<views::JoinedAnew, GateError> {
        let email = Email::parse(email)?;
        new.password.strong()?;
        let name = text::name("name", &new.name)?;
        for _ in 0..TRIES {
            let open = self.find_invitation(secret, &email, peer).await?;
            let account = AccountId::generate();
            let scope = AccountScope { installation: self.installation(), account };
            let key = AccountKey::generate();
            let profile = AccountProfile { email: email.clone(), name: name.clone() };
            let password = self.wrap_under_password(scope, &email, &key, &new.password).await?;
            let custody = CustodyRow { email: email.clone(), wrap: self.master().seal(scope, &email, &key) };
            let as_ = JoinAs::New {
                account: Box::new(Self::account_row(scope, &key, &profile)),
                password: Box::new(password),
                custody: Box::new(custody),
            };
            match self.join(&open, scope, &key, &profile, as_).await {
                Err(GateError::Conflict) => {}
                joined => {
                    let views::Joined { home_id, share_id } = joined?;
                    return Ok(views::JoinedAnew { account_id: account, home_id, share_id });
                }
            }
        }
        Err(GateError::Conflict)
    }

    async fn find_invitation(
        &self,
        secret: &str,
        email: &Email,
        peer: IpAddr,
    ) -> Result<OpenInvitation, GateError> {
        let secret = InvitationSecret::from_bytes(*half(secret).ok_or(GateError::LinkUsed)?);
        let find = secret.find(self.installation());
        let row = self.registry().invitation(find).await.map_err(registry_error)?;
        let row = row
            .filter(|row| row.joined.is_none() && row.expires_at > Timestamp::now())
            .ok_or(GateError::LinkUsed)?;
        self.throttle()
            .begin(email, peer, Instant::now())
            .map_err(|retry_after| GateError::TooManyTries { retry_after })?;
        let key = secret.key(self.installation(), email);
        let text = match key.open_text(self.installation(), row.id, &row.text) {
            Ok(text) => profile::decode::<InvitationText>(&text),
            // Another address, and another invitation's row, look alike; either way nothing opens.
            Err(OpenError::MixUp(_)) => {
                return Err(GateError::invalid("email", "this invitation was made for another address"));
            }
            Err(error) => Err(error),
        };
        let text = text
            .and_then(|text| {
                let fits = text.home == row.home && text.share.is_some() == row.role.is_none();
                if fits { Ok(text) } else { Err(OpenError::MixUp(Purpose::InvitationText)) }
            })
            .map_err(|error| alarm::raise(&error, "opening an invitation"))?;
        self.throttle().succeeded(email, peer, Instant::now());
        Ok(OpenInvitation { row, key, text })
    }

    /// Opens what an invitation is to, puts it under the account's key, and leaves the note by which the home learns who it is.
    async fn join(
        &self,
        open: &OpenInvitation,
        account: AccountScope,
        key: &AccountKey,
        profile: &AccountProfile,
        as_: JoinAs,
    ) -> Result<views::Joined, GateError> {
        let OpenInvitation { row, key: invitation, text } = open;
        let installation = self.installation();
        let scope = GrantScope { account, grant: row.id };
        let member_key = invitation.member_key(account, row.id);
        let member_key = key.seal_member_key(scope, text.home, &member_key);
        let now = Timestamp::now();
        let raise = |error: OpenError| alarm::raise(&error, "opening what an invitation is to");
        let comes = match row.role {
            Some(role) => {
                let home = HomeScope { installation, home: text.home, epoch: row.epoch };
                let granted = invitation.open_grant(row.id, role, home, &row.wrap).map_err(raise)?;
                Comes::Member(GrantRow {
                    id: row.id,
                    account: account.account,
                    home: text.home,
                    role,
                    epoch: row.epoch,
                    created_at: now,
                    wrap: key.seal_grant(scope, &granted),
                    away: false,
                    member_key,
                })
            }
            None => {
                let share = ShareScope { installation, home: text.home, grant: row.id };
                let share_key = invitation.open_share(share, &row.wrap).map_err(raise)?;
                Comes::Share {
                    share: row.id,
                    home: text.home,
                    account: account.account,
                    sealed: row.wrap.clone(),
                    wrap: key.seal_share(scope, text.home, &share_key),
                    member_key,
                }
            }
        };
        let note = profile::encode(&JoinNote {
            account: account.account,
            email: profile.email.clone(),
            name: profile.name.clone(),
            public_key: KeyText::new(key.public_key(account).to_bytes()),
        });
        let joining = Joining {
            find: row.find,
            now,
            as_,
            comes,
            tag: invitation.tag_join_note(installation, row.id, &note),
            note: note.to_vec(),
        };
        self.registry().join(joining).await.map_err(registry_error)?;
        Ok(views::Joined { home_id: text.home, share_id: row.role.is_none().then_some(row.id) })
    }
}
