//! What only the engine's inside can show: panics, a full disk, upgrades, query plans.

use std::time::Duration;

use rusqlite::{Connection, StatementStatus};
use tempfile::TempDir;

use super::{Engine, migrations, open};
use crate::error::Failure;
use crate::sql::{number, run};
use crate::{RegistryError, RegistryOptions};

fn engine() -> (Engine, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(&folder.path().join("r.sqlite"), &RegistryOptions::default()).unwrap();
    (engine, folder)
}

const INSERT: &str =
    "INSERT INTO links (find, created_at, expires_at, sealed) VALUES (?1, 0, 0, zeroblob(?2))";

fn find(i: u8) -> [u8; 32] {
    [i; 32]
}

async fn links(engine: &Engine) -> i64 {
    engine.statement(|c| number(c, "SELECT count(*) FROM links", [])).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_panic_costs_its_own_transaction_only() {
    let (engine, _folder) = engine();
    let panics = engine.write(|tx| {
        run(tx, INSERT, (find(1), 1))?;
        panic!("on purpose");
        #[allow(unreachable_code, reason = "gives the closure its type")]
        Ok(())
    });
    let writes = engine.write(|tx| run(tx, INSERT, (find(2), 1)));
    let (panicked, wrote) = tokio::join!(panics, writes);
    assert!(matches!(panicked, Err(RegistryError::Storage(_))), "{panicked:?}");
    assert_eq!(wrote.unwrap(), 1);
    let read = engine.snapshot(|_| -> Result<(), Failure> { panic!("on purpose") }).await;
    assert!(matches!(read, Err(RegistryError::Storage(_))), "{read:?}");
    assert_eq!(links(&engine).await, 1);
    engine.close();
}

#[tokio::test]
async fn members_that_fail_are_rolled_back_alone() {
    let (engine, _folder) = engine();
    // One job holds the writer until the others wait behind it, so that they share a commit.
    let (go, held) = std::sync::mpsc::channel::<()>();
    let holder = engine.write(move |_| Ok(held.recv().is_ok()));
    let good = engine.write(|tx| run(tx, INSERT, (find(1), 1)));
    let half = engine.write(|tx| {
        run(tx, INSERT, (find(2), 1))?;
        run(tx, INSERT, (find(3), 1))?;
        run(tx, INSERT, (find(2), 1))
    });
    let also_good = engine.write(|tx| run(tx, INSERT, (find(3), 1)));
    let release = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        go.send(()).unwrap();
    };
    let (held, good, half, also_good, ()) = tokio::join!(holder, good, half, also_good, release);
    assert!(held.unwrap());
    assert_eq!((good.unwrap(), also_good.unwrap()), (1, 1));
    assert!(matches!(half, Err(RegistryError::Conflict)), "{half:?}");
    assert_eq!(links(&engine).await, 2);
    engine.close();
}

#[tokio::test]
async fn a_full_disk_is_said_and_passes() {
    let (engine, _folder) = engine();
    let pages = |max: &'static str| {
        engine.write(move |tx| Ok(tx.query_row(&format!("PRAGMA max_page_count = {max}"), [], |_| Ok(()))?))
    };
    pages("1").await.unwrap();
    let mut full = None;
    for i in 0..50 {
        match engine.write(move |tx| run(tx, INSERT, (find(i), 60_000))).await {
            Ok(_) => {}
            Err(error) => {
                full = Some(error);
                break;
            }
        }
    }
    assert!(matches!(full, Some(RegistryError::DiskFull)), "{full:?}");
    let kept = links(&engine).await;
    engine.write(|tx| run(tx, "DELETE FROM links", [])).await.unwrap();
    pages("1000000").await.unwrap();
    engine.write(|tx| run(tx, INSERT, (find(99), 60_000))).await.unwrap();
    assert_eq!(links(&engine).await, 1, "after {kept}");
    engine.close();
}

#[tokio::test]
async fn a_commit_that_fails_leaves_nothing_open() {
    let (engine, _folder) = engine();
    // Looked at when it commits, so that the job itself succeeds.
    let orphan = "INSERT INTO grants (id, account, home, role, epoch, created_at, wrap, member_key)
                  VALUES (zeroblob(16), zeroblob(16), zeroblob(16), 1, 1, 0, x'00', x'00')";
    let failed = engine
        .write(move |tx| {
            tx.pragma_update(None, "defer_foreign_keys", true)?;
            run(tx, orphan, [])
        })
        .await;
    assert!(matches!(failed, Err(RegistryError::NotFound)), "{failed:?}");
    let grants = engine.statement(|c| number(c, "SELECT count(*) FROM grants", [])).await.unwrap();
    assert_eq!(grants, Some(0));
    engine.write(|tx| run(tx, INSERT, (find(1), 1))).await.unwrap();
    assert_eq!(links(&engine).await, 1);
    engine.close();
}

#[test]
fn who_went_away_is_known_before_its_turn() {
    let (job, answer) = super::writer::job(|_| Ok(()));
    assert!(!job.abandoned());
    drop(answer);
    assert!(job.abandoned());
}

