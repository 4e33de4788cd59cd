//! What `ownsight check` compares: the objects that the vault must hold, and the registry with itself.

use rusqlite::params;

use crate::columns::{Columns, big};
use crate::error::Step;
use crate::sql::rows;
use crate::{ObjectKey, Registry, RegistryError};

/// An object that the vault must hold: key, bytes, SHA-256, header.
pub type ObjectRow = (ObjectKey, u64, [u8; 32], Vec<u8>);

impl Registry {
    /// Objects after this one, ordered by (home, camera, event).
    pub async fn objects(
        &self,
        after: Option<ObjectKey>,
        limit: u32,
    ) -> Result<Vec<ObjectRow>, RegistryError> {
        self.engine
            .snapshot(move |connection| {
                let mut objects = Vec::new();
                let mut passed = (Vec::new(), Vec::new());
                if let Some(after) = after {
                    let (home, camera) = (after.home.as_bytes(), after.camera.as_bytes());
                    let sql = "SELECT home, camera, id, bytes, digest, header FROM events
                               WHERE camera = ?2 AND id > ?3 AND home = ?1 AND erased_at IS NULL
                               ORDER BY id LIMIT ?4";
                    let parameters = params![home, camera, after.event.as_bytes(), limit];
                    objects = rows(connection, "events", sql, parameters, object)?;
                    passed = (home.to_vec(), camera.to_vec());
                }
                let sql = "SELECT e.home, e.camera, e.id, e.bytes, e.digest, e.header
                           FROM usage u CROSS JOIN events e ON e.camera = u.camera AND e.home = u.home
                           WHERE (u.home, u.camera) > (?1, ?2) AND e.erased_at IS NULL
                           ORDER BY u.home, u.camera, e.id LIMIT ?3";
                let rest = (limit as usize).saturating_sub(objects.len());
                let parameters = params![passed.0, passed.1, big(rest as u64)];
                objects.extend(rows(connection, "events", sql, parameters, object)?);
                Ok(objects)
            })
            .await
    }

    /// What the registry finds wrong with itself: damaged pages, rows that refer to nothing, counters that are
    /// off. Empty when all is well. Reads the whole file: not for large registries in service.
    pub async fn self_check(&self) -> Result<Vec<String>, RegistryError> {
        self.engine
            .snapshot(|connection| {
                let mut found = rows(connection, "sqlite_schema", "PRAGMA quick_check", [], |c| c.text("damage"))?;
                found.retain(|line| line != "ok");
                let sql = "SELECT \"table\", \"parent\", count(*) FROM pragma_foreign_key_check GROUP BY 1, 2";
                found.extend(rows(connection, "sqlite_schema", sql, [], |c| {
                    let (table, parent, count) = (c.text("table")?, c.text("parent")?, c.integer("count")?);
                    Ok(format!("{count} rows of `{table}` refer to rows of `{parent}` that do not exist"))
                })?);
                let sql = "SELECT count(*) FROM events e JOIN cameras c ON c.id = e.camera WHERE c.home <> e.home";
                let strays = rows(connection, "events", sql, [], |c| c.integer("count"))?;
                found.extend(strays.into_iter().filter(|count| *count > 0).map(|count| {
                    format!("{count} rows of `events` name another home than their camera")
                }));
                let sql = "SELECT count(*) FROM usage u WHERE (u.bytes, u.events) <>
                             (SELECT coalesce(sum(e.bytes), 0), count(*) - coalesce(sum(e.still), 0) FROM events e
                              WHERE e.camera = u.camera AND e.home = u.home AND e.erased_at IS NULL)";
                let off = rows(connection, "usage", sql, [], |c| c.integer("count"))?;
                found.extend(off.into_iter().filter(|count| *count > 0).map(|count| {
                    format!("the counters of {count} cameras differ from their events")
                }));
                Ok(found)
            })
            .await
    }
}

fn object(c: &mut Columns<'_, '_>) -> Step<ObjectRow> {
    let key = ObjectKey { home: c.id("home")?, camera: c.id("camera")?, event: c.id("id")? };
    Ok((key, c.number("bytes")?, c.array("digest")?, c.blob("header")?))
}
