//! The installation's master key: its recovery sheet, and another key in its place.

use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::HEXLOWER;
use ownsight_model::{AccountId, Email, Timestamp};
use ownsight_registry::{Registry, RegistryError, Rewrap, Rewrapped};
use ownsight_seal::{AccountScope, MasterKey, OpenError, Purpose};

use crate::gate::{Gate, registry_error};
use crate::profile::LinkContent;
use crate::{GateError, OpenGateError, alarm, views};

/// Accounts whose custody does not open that the log names; all are counted.
const NAMED_MAX: u64 = 100;

/// What becomes of custodies that do not open under the present master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unopened {
    /// Nothing is changed.
    Refuse,
    /// They go. They would not have opened for a reset either; their accounts keep their passwords.
    Drop,
}

/// Why the master key was not replaced. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The key does not fit the database, or there is no installation in it.
    #[error(transparent)]
    Open(#[from] OpenGateError),
    /// Custodies do not open under the present key. The alarm has been raised for each.
    #[error("{count} accounts have a custody that does not open under the present master key")]
    Unopened {
        /// How many.
        count: u64,
    },
}

impl From<RegistryError> for RotateError {
    fn from(error: RegistryError) -> Self {
        Self::Open(error.into())
    }
}

/// Whether a database was made with this master key, or rotated to it: its commitment says so.
pub async fn master_key_fits(master: &MasterKey, registry: &Registry) -> Result<bool, OpenGateError> {
    let installation = registry.installation().await?.ok_or(OpenGateError::NoInstallation)?;
    Ok(master.commitment(installation.id) == installation.master_commitment)
}

/// Wraps all custodies under another master key and commits the database to that, in one transaction: afterwards the former
/// key opens nothing. Sessions, passwords and homes do not hang on it.
///
/// Cancel-safe: the database has the one key or the other, as its commitment says.
pub async fn rotate_master_key(
    registry: &Registry,
    from: &MasterKey,
    to: &MasterKey,
    unopened: Unopened,
) -> Result<Rewrapped, RotateError> {
    let installation = registry.installation().await?.ok_or(OpenGateError::NoInstallation)?;
    if from.commitment(installation.id) != installation.master_commitment {
        return Err(OpenGateError::WrongMasterKey.into());
    }
    let id = installation.id;
    let count = Arc::new(Mutex::new(0));
    let (old, new, counted) = (from.clone(), to.clone(), count.clone());
    let rewrap = move |account: AccountId, email: &Email, wrap: &[u8]| {
        let opened = old.open(id, email, wrap).and_then(|(opened, key)| {
            // The row's account finds; that the address is another account's now is a mix-up.
            if opened == account { Ok(key) } else { Err(OpenError::MixUp(Purpose::Custody)) }
        });
        match (opened, unopened) {
            (Ok(key), _) => {
                Rewrap::Wrapped(new.seal(AccountScope { installation: id, account }, email, &key))
            }
            (Err(error), unopened) => {
                let mut count = counted.lock().unwrap_or_else(PoisonError::into_inner);
                *count += 1;
                alarm::raise(&error, "opening an account's custody");
                if *count <= NAMED_MAX {
                    tracing::error!(account.id = %account, "this account's custody does not open under the master key");
                }
                match unopened {
                    Unopened::Refuse => Rewrap::Refused,
                    Unopened::Drop => Rewrap::Dropped,
                }
            }
        }
    };
    let replaced = registry.replace_master(installation.master_commitment, to.commitment(id), rewrap).await;
    let count = *count.lock().unwrap_or_else(PoisonError::into_inner);
    match replaced {
        Err(RegistryError::Conflict) if count > 0 => Err(RotateError::Unopened { count }),
        replaced => Ok(replaced?),
    }
}

impl Gate {
    /// Redeems a link that shows the recovery sheet: once.
    pub async fn redeem_sheet(&self, secret: &str) -> Result<views::RecoverySheet, GateError> {
        let (secret, content, _) = self.find_link(secret).await?;
        if !matches!(content, LinkContent::Sheet) {
            return Err(GateError::LinkUsed);
        }
        let find = secret.find(self.installation());
        self.registry().spend_link(find, Timestamp::now()).await.map_err(registry_error)?;
        tracing::warn!("the recovery sheet was shown by a one-time link");
        Ok(self.recovery_sheet())
    }

    pub(crate) fn recovery_sheet(&self) -> views::RecoverySheet {
        let master_key = HEXLOWER.encode(self.master().expose());
        let words = master_key.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned());
        views::RecoverySheet {
            installation: self.installation().to_string(),
            created_at: self.created_at(),
            words: words.collect(),
            master_key,
        }
    }
}
