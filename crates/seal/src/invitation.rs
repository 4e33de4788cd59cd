//! Invitations: what the one who was invited opens with the link's secret and the address that the inviter typed, and what
//! the home keeps to check who accepted.

use ownsight_model::{Email, GrantId, InstallationId};
use zeroize::Zeroizing;

use crate::account::AccountScope;
use crate::canonical::Context;
use crate::secret::{InvitationKey, InvitationSecret, MemberKey};
use crate::{OpenError, Purpose, primitives, wrap};

impl InvitationSecret {
    /// What the invitation's row is found by.
    pub fn find(&self, installation: InstallationId) -> [u8; 32] {
        *primitives::hkdf(&*self.0, &[], &Context::new(Purpose::InvitationFind, installation))
    }

    /// What opens it, for who knows the address that it was made for.
    pub fn key(&self, installation: InstallationId, email: &Email) -> InvitationKey {
        let context = Context::new(Purpose::InvitationKey, installation).email(email);
        InvitationKey(primitives::hkdf(&*self.0, &[], &context))
    }

    /// What an invitation by code is found by.
    pub fn code_find(&self, installation: InstallationId) -> [u8; 32] {
        *primitives::hkdf(&*self.0, &[], &Context::new(Purpose::InvitationCodeFind, installation))
    }

    /// What opens an invitation by code, whoever has it: nothing of the home lies under it but what the invitation says.
    pub fn code_key(&self, installation: InstallationId) -> InvitationKey {
        let context = Context::new(Purpose::InvitationCodeKey, installation);
        InvitationKey(primitives::hkdf(&*self.0, &[], &context))
    }
}

impl InvitationKey {
    /// Seals what the invitation says before it is accepted.
    pub fn seal_text(&self, installation: InstallationId, grant: GrantId, text: &[u8]) -> Vec<u8> {
        wrap::seal(&self.0, &Context::new(Purpose::InvitationText, installation).grant(grant), text)
    }

    /// Opens what the invitation says. [`OpenError::MixUp`] for another address than it was made for: nothing tells that from
    /// another's row.
    pub fn open_text(
        &self,
        installation: InstallationId,
        grant: GrantId,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        wrap::open(&self.0, &Context::new(Purpose::InvitationText, installation).grant(grant), sealed)
    }

    /// Tags the note by which the home learns who accepted.
    pub fn tag_join_note(&self, installation: InstallationId, grant: GrantId, note: &[u8]) -> [u8; 32] {
        primitives::mac(&self.note_key(installation, grant), &[note])
    }

    /// Verifies a join note, before anything is sealed to who it names.
    pub fn verify_join_note(
        &self,
        installation: InstallationId,
        grant: GrantId,
        note: &[u8],
        tag: &[u8],
    ) -> Result<(), OpenError> {
        if primitives::mac_verifies(&self.note_key(installation, grant), &[note], tag) {
            Ok(())
        } else {
            Err(OpenError::NotAuthentic(Purpose::JoinNote))
        }
    }

    pub(crate) fn note_key(&self, installation: InstallationId, grant: GrantId) -> primitives::Key {
        primitives::hkdf(&*self.0, &[], &Context::new(Purpose::JoinNote, installation).grant(grant))
    }

    /// What the home and the account that accepted share from then on.
    pub fn member_key(&self, account: AccountScope, grant: GrantId) -> MemberKey {
        let context =
            Context::new(Purpose::MemberKey, account.installation).account(account.account).grant(grant);
        MemberKey(primitives::hkdf(&*self.0, &[], &context))
    }
}