#[tokio::test]
async fn a_lock_of_another_process_is_unavailable_and_no_failure_of_the_storage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.sqlite");
    // Longer than a connection waits for the lock.
    let options = RegistryOptions { deadline: Duration::from_mins(1), ..RegistryOptions::default() };
    let engine = Engine::open(&path, &options).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = engine.write(|tx| run(tx, INSERT, (find(1), 1))).await;
    assert!(matches!(refused, Err(RegistryError::Unavailable)), "{refused:?}");
    other.execute_batch("ROLLBACK").unwrap();
    engine.write(|tx| run(tx, INSERT, (find(1), 1))).await.unwrap();
    engine.close();
}

#[tokio::test]
async fn what_was_erased_leaves_the_log_even_if_a_reader_was_in_the_way() {
    let (engine, folder) = engine();
    engine.write(|tx| run(tx, INSERT, (find(0xbe), 1))).await.unwrap();
    let reader = Connection::open(folder.path().join("r.sqlite")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM links").unwrap();
    engine
        .write(|tx| {
            tx.scrub();
            run(tx, "DELETE FROM links", [])
        })
        .await
        .unwrap();
    let log = || folder.path().join("r.sqlite-wal").metadata().unwrap().len();
    // Longer than until it is tried first.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(log() > 0, "it is in the way");
    reader.execute_batch("COMMIT").unwrap();
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while log() > 0 {
        assert!(std::time::Instant::now() < until, "it was not tried again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    engine.close();
}

#[tokio::test]
async fn an_engine_that_is_dropped_ends_by_itself() {
    let (engine, folder) = engine();
    engine.write(|tx| run(tx, INSERT, (find(1), 1))).await.unwrap();
    assert!(folder.path().join("r.sqlite-wal").metadata().unwrap().len() > 0);
    assert!(format!("{engine:?}").starts_with("Engine"), "{engine:?}");
    drop(engine);
    // Its writer empties the log at its end; the last connection that may write takes it along.
    let log = || folder.path().join("r.sqlite-wal").metadata().map_or(0, |log| log.len());
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while log() > 0 {
        assert!(std::time::Instant::now() < until, "its threads have not ended");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn an_upgrade_makes_a_copy_first_and_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.sqlite");
    open::create(&path).unwrap();
    let mut connection = open::connect(&path, true).map_err(|Failure(error)| error).unwrap();
    let first = "CREATE TABLE notes (text TEXT) STRICT";
    let second = "ALTER TABLE notes ADD COLUMN at INTEGER; INSERT INTO notes VALUES ('new', 1)";
    migrations::migrate(&mut connection, &path, &[first]).unwrap();
    connection.execute_batch("INSERT INTO notes VALUES ('old')").unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "no copy of an empty file");

    let broken = "DELETE FROM notes; SELECT nonsense";
    assert!(migrations::migrate(&mut connection, &path, &[first, broken]).is_err());
    let count =
        |c: &Connection| c.query_row("SELECT count(*) FROM notes", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count(&connection), 1, "a step that fails leaves the version before");

    migrations::migrate(&mut connection, &path, &[first, second]).unwrap();
    migrations::migrate(&mut connection, &path, &[first, second]).unwrap();
    assert_eq!(count(&connection), 2);
    let copy = Connection::open(folder.path().join("r.sqlite.schema-1")).unwrap();
    assert_eq!(count(&copy), 1);
    let error = migrations::migrate(&mut connection, &path, &[first]).unwrap_err();
    assert!(matches!(error, RegistryError::Schema { found: 2, known: 1 }), "{error:?}");
}

#[tokio::test]
async fn hot_queries_use_their_indices() {
    let (engine, _folder) = engine();
    for (sql, sorted) in crate::events::hot_queries() {
        let plan = engine
            .statement(move |connection| {
                let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                for i in 1..=statement.parameter_count() {
                    statement.raw_bind_parameter(i, 0)?;
                }
                let mut rows = statement.raw_query();
                let mut plan = Vec::new();
                while let Some(row) = rows.next()? {
                    plan.push(row.get::<_, String>(3)?);
                }
                Ok(plan)
            })
            .await
            .unwrap();
        // Of live lockdowns alone, up to the first.
        let bounded = "SCAN lockdowns USING INDEX lockdowns_of_subject";
        let scans = plan.iter().any(|step| step.starts_with("SCAN") && step != bounded);
        assert!(!plan.is_empty() && !scans, "{sql}\n{plan:#?}");
        assert!(!sorted || plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{sql}\n{plan:#?}");
    }
    engine.close();
}

#[tokio::test]
async fn statements_are_planned_once_whatever_is_bound() {
    let (engine, _folder) = engine();
    for (sql, _) in crate::events::hot_queries() {
        let planned_anew = engine
            .statement(move |connection| {
                let mut statement = connection.prepare(sql)?;
                for value in 0..20_u8 {
                    for i in 1..=statement.parameter_count() {
                        statement.raw_bind_parameter(i, value)?;
                    }
                    let mut rows = statement.raw_query();
                    while rows.next()?.is_some() {}
                }
                Ok(statement.get_status(StatementStatus::RePrepare))
            })
            .await
            .unwrap();
        assert_eq!(planned_anew, 0, "{sql}");
    }
    engine.close();
}
