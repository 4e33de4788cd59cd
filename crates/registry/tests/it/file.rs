//! The database file: opened again, refused, damaged, wiped.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ownsight_model::{HomeEpoch, Role};
use ownsight_registry::conformance::fixture::{Household, NOW, at, bytes32, event, grant, roster};
use ownsight_registry::{Authority, Registry, RegistryError, RegistryOptions};
use rusqlite::Connection;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.sqlite");
    (folder, path)
}

fn open(path: &Path) -> Result<Registry, RegistryError> {
    Registry::open(path, RegistryOptions::default())
}

#[tokio::test]
async fn what_was_answered_is_there_after_reopening() {
    let (_folder, path) = folder();
    let registry = open(&path).unwrap();
    let anna = Household::settle(&registry).await;
    let camera = anna.camera(&registry).await;
    let event = anna.event(&registry, &camera, 1).await;
    // Not closed: another process that opens the file sees what was answered.
    let other = open(&path).unwrap();
    assert!(other.event(anna.find(), NOW, event.id).await.unwrap().unwrap().data.is_some());
    other.close().await;
    registry.close().await;
    let again = open(&path).unwrap();
    let detail = again.event(anna.find(), NOW, event.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!((detail.event, detail.camera), (event, camera));
    assert_eq!(again.self_check().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_closed_registry_is_unavailable() {
    let (_folder, path) = folder();
    let registry = open(&path).unwrap();
    let anna = Household::settle(&registry).await;
    registry.close().await;
    registry.close().await;
    assert!(matches!(registry.session(anna.find(), NOW).await, Err(RegistryError::Unavailable)));
    assert!(matches!(registry.end_session(anna.find()).await, Err(RegistryError::Unavailable)));
    let log = path.with_extension("sqlite-wal");
    assert!(!log.exists() || log.metadata().unwrap().len() == 0, "the log was left behind");
}

#[test]
fn a_newer_schema_is_refused() {
    let (_folder, path) = folder();
    drop(open(&path).unwrap());
    let raw = Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    let error = open(&path).unwrap_err();
    assert!(matches!(error, RegistryError::Schema { found: 99, known: 9 }), "{error:?}");
    let raw = Connection::open(&path).unwrap();
    let version: i64 = raw.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 99, "a refused file is left alone");
}

#[test]
fn other_programs_databases_are_refused() {
    let (_folder, path) = folder();
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    drop(raw);
    assert!(matches!(open(&path), Err(RegistryError::Unsuitable { .. })));
    std::fs::write(&path, b"not a database at all, but long enough to be read as one".repeat(100)).unwrap();
    let Err(RegistryError::Storage(said)) = open(&path) else { panic!("it was opened") };
    assert!(said.to_string().contains("not a database"), "{said}");
    assert!(format!("{said:?}").contains("NotADatabase"), "{said:?}");
    let source = std::error::Error::source(&said).expect("what SQLite said");
    assert!(source.downcast_ref::<rusqlite::ffi::Error>().is_some(), "{source:?}");
    assert!(matches!(open(&path.join("x").join("y")), Err(RegistryError::Storage(_))));
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = folder();
    let registry = open(&path).unwrap();
    for name in [path.clone(), path.with_extension("sqlite-wal"), path.with_extension("sqlite-shm")] {
        assert_eq!(name.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", name.display());
    }
    drop(registry);
}

#[tokio::test]
async fn a_value_of_the_wrong_form_is_an_error() {
    let (_folder, path) = folder();
    let registry = open(&path).unwrap();
    let anna = Household::settle(&registry).await;
    let camera = anna.camera(&registry).await;
    let event = anna.event(&registry, &camera, 1).await;
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF").unwrap();
    for (sql, back, table, column) in [
        (
            "UPDATE camera_epochs SET salt = x'00'",
            "UPDATE camera_epochs SET salt = zeroblob(32)",
            "camera_epochs",
            "salt",
        ),
        ("UPDATE grants SET role = 9", "UPDATE grants SET role = 1", "grants", "role"),
        ("UPDATE homes SET epoch = 0", "UPDATE homes SET epoch = 1", "homes", "epoch"),
        ("UPDATE events SET still = 7", "UPDATE events SET still = 0", "events", "still"),
        ("UPDATE events SET label = 400", "UPDATE events SET label = 1", "events", "label"),
        ("UPDATE cameras SET standing = 0", "UPDATE cameras SET standing = 2", "cameras", "standing"),
        ("UPDATE sessions SET kind = -1", "UPDATE sessions SET kind = 1", "sessions", "kind"),
        // An address in another form than the one in which it is compared.
        (
            "UPDATE accounts SET email = upper(email)",
            "UPDATE accounts SET email = lower(email)",
            "accounts",
            "email",
        ),
    ] {
        raw.execute_batch(sql).unwrap();
        let error = registry.event(anna.find(), NOW, event.id).await.unwrap_err();
        match error {
            RegistryError::Corrupt { table: t, column: c } => assert_eq!((t, c), (table, column)),
            other => panic!("{sql}: {other:?}"),
        }
        raw.execute_batch(back).unwrap();
    }
    assert!(registry.event(anna.find(), NOW, event.id).await.unwrap().unwrap().data.is_some());
}

#[tokio::test]
async fn a_check_names_what_is_wrong() {
    let (_folder, path) = folder();
    let registry = open(&path).unwrap();
    let (anna, _) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let camera = anna.camera(&registry).await;
    anna.event(&registry, &camera, 1).await;
    assert_eq!(registry.self_check().await.unwrap(), Vec::<String>::new());
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    for (damage, repair, says) in [
        (
            "UPDATE usage SET bytes = bytes + 1",
            "UPDATE usage SET bytes = bytes - 1",
            "the counters of 1 cameras differ from their events",
        ),
        (
            "UPDATE events SET home = (SELECT id FROM homes WHERE id <> home);
             UPDATE usage SET bytes = 0, events = 0",
            "UPDATE events SET home = (SELECT home FROM cameras); UPDATE usage SET bytes = 1000, events = 1",
            "1 rows of `events` name another home than their camera",
        ),
        (
            "UPDATE sessions SET account = zeroblob(16)",
            "DELETE FROM sessions",
            "2 rows of `sessions` refer to rows of `accounts` that do not exist",
        ),
    ] {
        raw.execute_batch(damage).unwrap();
        assert_eq!(registry.self_check().await.unwrap(), [says], "{damage}");
        raw.execute_batch(repair).unwrap();
        assert_eq!(registry.self_check().await.unwrap(), Vec::<String>::new(), "{repair}");
    }
}

#[tokio::test]
async fn a_call_of_a_device_that_could_not_be_noted_is_noted_with_the_next() {
    let (_folder, path) = folder();
    let options = RegistryOptions { deadline: Duration::from_secs(1), ..RegistryOptions::default() };
    let registry = Registry::open(&path, options).unwrap();
    let anna = Household::settle(&registry).await;
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(registry.touch_device(anna.device, at(1), None).await, Err(RegistryError::Unavailable)));
    raw.execute_batch("ROLLBACK").unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while registry.touch_device(anna.device, at(2), None).await.is_err() {
        assert!(Instant::now() < until, "it does not recover");
    }
    let seen = registry.device(anna.find(), NOW, anna.device).await.unwrap().unwrap().data.unwrap();
    assert_eq!(seen.device.seen_at, Some(at(2)));
}

#[tokio::test]
async fn erased_salts_and_headers_leave_the_files() {
    let (_folder, path) = folder();
    let registry = open(&path).unwrap();
    let anna = Household::settle(&registry).await;
    let camera = anna.camera(&registry).await;
    let mut secret = event(&camera, anna.device, at(1));
    // Long enough to have pages of its own, which erasure frees instead of writing them anew.
    secret.header = bytes32().repeat(1_000);
    registry.insert_event(secret.clone()).await.unwrap();
    let needles = [&camera.epoch.salt[..], &secret.header[..64]];
    let found = |needle: &[u8]| {
        [path.clone(), path.with_extension("sqlite-wal")]
            .iter()
            .filter_map(|file| std::fs::read(file).ok())
            .any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
    };
    assert!(needles.iter().all(|needle| found(needle)), "the check can find them");
    registry.erase_camera(&anna.authority(), camera.id, Vec::new(), vec![]).await.unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while needles.iter().any(|needle| found(needle)) {
        assert!(Instant::now() < until, "erased bytes are still on the disk");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_call_gives_up_at_its_deadline() {
    let (_folder, path) = folder();
    let options = RegistryOptions { deadline: Duration::from_millis(200), ..RegistryOptions::default() };
    let registry = Registry::open(&path, options).unwrap();
    let anna = Household::settle(&registry).await;
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let authority = Authority { grant: None, ..anna.authority() };
    let began = Instant::now();
    let error = registry.update_account_text(&authority, vec![1]).await.unwrap_err();
    assert!(matches!(error, RegistryError::Unavailable), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(3));
    // Reads go on beside it.
    assert!(registry.session(anna.find(), NOW).await.unwrap().is_some());
    raw.execute_batch("ROLLBACK").unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while registry.update_account_text(&authority, vec![2]).await.is_err() {
        assert!(Instant::now() < until, "it does not recover");
    }
    let seen = registry.session(anna.find(), NOW).await.unwrap().unwrap();
    assert_eq!(seen.account.text, [2]);
}

#[tokio::test]
async fn a_home_from_before_rosters_gets_one_from_its_only_owner() {
    let (_folder, path) = folder();
    let registry = open(&path).unwrap();
    let anna = Household::settle(&registry).await;
    let other = Household::settle(&registry).await;
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("DELETE FROM rosters; UPDATE grants SET member_key = x''").unwrap();
    let first = roster(anna.home, HomeEpoch::FIRST, 1);
    // Where there is somebody else, it is not known whom he was invited by.
    let guest = grant(other.account.id, anna.home, Role::Adult);
    registry.add_grant(&anna.authority(), guest.clone()).await.unwrap();
    let error = registry.found_roster(&anna.authority(), first.clone(), vec![7]).await.unwrap_err();
    assert!(matches!(error, RegistryError::Conflict), "{error:?}");
    registry.revoke_grant(guest.id, NOW).await.unwrap();
    let error = registry.found_roster(&other.authority(), first.clone(), vec![7]).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound), "{error:?}");

    registry.found_roster(&anna.authority(), first.clone(), vec![7]).await.unwrap();
    let plan = registry.home_plan(anna.find(), NOW, anna.home).await.unwrap().unwrap().data.unwrap();
    assert_eq!((plan.roster, plan.grants[0].member_key.as_slice()), (Some(first), [7].as_slice()));
}
