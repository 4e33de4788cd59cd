//! Grants: a home's key for one account. A role is a key: what a role may not do, its key cannot derive.

use ownsight_model::{Email, GrantId, HomeEpoch, HomeId, IdKind, Role};

use crate::account::{AccountKey, AccountScope};
use crate::canonical::Context;
use crate::home::{ControlKey, HomeKey, HomeScope};
use crate::hpke::PublicKey;
use crate::secret::{InvitationKey, MemberKey};
use crate::{OpenError, Purpose, wrap};

/// What a grant opens to: the control key for an owner or adult, the home key for a viewer. There is no way to make one
/// whose key does not fit its role.
#[derive(Debug, Clone)]
pub struct Granted {
    role: Role,
    key: GrantedKey,
}

#[derive(Debug, Clone)]
enum GrantedKey {
    Control(ControlKey),
    Home(HomeKey),
}

/// Which grant: of which account, under which id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantScope {
    /// The account.
    pub account: AccountScope,
    /// The grant.
    pub grant: GrantId,
}

/// Where a grant is kept, and so what its key is sealed for.
#[derive(Debug, Clone, Copy)]
enum Kept {
    Account,
    Away,
    Invitation,
}

impl ControlKey {
    /// What a member of this role gets of it.
    pub fn granted(&self, role: Role) -> Granted {
        let key = if holds_control_key(role) {
            GrantedKey::Control(self.clone())
        } else {
            GrantedKey::Home(self.home_key())
        };
        Granted { role, key }
    }
}

impl Granted {
    /// As what.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Of which home and epoch.
    pub fn scope(&self) -> HomeScope {
        match &self.key {
            GrantedKey::Control(key) => key.scope(),
            GrantedKey::Home(key) => key.scope(),
        }
    }

    /// The home key, which every member has.
    pub fn home_key(&self) -> HomeKey {
        match &self.key {
            GrantedKey::Control(key) => key.home_key(),
            GrantedKey::Home(key) => key.clone(),
        }
    }

    /// The control key, which owners and adults have.
    pub fn control_key(&self) -> Option<&ControlKey> {
        match &self.key {
            GrantedKey::Control(key) => Some(key),
            GrantedKey::Home(_) => None,
        }
    }

    fn plaintext(&self) -> wrap::KeyBytes {
        let key = match &self.key {
            GrantedKey::Control(key) => &key.key,
            GrantedKey::Home(key) => &key.key,
        };
        wrap::key_bytes(IdKind::Home, self.scope().home.as_bytes(), key)
    }

    fn of(role: Role, scope: HomeScope, key: crate::primitives::Key) -> Self {
        let key = if holds_control_key(role) {
            GrantedKey::Control(ControlKey { scope, key })
        } else {
            GrantedKey::Home(HomeKey { scope, key })
        };
        Self { role, key }
    }
}

impl AccountKey {
    /// Wraps what is granted under the account's own key.
    pub fn seal_grant(&self, scope: GrantScope, granted: &Granted) -> Vec<u8> {
        let context = scope.context(granted.role, granted.scope().epoch);
        wrap::seal(&self.0, &context, granted.plaintext().as_slice())
    }

    /// Opens a grant of this account. The home is the one that was sealed, whatever the row says.
    pub fn open_grant(
        &self,
        scope: GrantScope,
        role: Role,
        epoch: HomeEpoch,
        sealed: &[u8],
    ) -> Result<Granted, OpenError> {
        let (id, key) = wrap::open_key(&self.0, &scope.context(role, epoch), IdKind::Home, sealed)?;
        let installation = scope.account.installation;
        Ok(Granted::of(role, HomeScope { installation, home: HomeId::from_bytes(id), epoch }, key))
    }

    /// Wraps the member key of a grant: it comes back with the home that it was made with.
    pub fn seal_member_key(&self, scope: GrantScope, home: HomeId, key: &MemberKey) -> Vec<u8> {
        wrap::seal_key(&self.0, &scope.member_context(), IdKind::Home, home.as_bytes(), &key.0)
    }

