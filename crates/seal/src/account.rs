//! The account key: who signs in gets it, by whichever method proved something.

use ownsight_model::{AccountId, Email, GrantId, HomeId, IdKind, InstallationId, Role};
use zeroize::Zeroizing;

use crate::canonical::Context;
use crate::home::{ControlKey, HomeScope};
use crate::hpke::{KeyPair, PublicKey};
use crate::secret::{MasterKey, PasswordHash, secret};
use crate::{OpenError, Purpose, primitives, wrap};
use ownsight_model::HomeEpoch;

secret! {
    /// An account's key: opens its grants and what it sees of itself.
    AccountKey
}

/// The context of one account: which, in which installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountScope {
    /// The installation.
    pub installation: InstallationId,
    /// The account.
    pub account: AccountId,
}

impl PasswordHash {
    /// Wraps the account key under a password that argon2id has hashed.
    pub fn seal(&self, scope: AccountScope, email: &Email, key: &AccountKey) -> Vec<u8> {
        let context = Context::new(Purpose::Password, scope.installation).email(email);
        wrap::seal_key(&self.0, &context, IdKind::Account, scope.account.as_bytes(), &key.0)
    }

    /// Opens the wrap under a password. A wrong password is [`OpenError::MixUp`]: nothing tells it from another's row.
    pub fn open(
        &self,
        installation: InstallationId,
        email: &Email,
        sealed: &[u8],
    ) -> Result<(AccountId, AccountKey), OpenError> {
        let context = Context::new(Purpose::Password, installation).email(email);
        let (id, key) = wrap::open_key(&self.0, &context, IdKind::Account, sealed)?;
        Ok((AccountId::from_bytes(id), AccountKey(key)))
    }
}

impl MasterKey {
    /// Wraps the account key under the master key: custody `server`.
    pub fn seal(&self, scope: AccountScope, email: &Email, key: &AccountKey) -> Vec<u8> {
        let context = Context::new(Purpose::Custody, scope.installation).email(email);
        wrap::seal_key(&self.0, &context, IdKind::Account, scope.account.as_bytes(), &key.0)
    }

    /// Opens the custody wrap of the account with this e-mail address.
    pub fn open(
        &self,
        installation: InstallationId,
        email: &Email,
        sealed: &[u8],
    ) -> Result<(AccountId, AccountKey), OpenError> {
        let context = Context::new(Purpose::Custody, installation).email(email);
        let (id, key) = wrap::open_key(&self.0, &context, IdKind::Account, sealed)?;
        Ok((AccountId::from_bytes(id), AccountKey(key)))
    }
}

impl AccountKey {
    /// The account's public key, that a grant for somebody who is away is sealed to.
    pub fn public_key(&self, scope: AccountScope) -> PublicKey {
        let context = Context::new(Purpose::AccountKeyPair, scope.installation).account(scope.account);
        KeyPair::derive(&primitives::hkdf(&*self.0, &[], &context)).public()
    }

    /// Seals what the account sees of itself.
    pub fn seal_text(&self, scope: AccountScope, text: &[u8]) -> Vec<u8> {
        wrap::seal(&self.0, &Self::text_context(scope), text)
    }

    /// Opens what the account sees of itself.
    pub fn open_text(&self, scope: AccountScope, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        wrap::open(&self.0, &Self::text_context(scope), sealed)
    }

    fn text_context(scope: AccountScope) -> Context {
        Context::new(Purpose::AccountText, scope.installation).account(scope.account)
    }

    /// Wraps a home's control key as a grant to this account.
    ///
    /// # Panics
    /// When `role` is viewer: a viewer never holds the control key.
    pub fn seal_grant(&self, scope: AccountScope, grant: GrantId, role: Role, key: &ControlKey) -> Vec<u8> {
        assert!(holds_control_key(role), "a viewer's grant is of the home key");
        let context = Self::grant_context(scope, grant, role, key.scope().epoch);
        wrap::seal_key(&self.0, &context, IdKind::Home, key.scope().home.as_bytes(), &key.key)
    }

    /// Opens an owner's or adult's grant. The home is the one that was sealed, whatever the row says.
    pub fn open_grant(
        &self,
        scope: AccountScope,
        grant: GrantId,
        role: Role,
        epoch: HomeEpoch,
        sealed: &[u8],
    ) -> Result<ControlKey, OpenError> {
        if !holds_control_key(role) {
            return Err(OpenError::MixUp(Purpose::GrantControl));
        }
        let context = Self::grant_context(scope, grant, role, epoch);
        let (id, key) = wrap::open_key(&self.0, &context, IdKind::Home, sealed)?;
        let home = HomeId::from_bytes(id);
        Ok(ControlKey { scope: HomeScope { installation: scope.installation, home, epoch }, key })
    }

    fn grant_context(scope: AccountScope, grant: GrantId, role: Role, epoch: HomeEpoch) -> Context {
        Context::new(Purpose::GrantControl, scope.installation)
            .account(scope.account)
            .grant(grant)
            .role(role)
            .home_epoch(epoch)
    }
}

/// A role is a key: owners and adults have the control key, and nobody else.
const fn holds_control_key(role: Role) -> bool {
    match role {
        Role::Owner | Role::Adult => true,
        Role::Viewer => false,
    }
}
