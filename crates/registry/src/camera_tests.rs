//! Tests of camera addresses: a draft camera, a device that tries, and what became of it.

use ownsight_model::{CameraId, HomeId, TestId, Timestamp};
use rusqlite::{Connection, params};

use crate::access::{Asker, Authorised, Authority};
use crate::cameras::{self, CameraUpdate, camera_row, change, erase, insert, known_epochs, serves};
use crate::changes::ChangeKind;
use crate::columns::Columns;
use crate::configurations::add_all;
use crate::decode::{self, columns};
use crate::engine::Tx;
use crate::error::Step;
use crate::reports::{self, latest};
use crate::rows::{CameraRow, CameraStanding, EventRow, NewConfiguration, TestDetail, TestRow};
use crate::sql::{first, rows, run};
use crate::{ObjectKey, Registry, RegistryError};

impl Registry {
    /// A test that has not been confirmed or cancelled, its draft camera, and the camera that it is for, if that
    /// exists already. Also one that has expired, until its draft is erased.
    pub async fn test(
        &self,
        find: [u8; 32],
        now: Timestamp,
        test: TestId,
    ) -> Result<Option<Authorised<Option<TestDetail>>>, RegistryError> {
        self.authorised(find, now, move |connection, access| {
            let Some(row) = test_row(connection, test)?.filter(|row| access.holds(row.home)) else {
                return Ok(None);
            };
            let Some(draft) = camera_row(connection, row.draft)? else { return Ok(None) };
            let existing = match row.existing {
                Some(camera) => {
                    camera_row(connection, camera)?.filter(|camera| camera.standing == CameraStanding::Active)
                }
                None => None,
            };
            let draft_epochs = known_epochs(connection, &draft)?;
            Ok(Some(TestDetail { test: row, draft, draft_epochs, existing }))
        })
        .await
    }

    /// Begins a test: makes its draft camera, with configurations that name both.
    pub async fn create_test(
        &self,
        authority: &Authority,
        test: TestRow,
        draft: CameraRow,
        configurations: Vec<NewConfiguration>,
    ) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            asker.owns(test.home)?;
            if test.draft != draft.id {
                return Err(RegistryError::NotFound.into());
            }
            serves(tx, asker, test.device)?;
            if let Some(existing) = test.existing {
                cameras::owned(tx, asker, existing, CameraStanding::Active)?;
            }
            insert(tx, asker, &draft, CameraStanding::Draft)?;
            run(
                tx,
                "INSERT INTO tests (id, home, device, draft, existing, created_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    test.id.as_bytes(),
                    test.home.as_bytes(),
                    test.device.as_bytes(),
                    test.draft.as_bytes(),
                    test.existing.as_ref().map(CameraId::as_bytes),
                    test.created_at.as_micros(),
                    test.expires_at.as_micros()
                ],
            )?;
            add_all(tx, asker, &configurations)?;
            tx.changed(test.home, ChangeKind::Tests);
            Ok(())
        })
        .await
    }

    /// Ends a test that has not expired by using its result. For a new camera the draft becomes one in use, with
    /// `name` as its text. For an existing one, that camera gets `existing_address` (if given) and the test's
    /// device, keeps its own text, and the draft is erased. Answers objects to be erased from the vault.
    pub async fn confirm_test(
        &self,
        authority: &Authority,
        test: TestId,
        name: Vec<u8>,
        existing_address: Option<Vec<u8>>,
        configurations: Vec<NewConfiguration>,
    ) -> Result<Vec<ObjectKey>, RegistryError> {
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| {
            let row = owned(tx, asker, test)?;
            if row.expires_at <= now {
                return Err(RegistryError::NotFound.into());
            }
            end(tx, test)?;
            let objects = if let Some(existing) = row.existing {
                cameras::owned(tx, asker, existing, CameraStanding::Active)?;
                let update = CameraUpdate {
                    camera: existing,
                    text: None,
                    address: existing_address.map(Some),
                    device: Some(Some(row.device)),
                };
                change(tx, asker, &update)?;
                erase(tx, row.draft, now)?.objects
            } else {
                cameras::owned(tx, asker, row.draft, CameraStanding::Draft)?;
                run(
                    tx,
                    "UPDATE cameras SET standing = ?2, text = ?3 WHERE id = ?1",
                    params![row.draft.as_bytes(), cameras::code(CameraStanding::Active), name],
                )?;
                Vec::new()
            };
            add_all(tx, asker, &configurations)?;
            tx.changed(row.home, ChangeKind::Tests);
            tx.changed(row.home, ChangeKind::Cameras);
            Ok(objects)
        })
        .await
    }

    /// Ends a test and erases its draft. Answers objects to be erased from the vault.
    pub async fn cancel_test(
        &self,
        authority: &Authority,
        test: TestId,
        configurations: Vec<NewConfiguration>,
    ) -> Result<Vec<ObjectKey>, RegistryError> {
        let now = authority.now;
        self.authorised_write(authority, move |tx, asker| {
            let row = owned(tx, asker, test)?;
            end(tx, test)?;
            let erased = erase(tx, row.draft, now)?;
            add_all(tx, asker, &configurations)?;
            tx.changed(row.home, ChangeKind::Tests);
            Ok(erased.objects)
        })
        .await
    }

    /// Tests that have expired: each with its draft and the draft's objects.
    pub async fn expired_tests(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(TestId, CameraId, Vec<ObjectKey>)>, RegistryError> {
        self.engine
            .snapshot(move |connection| {
                let sql = "SELECT id, draft FROM tests WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 1000";
                let expired: Vec<(TestId, CameraId)> =
                    rows(connection, "tests", sql, [now.as_micros()], |c| Ok((c.id("id")?, c.id("draft")?)))?;
                let sql = "SELECT home, camera, id FROM events WHERE camera = ?1 AND erased_at IS NULL";
                let mut out = Vec::new();
                for (test, draft) in expired {
                    let objects = rows(connection, "events", sql, [draft.as_bytes()], |c| {
                        Ok(ObjectKey { home: c.id("home")?, camera: c.id("camera")?, event: c.id("id")? })
                    })?;
                    out.push((test, draft, objects));
                }
                Ok(out)
            })
            .await
    }

    /// Ends those of these tests that have expired, and erases their drafts. Answers objects to be erased from
    /// the vault. Nobody needs to be present: devices learn of it with their next configuration.
    pub async fn erase_tests(
        &self,
        tests: Vec<TestId>,
        now: Timestamp,
    ) -> Result<Vec<ObjectKey>, RegistryError> {
        self.engine
            .write(move |tx| {
                let mut objects = Vec::new();
                for test in tests {
                    let Some(row) = test_row(tx, test)?.filter(|row| row.expires_at <= now) else { continue };
                    end(tx, test)?;
                    objects.extend(erase(tx, row.draft, now)?.objects);
                    tx.changed(row.home, ChangeKind::Tests);
                }
                Ok(objects)
            })
            .await
    }
}

