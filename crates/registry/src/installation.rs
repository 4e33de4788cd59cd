//! The installation's own row.

use rusqlite::params;

use crate::rows::InstallationRow;
use crate::sql::{first, run};
use crate::{Registry, RegistryError};

impl Registry {
    /// The installation; `None` before it was made.
    pub async fn installation(&self) -> Result<Option<InstallationRow>, RegistryError> {
        self.engine
            .statement(|connection| {
                let sql = "SELECT id, created_at, master_commitment FROM installation";
                first(connection, "installation", sql, [], |c| {
                    Ok(InstallationRow {
                        id: c.id("id")?,
                        created_at: c.time("created_at")?,
                        master_commitment: c.array("master_commitment")?,
                    })
                })
            })
            .await
    }

    /// Makes the installation. [`RegistryError::Conflict`] if there is one.
    pub async fn create_installation(&self, row: InstallationRow) -> Result<(), RegistryError> {
        self.engine
            .write(move |tx| {
                run(
                    tx,
                    "INSERT INTO installation (one, id, created_at, master_commitment) VALUES (1, ?1, ?2, ?3)",
                    params![row.id.as_bytes(), row.created_at.as_micros(), row.master_commitment],
                )?;
                Ok(())
            })
            .await
    }
}
