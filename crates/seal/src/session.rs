//! A session's secret in two halves, and what is derived from it.

use ownsight_model::{AccountId, InstallationId, SessionId, Timestamp, TokenRights};
use zeroize::Zeroizing;

use crate::account::AccountKey;
use crate::barriers::{Barrier, on};
use crate::canonical::Context;
use crate::primitives::{self, Key};
use crate::{OpenError, Purpose, wrap};
use ownsight_model::IdKind;

/// How a session's secret travels: a cookie of one kind never opens a session of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// Two cookies of a browser: one set by the server, one by the page itself.
    Cookie,
    /// A bearer token of an API client.
    Bearer,
    /// A program's token, which has a name, rights and an end.
    Token,
    /// Two cookies of a browser in which the operator visits: no account's.
    Operator,
}

impl SessionKind {
    /// The code of this kind in canonical bytes and in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Cookie => 1,
            Self::Bearer => 2,
            Self::Token => 3,
            Self::Operator => 4,
        }
    }

    /// The kind with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Cookie),
            2 => Some(Self::Bearer),
            3 => Some(Self::Token),
            4 => Some(Self::Operator),
            _ => None,
        }
    }
}

/// Both halves of a session's secret. The server's half finds the session, both together open it.
#[derive(Clone)]
pub struct SessionSecret {
    installation: InstallationId,
    kind: SessionKind,
    server_half: Key,
    both: Zeroizing<[u8; 64]>,
}

/// What a session opens to.
#[derive(Debug)]
pub struct OpenedSession {
    /// Whose session it is.
    pub account: AccountId,
    /// The account's key.
    pub key: AccountKey,
}

/// The tag that every answer carries: bodies are written only to the session that asked.
#[derive(Clone, Copy)]
pub struct SessionTag([u8; 16]);

#[cfg(test)]
impl From<[u8; 16]> for SessionTag {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl SessionTag {
    /// Whether both are of one session.
    pub fn same(&self, other: &Self) -> bool {
        !on(Barrier::Session) || primitives::same_bytes(&self.0, &other.0)
    }
}

impl std::fmt::Debug for SessionTag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionTag(…)")
    }
}

impl SessionSecret {
    /// A secret from its halves. A bearer client without a half of its own has `None`: 32 zero bytes.
    pub fn new(
        installation: InstallationId,
        kind: SessionKind,
        server_half: [u8; 32],
        client_half: Option<[u8; 32]>,
    ) -> Self {
        let server_half = Zeroizing::new(server_half);
        let client_half = Zeroizing::new(client_half.unwrap_or([0; 32]));
        let mut both = Zeroizing::new([0; 64]);
        for (to, from) in both.iter_mut().zip(server_half.iter().chain(client_half.iter())) {
            *to = *from;
        }
        Self { installation, kind, server_half, both }
    }

    /// A new server's half, for a sign-in that brings `client_half`.
    pub fn generate(installation: InstallationId, kind: SessionKind, client_half: Option<[u8; 32]>) -> Self {
        Self::new(installation, kind, primitives::random(), client_half)
    }

    /// The server's half, to be handed to the client.
    pub fn server_half(&self) -> &[u8; 32] {
        &self.server_half
    }

    /// What the session's row is found by: SHA-256 of the server's half.
    pub fn find(&self) -> [u8; 32] {
        primitives::sha256(&*self.server_half)
    }

    /// How this secret travels.
    pub fn kind(&self) -> SessionKind {
        self.kind
    }

    /// The value `s` that the page puts into addresses: 16 bytes.
    pub fn page_value(&self) -> [u8; 16] {
        self.derive(Purpose::SessionPage)
    }

    /// Whether `s` is this session's.
    pub fn page_value_is(&self, s: &[u8]) -> bool {
        !on(Barrier::Session) || primitives::same_bytes(&self.page_value(), s)
    }

    /// The tag of answers to this session.
    pub fn tag(&self) -> SessionTag {
        SessionTag(self.derive(Purpose::SessionAnswer))
    }

    /// Wraps an account's key for this session until `expires_at`.
    pub fn seal(
        &self,
        session: SessionId,
        expires_at: Timestamp,
        account: AccountId,
        key: &AccountKey,
    ) -> Vec<u8> {
        let context = self.wrap_context(session, expires_at);
        wrap::seal_key(&self.parent(), &context, IdKind::Account, account.as_bytes(), &key.0)
    }

    /// Opens the session's row: gives the account, as it was when the session began.
    pub fn open(
        &self,
        session: SessionId,
        expires_at: Timestamp,
        sealed: &[u8],
    ) -> Result<OpenedSession, OpenError> {
        let context = self.wrap_context(session, expires_at);
        let (id, key) = wrap::open_key(&self.parent(), &context, IdKind::Account, sealed)?;
        Ok(OpenedSession { account: AccountId::from_bytes(id), key: AccountKey(key) })
    }

    /// Wraps an account's key for a program's token with these rights, until `expires_at`.
    pub fn seal_token(
        &self,
        session: SessionId,
        expires_at: Timestamp,
        rights: TokenRights,
        account: AccountId,
        key: &AccountKey,
    ) -> Vec<u8> {
        let context = self.token_context(session, expires_at, rights);
        wrap::seal_key(&self.parent(), &context, IdKind::Account, account.as_bytes(), &key.0)
    }

    /// Opens a token's row, for the rights that it was made with: other ones are [`OpenError::MixUp`].
    pub fn open_token(
        &self,
        session: SessionId,
        expires_at: Timestamp,
        rights: TokenRights,
        sealed: &[u8],
    ) -> Result<OpenedSession, OpenError> {
        let context = self.token_context(session, expires_at, rights);
        let (id, key) = wrap::open_key(&self.parent(), &context, IdKind::Account, sealed)?;
        Ok(OpenedSession { account: AccountId::from_bytes(id), key: AccountKey(key) })
    }

    fn token_context(&self, session: SessionId, expires_at: Timestamp, rights: TokenRights) -> Context {
        self.context(Purpose::ApiToken).session(session).time(expires_at).token_rights(rights)
    }

    fn wrap_context(&self, session: SessionId, expires_at: Timestamp) -> Context {
        self.context(Purpose::Session).session(session).time(expires_at)
    }

    fn context(&self, purpose: Purpose) -> Context {
        Context::new(purpose, self.installation).session_kind(self.kind.code())
    }

    /// The halves are uniform but 64 bytes long; wraps take 32.
    pub(crate) fn parent(&self) -> Key {
        let digest = primitives::sha256(&*self.both);
        Zeroizing::new(digest)
    }

    fn derive(&self, purpose: Purpose) -> [u8; 16] {
        *primitives::hkdf(&*self.parent(), &[], &self.context(purpose))
    }
}

impl std::fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionSecret({:?}, …)", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_code_of_its_own_and_no_other_code_is_one() {
        let kinds = [SessionKind::Cookie, SessionKind::Bearer, SessionKind::Token, SessionKind::Operator];
        for (code, kind) in (1..).zip(kinds) {
            assert_eq!((kind.code(), SessionKind::from_code(code)), (code, Some(kind)));
        }
        for code in [0, 5, 255] {
            assert_eq!(SessionKind::from_code(code), None);
        }
    }
}
