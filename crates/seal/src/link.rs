//! One-time links: the secret is in the address's fragment, the database holds what it finds and what it opens.

use ownsight_model::InstallationId;
use zeroize::Zeroizing;

use crate::canonical::Context;
use crate::secret::LinkSecret;
use crate::{OpenError, Purpose, primitives, wrap};

impl LinkSecret {
    /// What the link's row is found by.
    pub fn find(&self, installation: InstallationId) -> [u8; 32] {
        *primitives::hkdf(&*self.0, &[], &Context::new(Purpose::LinkFind, installation))
    }

    /// Seals what the link is for.
    pub fn seal(&self, installation: InstallationId, content: &[u8]) -> Vec<u8> {
        wrap::seal(&self.0, &Context::new(Purpose::Link, installation), content)
    }

    /// Opens what the link is for.
    pub fn open(&self, installation: InstallationId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        wrap::open(&self.0, &Context::new(Purpose::Link, installation), sealed)
    }
}
