//! Switches for the swap tests' negative control: a barrier that is off is an identity cipher, or a tag that verifies.
//!
//! A test that exchanges rows between two homes and sees no leak has shown something only if the same test sees
//! the leak with the barriers off. Without the feature `barriers` every barrier is on and nothing can switch it
//! off; with it, the crate does not compile for release.

#[cfg(all(feature = "barriers", not(debug_assertions)))]
compile_error!("the feature `barriers` switches cryptography off and is for tests only: build without it");

/// One thing that stands between a mix-up and a leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Barrier {
    /// The commitment beside each wrap.
    Commitment,
    /// AES-256-GCM of wraps and private text.
    Aead,
    /// HPKE of event keys and configurations.
    Hpke,
    /// HMAC tags of headers, trailers, reports and pairings.
    Tags,
    /// The streaming AEAD of sections.
    Stream,
    /// The comparison of ids that were opened with ids that were asked for.
    Identity,
    /// The session's tag on answers and the value `s`.
    Session,
}

#[cfg(not(feature = "barriers"))]
#[inline]
pub(crate) const fn on(_barrier: Barrier) -> bool {
    true
}

#[cfg(feature = "barriers")]
mod switches {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::Barrier;

    static OFF: AtomicU8 = AtomicU8::new(0);

    impl Barrier {
        /// All barriers.
        pub const ALL: [Self; 7] = [
            Self::Commitment,
            Self::Aead,
            Self::Hpke,
            Self::Tags,
            Self::Stream,
            Self::Identity,
            Self::Session,
        ];

        /// Switches this barrier on or off for the whole process.
        pub fn set(self, on: bool) {
            let bit = 1 << self as u8;
            if on {
                OFF.fetch_and(!bit, Ordering::SeqCst);
            } else {
                OFF.fetch_or(bit, Ordering::SeqCst);
            }
        }
    }

    /// Whether a barrier is on.
    pub fn on(barrier: Barrier) -> bool {
        OFF.load(Ordering::Relaxed) & (1 << barrier as u8) == 0
    }
}

#[cfg(feature = "barriers")]
pub use switches::on;