    /// Opens the member key of a grant, and with it whose home it is.
    pub fn open_member_key(
        &self,
        scope: GrantScope,
        sealed: &[u8],
    ) -> Result<(HomeId, MemberKey), OpenError> {
        let (id, key) = wrap::open_key(&self.0, &scope.member_context(), IdKind::Home, sealed)?;
        Ok((HomeId::from_bytes(id), MemberKey(key)))
    }

    /// Opens a grant that was sealed while its account was away. Whoever made it had the member key: an account takes no
    /// grant from anybody else.
    pub fn open_grant_away(
        &self,
        scope: GrantScope,
        member: (HomeId, &MemberKey),
        email: &Email,
        role: Role,
        epoch: HomeEpoch,
        sealed: &[u8],
    ) -> Result<Granted, OpenError> {
        let home = HomeScope { installation: scope.account.installation, home: member.0, epoch };
        let key = self.open_away(scope, member, &scope.away_context(home, role, email), sealed)?;
        Ok(Granted::of(role, home, key))
    }
}

impl MemberKey {
    /// Seals what is granted to an account that is away, for the address as the inviter typed it.
    pub fn seal_grant(&self, scope: GrantScope, to: &PublicKey, email: &Email, granted: &Granted) -> Vec<u8> {
        let info = scope.away_context(granted.scope(), granted.role, email);
        self.seal_away(scope, to, &info, &granted.plaintext())
    }
}

impl InvitationKey {
    /// Seals what is granted into an invitation.
    pub fn seal_grant(&self, grant: GrantId, granted: &Granted) -> Vec<u8> {
        let context = invitation_context(grant, granted.role, granted.scope());
        wrap::seal(&self.0, &context, granted.plaintext().as_slice())
    }

    /// Opens what an invitation grants.
    pub fn open_grant(
        &self,
        grant: GrantId,
        role: Role,
        asked: HomeScope,
        sealed: &[u8],
    ) -> Result<Granted, OpenError> {
        let context = invitation_context(grant, role, asked);
        let (id, key) = wrap::open_key(&self.0, &context, IdKind::Home, sealed)?;
        wrap::same_id(&asked.home, &HomeId::from_bytes(id), context.purpose())?;
        Ok(Granted::of(role, asked, key))
    }
}

impl GrantScope {
    fn context(self, role: Role, epoch: HomeEpoch) -> Context {
        Context::new(key_of(role, Kept::Account), self.account.installation)
            .account(self.account.account)
            .grant(self.grant)
            .role(role)
            .home_epoch(epoch)
    }

    fn away_context(self, home: HomeScope, role: Role, email: &Email) -> Context {
        Context::new(key_of(role, Kept::Away), self.account.installation)
            .home(home.home)
            .account(self.account.account)
            .grant(self.grant)
            .role(role)
            .home_epoch(home.epoch)
            .email(email)
    }

    fn member_context(self) -> Context {
        Context::new(Purpose::Member, self.account.installation)
            .account(self.account.account)
            .grant(self.grant)
    }
}

fn invitation_context(grant: GrantId, role: Role, home: HomeScope) -> Context {
    Context::new(key_of(role, Kept::Invitation), home.installation)
        .grant(grant)
        .role(role)
        .home_epoch(home.epoch)
}

const fn key_of(role: Role, kept: Kept) -> Purpose {
    match (holds_control_key(role), kept) {
        (true, Kept::Account) => Purpose::GrantControl,
        (true, Kept::Away) => Purpose::GrantControlAway,
        (true, Kept::Invitation) => Purpose::InvitationControl,
        (false, Kept::Account) => Purpose::GrantHome,
        (false, Kept::Away) => Purpose::GrantHomeAway,
        (false, Kept::Invitation) => Purpose::InvitationHome,
    }
}

/// Owners and adults have the control key, and nobody else.
const fn holds_control_key(role: Role) -> bool {
    match role {
        Role::Owner | Role::Adult => true,
        Role::Viewer => false,
    }
}
