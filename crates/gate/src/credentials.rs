//! What a request brings to prove whose it is: both halves of a session's secret.

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::InstallationId;
use ownsight_seal::{SessionKind, SessionSecret};
use zeroize::Zeroizing;

use crate::GateError;

/// What a program's token begins with, so that it is known for one wherever it turns up.
pub(crate) const TOKEN_PREFIX: &str = "ownsight_";

/// Both halves of a session's secret, as a request brought them. Proves nothing before the gate has opened with it.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub(crate) secret: SessionSecret,
}

impl Credentials {
    /// From the two cookies of a browser; `None` if they do not have the form of halves.
    pub(crate) fn cookie(installation: InstallationId, server_half: &str, page_half: &str) -> Option<Self> {
        let server_half = half(server_half)?;
        let page_half = half(page_half)?;
        let secret = SessionSecret::new(installation, SessionKind::Cookie, *server_half, Some(*page_half));
        Some(Self { secret })
    }

    /// From a bearer token and the client's own half, if it has one; or from a program's token, which has none.
    pub(crate) fn bearer(
        installation: InstallationId,
        token: &str,
        client_half: Option<&str>,
    ) -> Option<Self> {
        if let Some(token) = token.strip_prefix(TOKEN_PREFIX) {
            let secret = SessionSecret::new(installation, SessionKind::Token, *half(token)?, None);
            return client_half.is_none().then_some(Self { secret });
        }
        let server_half = half(token)?;
        let client_half = match client_half {
            Some(text) => Some(half(text)?),
            None => None,
        };
        let client_half = client_half.map(|bytes| *bytes);
        Some(Self {
            secret: SessionSecret::new(installation, SessionKind::Bearer, *server_half, client_half),
        })
    }

    /// Whether this is a browser's session, whose addresses must carry `s`.
    pub fn is_cookie(&self) -> bool {
        self.secret.kind() == SessionKind::Cookie
    }

    /// Refuses a program's token, before anything was opened with it: what it cannot do, no row decides.
    pub(crate) fn is_no_token(&self) -> Result<(), GateError> {
        match self.secret.kind() {
            SessionKind::Cookie | SessionKind::Bearer => Ok(()),
            SessionKind::Token | SessionKind::Operator => Err(GateError::TokenMayNot { missing: None }),
        }
    }

    /// The value `s` of this session, as it stands in addresses.
    pub fn page_value(&self) -> String {
        BASE64URL_NOPAD.encode(&self.secret.page_value())
    }

    /// Whether `s` is this session's.
    pub fn page_value_is(&self, s: &str) -> bool {
        // A value of another form is compared as nothing, which is never right.
        let bytes = BASE64URL_NOPAD.decode(s.as_bytes()).unwrap_or_default();
        self.secret.page_value_is(&bytes)
    }

    pub(crate) fn tag(&self) -> ownsight_seal::SessionTag {
        self.secret.tag()
    }

    pub(crate) fn find(&self) -> [u8; 32] {
        self.secret.find()
    }
}

/// 32 bytes as base64url without padding.
pub(crate) fn half(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    if text.len() != 43 {
        return None;
    }
    let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?);
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}
