//! The gate itself: what it holds, and how it is opened.

use std::sync::{Arc, OnceLock};

use ownsight_ledger::Ledger;
use ownsight_model::{HomeId, InstallationId, Timestamp};
use ownsight_registry::{InstallationRow, Registry, RegistryError};
use ownsight_seal::{MasterKey, PairingCode};
use ownsight_vault::Vault;
use tokio::sync::mpsc;

use crate::credentials::Credentials;
use crate::kept_keys::KeptKeys;
use crate::password::Hasher;
use crate::throttle::Throttle;
use crate::token_use::TokenUses;
use crate::{GateError, alarm, lockdown};

/// How long the ledger may take to say that it is there.
const READY_MAX: std::time::Duration = std::time::Duration::from_secs(2);

/// The only door to keys and plaintext. Cheap to clone.
///
/// Every method reads session and grants from the registry in its own call; nothing that it opened outlives the
/// answer, but event keys, sealed under what the next call must open itself. All are cancel-safe: a dropped call has done all of what it does to registry and vault, or none of it,
/// and may have left an opening on record that did not take place.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

struct Inner {
    installation: InstallationRow,
    master: MasterKey,
    registry: Registry,
    vault: Vault,
    ledger: Ledger,
    hasher: Hasher,
    throttle: Throttle,
    kept_keys: KeptKeys,
    token_uses: TokenUses,
    local_pairings: mpsc::Sender<LocalPairing>,
    /// Held while a local agent's pairing is looked for and made, so that two requests do not make two.
    local_agents: tokio::sync::Mutex<()>,
    server_pin: OnceLock<[u8; 32]>,
}

/// A pairing code for the agent that this server runs for a home: goes to the supervisor, and nowhere else.
#[derive(Debug)]
pub struct LocalPairing {
    /// The home.
    pub home: HomeId,
    /// The code, for the agent's standard input.
    pub code: LocalCode,
}

/// A pairing code on its way to an agent's standard input.
pub struct LocalCode(pub(crate) PairingCode);

impl LocalCode {
    /// The code's characters, wiped when dropped.
    pub fn reveal(&self) -> zeroize::Zeroizing<String> {
        self.0.reveal()
    }
}

impl std::fmt::Debug for LocalCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LocalCode(…)")
    }
}

/// Why the gate does not open at start.
#[derive(Debug, thiserror::Error)]
pub enum OpenGateError {
    /// The key file is not the one that this database was made with.
    #[error(
        "the master key is not the one that this database was made with: restore the key from the recovery sheet, or the database that belongs to it"
    )]
    WrongMasterKey,
    /// The database has no installation yet: make one first.
    #[error("the database has no installation yet")]
    NoInstallation,
    /// The registry does not answer.
    #[error("the registry does not answer")]
    Registry(#[from] RegistryError),
}

impl Gate {
    /// Makes the installation's id, with a commitment to its master key, in a database that has none yet.
    pub async fn create_installation(
        master: &MasterKey,
        registry: &Registry,
    ) -> Result<InstallationId, RegistryError> {
        let id = InstallationId::generate();
        let row =
            InstallationRow { id, created_at: Timestamp::now(), master_commitment: master.commitment(id) };
        registry.create_installation(row).await?;
        Ok(id)
    }

    /// Opens the gate of an installation, with the master key that it was made with.
    ///
    /// Codes for local agents come out of the receiver, which holds at most 16.
    pub async fn open(
        master: MasterKey,
        registry: Registry,
        vault: Vault,
        ledger: Ledger,
    ) -> Result<(Self, mpsc::Receiver<LocalPairing>), OpenGateError> {
        let installation = registry.installation().await?.ok_or(OpenGateError::NoInstallation)?;
        if master.commitment(installation.id) != installation.master_commitment {
            return Err(OpenGateError::WrongMasterKey);
        }
        alarm::describe();
        vault.on_cache_violation(|_| alarm::cache_violation());
        let (local_pairings, receiver) = mpsc::channel(16);
        let inner = Inner {
            installation,
            master,
            token_uses: TokenUses::begin(registry.clone()),
            registry,
            vault,
            ledger,
            hasher: Hasher::new(),
            throttle: Throttle::new(),
            kept_keys: KeptKeys::default(),
            local_pairings,
            local_agents: tokio::sync::Mutex::new(()),
            server_pin: OnceLock::new(),
        };
        let gate = Self { inner: Arc::new(inner) };
        // What a crash, or a ledger that was full, left off the record.
        gate.record_lockdowns().await;
        Ok((gate, receiver))
    }

