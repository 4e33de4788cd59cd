//! Shares: some of a home's cameras for one account outside it. The holder gets a share key, and under that the secrets of
//! just those cameras and epochs: no other camera can be derived from them.

use ownsight_model::{
    CameraEpoch, CameraId, Email, GrantId, HomeEpoch, HomeId, IdKind, InstallationId, TenureId,
};
use zeroize::Zeroizing;

use crate::account::AccountKey;
use crate::camera::{CameraScope, CameraSecret};
use crate::canonical::Context;
use crate::error::malformed;
use crate::grant::GrantScope;
use crate::hpke::PublicKey;
use crate::secret::{InvitationKey, MemberKey, ShareKey};
use crate::{OpenError, Purpose, wrap};

/// camera ‖ tenure ‖ home epoch ‖ camera epoch ‖ secret.
const SECRET_BYTES: usize = 16 + 16 + 4 + 4 + 32;
const COUNT_BYTES: usize = 4;

/// Which share, of which home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareScope {
    /// The installation.
    pub installation: InstallationId,
    /// The home whose cameras they are.
    pub home: HomeId,
    /// The grant that the share is.
    pub grant: GrantId,
}

/// What a share opens to.
#[derive(Debug, Clone)]
pub struct ShareContents {
    /// The secrets of its cameras, one for each tenure, home epoch and camera epoch.
    pub secrets: Vec<CameraSecret>,
    /// What the home says of the share.
    pub text: Zeroizing<Vec<u8>>,
}

impl AccountKey {
    /// Wraps a share key under the account's own key.
    pub fn seal_share(&self, account: GrantScope, home: HomeId, key: &ShareKey) -> Vec<u8> {
        let context = account_context(account);
        wrap::seal_key(&self.0, &context, IdKind::Home, home.as_bytes(), &key.0)
    }

    /// Opens a share key of this account, and with it whose home's cameras it is for, whatever the row says.
    pub fn open_share(
        &self,
        account: GrantScope,
        sealed: &[u8],
    ) -> Result<(ShareScope, ShareKey), OpenError> {
        let (id, key) = wrap::open_key(&self.0, &account_context(account), IdKind::Home, sealed)?;
        Ok((scope_of(account, HomeId::from_bytes(id)), ShareKey(key)))
    }

    /// Opens a share key that was sealed while its account was away. Whoever made it had the member key.
    pub fn open_share_away(
        &self,
        account: GrantScope,
        member: (HomeId, &MemberKey),
        email: &Email,
        sealed: &[u8],
    ) -> Result<(ShareScope, ShareKey), OpenError> {
        let home = member.0;
        let key = self.open_away(account, member, &away_context(account, home, email), sealed)?;
        Ok((scope_of(account, home), ShareKey(key)))
    }
}

impl MemberKey {
    /// Seals a share key to an account that is away, for the address as it was typed when the share was made.
    pub fn seal_share(
        &self,
        account: GrantScope,
        to: &PublicKey,
        email: &Email,
        home: HomeId,
        key: &ShareKey,
    ) -> Vec<u8> {
        let info = away_context(account, home, email);
        let plaintext = wrap::key_bytes(IdKind::Home, home.as_bytes(), &key.0);
        self.seal_away(account, to, &info, &plaintext)
    }
}

impl InvitationKey {
    /// Seals a share key into an invitation.
    pub fn seal_share(&self, share: ShareScope, key: &ShareKey) -> Vec<u8> {
        wrap::seal_key(&self.0, &invited_context(share), IdKind::Home, share.home.as_bytes(), &key.0)
    }

    /// Opens the share key in an invitation.
    pub fn open_share(&self, share: ShareScope, sealed: &[u8]) -> Result<ShareKey, OpenError> {
        let (id, key) = wrap::open_key(&self.0, &invited_context(share), IdKind::Home, sealed)?;
        wrap::same_id(&share.home, &HomeId::from_bytes(id), Purpose::InvitationShare)?;
        Ok(ShareKey(key))
    }
}

impl ShareKey {
    /// Seals what the holder of a share gets; `serial` counts how often that was sealed.
    ///
    /// # Panics
    /// When a secret is of another home than the share: it must not leave with it.
    pub fn seal_contents(
        &self,
        share: ShareScope,
        serial: u64,
        secrets: &[CameraSecret],
        text: &[u8],
    ) -> Vec<u8> {
        let bytes = COUNT_BYTES + secrets.len() * SECRET_BYTES + text.len();
        let mut plaintext = Zeroizing::new(Vec::with_capacity(bytes));
        let count = u32::try_from(secrets.len()).unwrap_or(u32::MAX);
        plaintext.extend_from_slice(&count.to_be_bytes());
        for secret in secrets {
            let scope = secret.scope();
            let own = scope.home == share.home && scope.installation == share.installation;
            assert!(own, "a share has secrets of its own home only");
            plaintext.extend_from_slice(scope.camera.as_bytes());
            plaintext.extend_from_slice(scope.tenure.as_bytes());
            plaintext.extend_from_slice(&scope.home_epoch.number().to_be_bytes());
            plaintext.extend_from_slice(&scope.camera_epoch.number().to_be_bytes());
            plaintext.extend_from_slice(&*secret.key);
        }
        plaintext.extend_from_slice(text);
        wrap::seal(&self.0, &contents_context(share, serial), &plaintext)
    }

