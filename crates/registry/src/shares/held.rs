//! What the holder of a share does with it.

use ownsight_model::{EventId, GrantId, Timestamp};
use rusqlite::params;

use super::finding::found_by;
use super::{lose_share, shares_of_account};
use crate::access::Authority;
use crate::lockdowns::refuse_erasure_of;
use crate::retention::entomb;
use crate::sql::{exists, run};
use crate::{ObjectKey, Registry, RegistryError};

impl Registry {
    /// Gives a share up: it is the asker's own. Its cameras get new keys at the next request of an owner or adult of their home.
    /// [`RegistryError::NotFound`] if the account has no such share.
    pub async fn leave_share(
        &self,
        find: [u8; 32],
        now: Timestamp,
        share: GrantId,
    ) -> Result<(), RegistryError> {
        let authority = Authority { find, now, grant: None };
        self.authorised_write(&authority, move |tx, asker| {
            let sql = "SELECT 1 FROM shares WHERE id = ?1 AND account = ?2 AND revoked_at IS NULL";
            if !exists(tx, sql, params![share.as_bytes(), asker.account.as_bytes()])? {
                return Err(RegistryError::NotFound.into());
            }
            lose_share(tx, share, now)
        })
        .await
    }

    /// Puts a share key that came while its account was away under the account key, if it is still the one that was opened;
    /// whether it was.
    pub async fn settle_share(
        &self,
        find: [u8; 32],
        now: Timestamp,
        share: GrantId,
        sealed: Vec<u8>,
        wrap: Vec<u8>,
    ) -> Result<bool, RegistryError> {
        let authority = Authority { find, now, grant: None };
        self.authorised_write(&authority, move |tx, asker| {
            let sql = "UPDATE shares SET wrap = ?4, away = 0
                       WHERE id = ?1 AND account = ?2 AND wrap = ?3 AND away = 1 AND revoked_at IS NULL";
            let account = asker.account.as_bytes();
            Ok(run(tx, sql, params![share.as_bytes(), account, sealed, wrap])? > 0)
        })
        .await
    }

    /// Erases an event that a live share of the asker's finds: it becomes a tombstone, and its object is to be erased from the
    /// vault. `None` if the share finds no such event.
    pub async fn erase_shared_event(
        &self,
        find: [u8; 32],
        now: Timestamp,
        share: GrantId,
        event: EventId,
    ) -> Result<Option<ObjectKey>, RegistryError> {
        let authority = Authority { find, now, grant: None };
        self.authorised_write(&authority, move |tx, asker| {
            let own = shares_of_account(tx, asker.account, now)?;
            let own = own.into_iter().filter(|(_, home)| home.restored.is_none()).map(|(share, _)| share);
            let share = own.into_iter().find(|row| row.id == share && row.has_begun(now));
            let Some(share) = share else { return Err(RegistryError::NotLive.into()) };
            let found = found_by(tx, &share, asker.account, event)?;
            let Some(detail) = found.filter(|detail| !detail.event.still) else { return Ok(None) };
            let camera = detail.event.camera;
            refuse_erasure_of(tx, share.home, asker.account, Some(camera))?;
            entomb(tx, camera, event, now)
        })
        .await
    }
}
