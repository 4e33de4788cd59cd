//! Pairing, as far as the server takes part: it hands out what it cannot open, and keeps an answer that an
//! owner's or adult's next request will check.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use ownsight_model::{DeviceId, Timestamp};
use ownsight_registry::{AnswerOutcome, PairingAnswerRow, RegistryError};
use ownsight_seal::{PairingCode, PublicKey};

use crate::error::spread;
use crate::{Ingest, PairingError};

/// Most bytes of the program's name and version.
const VERSION_BYTES_MAX: usize = 100;

/// A device's answer to a pairing.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The device's id, as the blob named it.
    pub device: DeviceId,
    /// Its X25519 public key.
    pub public_key: [u8; 32],
    /// SHA-256 of its credential.
    pub credential_hash: [u8; 32],
    /// The MAC under a key from the code.
    pub mac: [u8; 32],
    /// Whether it is an agent; else a camera that pushes by itself.
    pub agent: bool,
    /// The program and version.
    pub version: String,
}

impl Ingest {
    /// What the holder of a pairing code opens with it: the blob, sealed under the code.
    ///
    /// Cancel-safe: a dropped call changes nothing but the caller's allowance.
    pub async fn find_pairing(&self, find: &[u8; 32], peer: IpAddr) -> Result<Vec<u8>, PairingError> {
        self.limit_pairings(peer)?;
        let found = self.inner.registry.pairing_by_find(PairingCode::find_hash(find), Timestamp::now()).await;
        Ok(found.map_err(|error| unavailable(&error))?.ok_or(PairingError::Unknown)?.blob)
    }

    /// Keeps a device's answer until it is checked. The same answer again is fine.
    ///
    /// Cancel-safe: a dropped call has kept the answer or not.
    pub async fn answer_pairing(
        &self,
        find: &[u8; 32],
        answer: Answer,
        peer: IpAddr,
    ) -> Result<(), PairingError> {
        self.limit_pairings(peer)?;
        if PublicKey::from_bytes(&answer.public_key).is_none() {
            return Err(PairingError::Malformed { why: "`public_key` is not an X25519 public key" });
        }
        if answer.version.len() > VERSION_BYTES_MAX || answer.version.chars().any(char::is_control) {
            return Err(PairingError::Malformed {
                why: "`version` has more than 100 bytes, or control characters",
            });
        }
        let (find_hash, now) = (PairingCode::find_hash(find), Timestamp::now());
        let found = self.inner.registry.pairing_by_find(find_hash, now).await;
        let pairing = found.map_err(|error| unavailable(&error))?.ok_or(PairingError::Unknown)?;
        if pairing.device != answer.device {
            return Err(PairingError::Malformed { why: "`device_id` is not the device of this pairing" });
        }
        let Answer { device: _, public_key, credential_hash, mac, agent, version } = answer;
        let row = PairingAnswerRow { public_key, credential_hash, mac, agent, version };
        match self.inner.registry.answer_pairing(find_hash, now, row).await {
            Ok(AnswerOutcome::Taken | AnswerOutcome::Same) => Ok(()),
            Ok(AnswerOutcome::Conflict) => Err(PairingError::Conflict),
            Ok(AnswerOutcome::Unknown) => Err(PairingError::Unknown),
            Err(error) => Err(unavailable(&error)),
        }
    }

    fn limit_pairings(&self, peer: IpAddr) -> Result<(), PairingError> {
        let peer = match peer.to_canonical() {
            // One household has a /64 to choose from.
            IpAddr::V6(address) => IpAddr::from((u128::from(address) >> 64 << 64).to_be_bytes()),
            v4 @ IpAddr::V4(_) => v4,
        };
        self.inner
            .pairing_rate
            .take(peer, Instant::now())
            .map_err(|wait| PairingError::TooMany { retry_after: wait.max(Duration::from_secs(1)) })
    }
}

fn unavailable(error: &RegistryError) -> PairingError {
    tracing::warn!(%error, "the registry did not answer about a pairing");
    PairingError::Busy { retry_after: spread(2, 10) }
}