    /// Opens what the holder of a share gets.
    pub fn open_contents(
        &self,
        share: ShareScope,
        serial: u64,
        sealed: &[u8],
    ) -> Result<ShareContents, OpenError> {
        let plaintext = wrap::open(&self.0, &contents_context(share, serial), sealed)?;
        let bad = malformed(Purpose::ShareContents.label(), "it has not the secrets that it counts");
        let (count, rest) = plaintext.split_first_chunk::<COUNT_BYTES>().ok_or(bad.clone())?;
        let count = u32::from_be_bytes(*count) as usize;
        let length = count.checked_mul(SECRET_BYTES).filter(|length| *length <= rest.len());
        let (secrets, text) = rest.split_at(length.ok_or(bad.clone())?);
        let (secrets, _) = secrets.as_chunks::<SECRET_BYTES>();
        let secrets = secrets.iter().map(|bytes| secret(share, bytes).ok_or(bad.clone()));
        Ok(ShareContents { secrets: secrets.collect::<Result<_, _>>()?, text: Zeroizing::new(text.to_vec()) })
    }
}

fn secret(share: ShareScope, bytes: &[u8; SECRET_BYTES]) -> Option<CameraSecret> {
    let (camera, rest) = bytes.split_first_chunk::<16>()?;
    let (tenure, rest) = rest.split_first_chunk::<16>()?;
    let (home_epoch, rest) = rest.split_first_chunk::<4>()?;
    let (camera_epoch, key) = rest.split_first_chunk::<4>()?;
    let scope = CameraScope {
        installation: share.installation,
        home: share.home,
        camera: CameraId::from_bytes(*camera),
        tenure: TenureId::from_bytes(*tenure),
        home_epoch: HomeEpoch::new(u32::from_be_bytes(*home_epoch))?,
        camera_epoch: CameraEpoch::new(u32::from_be_bytes(*camera_epoch))?,
    };
    Some(CameraSecret { scope, key: Zeroizing::new(key.try_into().ok()?) })
}

fn scope_of(account: GrantScope, home: HomeId) -> ShareScope {
    ShareScope { installation: account.account.installation, home, grant: account.grant }
}

fn account_context(account: GrantScope) -> Context {
    Context::new(Purpose::GrantShare, account.account.installation)
        .account(account.account.account)
        .grant(account.grant)
}

fn away_context(account: GrantScope, home: HomeId, email: &Email) -> Context {
    Context::new(Purpose::GrantShareAway, account.account.installation)
        .home(home)
        .account(account.account.account)
        .grant(account.grant)
        .email(email)
}

fn invited_context(share: ShareScope) -> Context {
    Context::new(Purpose::InvitationShare, share.installation).grant(share.grant)
}

fn contents_context(share: ShareScope, serial: u64) -> Context {
    Context::new(Purpose::ShareContents, share.installation)
        .home(share.home)
        .grant(share.grant)
        .serial(serial)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::inputs;

    fn share() -> ShareScope {
        inputs::share_scope()
    }

    #[test]
    fn what_is_shared_comes_back_and_nothing_else() {
        let key = ShareKey::generate();
        let secrets = [inputs::camera_secret()];
        let sealed = key.seal_contents(share(), 3, &secrets, b"Mill Yard 7");
        let opened = key.open_contents(share(), 3, &sealed).unwrap();
        assert_eq!(opened.text.as_slice(), b"Mill Yard 7");
        assert_eq!(opened.secrets.len(), 1);
        assert_eq!(opened.secrets[0].scope(), secrets[0].scope());
        assert_eq!(*opened.secrets[0].key, *secrets[0].key);
        let none = key.seal_contents(share(), 3, &[], b"");
        assert!(key.open_contents(share(), 3, &none).unwrap().secrets.is_empty());
    }

    #[test]
    fn another_share_home_serial_or_key_is_a_mix_up() {
        let key = ShareKey::generate();
        let sealed = key.seal_contents(share(), 3, &[], b"");
        let others = [
            key.open_contents(ShareScope { home: HomeId::generate(), ..share() }, 3, &sealed),
            key.open_contents(ShareScope { grant: GrantId::generate(), ..share() }, 3, &sealed),
            key.open_contents(share(), 4, &sealed),
            ShareKey::generate().open_contents(share(), 3, &sealed),
        ];
        for other in others {
            assert_eq!(other.unwrap_err(), OpenError::MixUp(Purpose::ShareContents));
        }
    }

    #[test]
    fn contents_that_count_wrongly_are_refused() {
        let key = ShareKey::generate();
        for plaintext in [&[][..], &[0, 0, 0], &[0, 0, 0, 1, 9], &[255; 40]] {
            let sealed = wrap::seal(&key.0, &contents_context(share(), 1), plaintext);
            assert!(matches!(key.open_contents(share(), 1, &sealed), Err(OpenError::Malformed { .. })));
        }
        // An epoch's number is never 0.
        let mut plaintext = vec![0, 0, 0, 1];
        plaintext.extend_from_slice(&[0; SECRET_BYTES]);
        let sealed = wrap::seal(&key.0, &contents_context(share(), 1), &plaintext);
        assert!(key.open_contents(share(), 1, &sealed).is_err());
    }

    #[test]
    #[should_panic(expected = "its own home only")]
    fn a_secret_of_another_home_does_not_leave_with_a_share() {
        let other = ShareScope { home: HomeId::generate(), ..share() };
        let _ = ShareKey::generate().seal_contents(other, 1, &[inputs::camera_secret()], b"");
    }
}
