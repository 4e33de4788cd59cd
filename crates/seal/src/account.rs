//! The account key: who signs in gets it, by whichever method proved something.

use ownsight_model::{AccountId, Email, IdKind, InstallationId, SessionId};
use zeroize::Zeroizing;

use crate::canonical::Context;
use crate::hpke::{KeyPair, PublicKey};
use crate::secret::{MasterKey, PasswordHash, secret};
use crate::{OpenError, Purpose, primitives, wrap};

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
        self.key_pair(scope).public()
    }

    pub(crate) fn key_pair(&self, scope: AccountScope) -> KeyPair {
        let context = Context::new(Purpose::AccountKeyPair, scope.installation).account(scope.account);
        KeyPair::derive(&primitives::hkdf(&*self.0, &[], &context))
    }

    /// Seals what the account sees of itself.
    pub fn seal_text(&self, scope: AccountScope, text: &[u8]) -> Vec<u8> {
        wrap::seal(&self.0, &Self::text_context(scope), text)
    }

    /// Opens what the account sees of itself.
    pub fn open_text(&self, scope: AccountScope, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        wrap::open(&self.0, &Self::text_context(scope), sealed)
    }

    /// Seals what program a session was begun with.
    pub fn seal_session_text(&self, scope: AccountScope, session: SessionId, text: &[u8]) -> Vec<u8> {
        wrap::seal(&self.0, &Self::session_context(scope, session), text)
    }

    /// Opens what program a session was begun with.
    pub fn open_session_text(
        &self,
        scope: AccountScope,
        session: SessionId,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        wrap::open(&self.0, &Self::session_context(scope, session), sealed)
    }

    fn session_context(scope: AccountScope, session: SessionId) -> Context {
        Context::new(Purpose::SessionText, scope.installation).account(scope.account).session(session)
    }

    fn text_context(scope: AccountScope) -> Context {
        Context::new(Purpose::AccountText, scope.installation).account(scope.account)
    }
}