    /// The installation's id.
    pub fn installation(&self) -> InstallationId {
        self.inner.installation.id
    }

    /// Credentials from a browser's two cookies; `None` if they do not have the form of halves.
    pub fn cookie_credentials(&self, server_half: &str, page_half: &str) -> Option<Credentials> {
        Credentials::cookie(self.installation(), server_half, page_half)
    }

    /// Credentials from a bearer token and the client's own half, if it has one; or from a program's token, which has none.
    pub fn bearer_credentials(&self, token: &str, client_half: Option<&str>) -> Option<Credentials> {
        Credentials::bearer(self.installation(), token, client_half)
    }

    /// Says by which key devices know this server: SHA-256 of its public key (SubjectPublicKeyInfo, DER). Goes into each
    /// pairing from now on, sealed under its code. For a server whose certificate no authority vouches for; the first
    /// one that is said stays.
    pub fn set_server_pin(&self, pin: [u8; 32]) {
        self.inner.server_pin.get_or_init(|| pin);
    }

    pub(crate) fn server_pin(&self) -> Option<[u8; 32]> {
        self.inner.server_pin.get().copied()
    }

    /// Whether the ledger records and answers, without which nothing opens.
    pub async fn is_ready(&self) -> bool {
        let answers = tokio::time::timeout(READY_MAX, self.ledger().head()).await;
        self.ledger().is_recording() && matches!(answers, Ok(Ok(_)))
    }

    pub(crate) fn created_at(&self) -> Timestamp {
        self.inner.installation.created_at
    }

    pub(crate) fn master(&self) -> &MasterKey {
        &self.inner.master
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.inner.ledger
    }

    pub(crate) fn hasher(&self) -> &Hasher {
        &self.inner.hasher
    }

    pub(crate) fn throttle(&self) -> &Throttle {
        &self.inner.throttle
    }

    pub(crate) fn kept_keys(&self) -> &KeptKeys {
        &self.inner.kept_keys
    }

    pub(crate) fn token_uses(&self) -> &TokenUses {
        &self.inner.token_uses
    }

    pub(crate) fn local_agents(&self) -> &tokio::sync::Mutex<()> {
        &self.inner.local_agents
    }

    pub(crate) fn local_pairings(&self) -> &mpsc::Sender<LocalPairing> {
        &self.inner.local_pairings
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gate({})", self.installation())
    }
}

/// What a caller is told of a registry's error.
pub(crate) fn registry_error(error: RegistryError) -> GateError {
    match error {
        RegistryError::NotLive => GateError::SignedOut,
        RegistryError::NotFound => GateError::NotFound,
        RegistryError::Conflict => GateError::Conflict,
        RegistryError::EmailTaken => GateError::EmailTaken,
        RegistryError::LinkUsed => GateError::LinkUsed,
        RegistryError::LockedDown(row) => lockdown::locked_down(&row),
        RegistryError::Restored => GateError::Restored,
        RegistryError::AlreadyMember => GateError::AlreadyMember,
        RegistryError::LastOwner => GateError::LastOwner,
        RegistryError::TooMany { max } => GateError::TooMany { max },
        RegistryError::DiskFull => GateError::DiskFull,
        RegistryError::Unavailable => GateError::Busy,
        other => alarm::unavailable(&other, "asking the registry"),
    }
}
