//! A key for an account that is away: sealed by HPKE to its public key, authenticated by the member key that it shares with
//! the home.
//!
//! `format version 1 (1) ‖ encapsulation (32) ‖ ciphertext with tag`; PSK = member key, psk_id = grant's id. The plaintext is that
//! of a wrapped key (kind, home, key).

use ownsight_model::{HomeId, IdKind};

use crate::account::AccountKey;
use crate::canonical::{Context, FORMAT_VERSION};
use crate::error::malformed;
use crate::grant::GrantScope;
use crate::hpke::{self, ENCAPSULATION_BYTES, PublicKey};
use crate::primitives::Key;
use crate::secret::MemberKey;
use crate::{OpenError, wrap};

impl MemberKey {
    /// Seals a home's key under this info.
    pub(crate) fn seal_away(
        &self,
        scope: GrantScope,
        to: &PublicKey,
        info: &Context,
        plaintext: &wrap::KeyBytes,
    ) -> Vec<u8> {
        let psk_id = scope.grant.as_bytes();
        let (encapsulation, sealed) =
            hpke::seal(to, self.expose(), psk_id, info.as_bytes(), plaintext.as_slice());
        let mut out = Vec::with_capacity(1 + ENCAPSULATION_BYTES + sealed.len());
        out.push(FORMAT_VERSION);
        out.extend_from_slice(&encapsulation);
        out.extend_from_slice(&sealed);
        out
    }
}

impl AccountKey {
    /// Opens what [`MemberKey::seal_away`] made under the same info; a key of another home is a mix-up.
    pub(crate) fn open_away(
        &self,
        scope: GrantScope,
        (home, member_key): (HomeId, &MemberKey),
        info: &Context,
        sealed: &[u8],
    ) -> Result<Key, OpenError> {
        let purpose = info.purpose();
        let what = purpose.label();
        let (&version, rest) = sealed.split_first().ok_or(malformed(what, "it is empty"))?;
        if version != FORMAT_VERSION {
            return Err(malformed(what, "its format version is not known"));
        }
        let (encapsulation, sealed) =
            rest.split_first_chunk::<ENCAPSULATION_BYTES>().ok_or(malformed(what, "it is too short"))?;
        let pair = self.key_pair(scope.account);
        let psk_id = scope.grant.as_bytes();
        let plaintext =
            hpke::open(&pair, member_key.expose(), psk_id, info.as_bytes(), encapsulation, sealed)
                .ok_or(OpenError::NotAuthentic(purpose))?;
        let (id, key) = wrap::key_of_bytes(purpose, IdKind::Home, &plaintext)?;
        wrap::same_id(&home, &HomeId::from_bytes(id), purpose)?;
        Ok(key)
    }
}
