//! Secrets of 32 bytes, each a type of its own: wiped when dropped, never shown by `Debug`.

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(pub(crate) $crate::primitives::Key);

        impl $name {
            /// A new random one.
            ///
            /// # Panics
            /// When the operating system has no randomness to give.
            pub fn generate() -> Self {
                Self(zeroize::Zeroizing::new($crate::primitives::random()))
            }

            /// The secret with these bytes.
            pub fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(zeroize::Zeroizing::new(bytes))
            }

            /// Its bytes, for storage by whoever may hold it.
            pub fn expose(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

pub(crate) use secret;

secret! {
    /// The installation's master key: custody of account keys. Lives in the configuration folder only.
    MasterKey
}
secret! {
    /// What a device proves itself with when it opens its next configuration; replaced by each of them.
    DeviceKey
}
secret! {
    /// What a device seals one camera's events with, beside the camera's public key.
    DevicePsk
}
secret! {
    /// What a device tags reports on itself with.
    DeviceReportKey
}
secret! {
    /// What argon2id made of a password.
    PasswordHash
}
secret! {
    /// The secret of a one-time link.
    LinkSecret
}

secret! {
    /// The secret of an invitation: behind the `#` of its link.
    InvitationSecret
}
secret! {
    /// What opens an invitation: of its secret and the address that it was made for.
    InvitationKey
}
secret! {
    /// What a home and one member share: authenticates grants that are sealed to that member while away.
    MemberKey
}
secret! {
    /// What a device that uploads plainly sends with each request: opens its device key, and so its configuration.
    UploadKey
}
secret! {
    /// What a device that uploads plainly signs with, and never sends.
    UploadSigningKey
}
secret! {
    /// What opens a share: sealed anew, as another key, whenever what is shared changes.
    ShareKey
}

impl MasterKey {
    /// The commitment that the database keeps, so that a wrong key file is refused at start.
    pub fn commitment(&self, installation: ownsight_model::InstallationId) -> [u8; 32] {
        let context = crate::canonical::Context::new(crate::Purpose::MasterCommitment, installation);
        *crate::primitives::hkdf(&*self.0, &[], &context)
    }

    /// The secret that servers with this key share for their cache: another master key empties it.
    pub fn cache_secret(&self, installation: ownsight_model::InstallationId) -> zeroize::Zeroizing<[u8; 32]> {
        let context = crate::canonical::Context::new(crate::Purpose::CacheSecret, installation);
        crate::primitives::hkdf(&*self.0, &[], &context)
    }
}