/// Tests of a home that have not expired, oldest first.
pub(crate) fn open_tests(connection: &Connection, home: HomeId, now: Timestamp) -> Step<Vec<TestRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(test "t"),
        " FROM tests t WHERE t.home = ?1 AND t.expires_at > ?2 ORDER BY t.created_at, t.id"
    );
    let mut tests = rows(connection, "tests", sql, params![home.as_bytes(), now.as_micros()], bare)?;
    for test in &mut tests {
        complete(connection, test)?;
    }
    Ok(tests)
}

fn test_row(connection: &Connection, test: TestId) -> Step<Option<TestRow>> {
    let sql = concat!("SELECT ", columns!(test "t"), " FROM tests t WHERE t.id = ?1");
    let mut row = first(connection, "tests", sql, [test.as_bytes()], bare)?;
    if let Some(row) = &mut row {
        complete(connection, row)?;
    }
    Ok(row)
}

fn bare(c: &mut Columns<'_, '_>) -> Step<TestRow> {
    Ok(TestRow {
        id: c.id("id")?,
        home: c.id("home")?,
        device: c.id("device")?,
        draft: c.id("draft")?,
        existing: c.joined(1, |c| c.id("existing"))?,
        created_at: c.time("created_at")?,
        expires_at: c.time("expires_at")?,
        report: None,
        still: None,
    })
}

fn complete(connection: &Connection, test: &mut TestRow) -> Step<()> {
    test.report = latest(connection, reports::TEST, test.id.as_bytes())?;
    test.still = still_of(connection, test)?;
    Ok(())
}

/// The still that was sent under the test's id.
fn still_of(connection: &Connection, test: &TestRow) -> Step<Option<EventRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(event "e"),
        " FROM events e WHERE e.camera = ?1 AND e.id = ?2 AND e.still = 1 AND e.erased_at IS NULL"
    );
    first(connection, "events", sql, params![test.draft.as_bytes(), test.id.as_bytes()], decode::event)
}

fn owned(tx: &Tx<'_>, asker: Asker, test: TestId) -> Step<TestRow> {
    let home = asker.home()?;
    test_row(tx, test)?.filter(|row| row.home == home).ok_or_else(|| RegistryError::NotFound.into())
}

fn end(tx: &Tx<'_>, test: TestId) -> Step<()> {
    run(tx, "DELETE FROM reports WHERE kind = ?1 AND subject = ?2", params![reports::TEST, test.as_bytes()])?;
    run(tx, "DELETE FROM tests WHERE id = ?1", [test.as_bytes()])?;
    Ok(())
}
