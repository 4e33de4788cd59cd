//! The check finds each kind of disagreement, made by hand one at a time, and names the right object.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::time::Duration;

use ownsight_ingest::check::{self, CheckOptions, Finding, Mismatch};
use ownsight_vault::ObjectRef;
use rusqlite::Connection;

use crate::household::{Household, Like, Sealed};
use crate::world::{World, deliver};

const MINUTE: Duration = Duration::from_mins(1);

struct Scene {
    world: World,
    household: Household,
    events: Vec<Sealed>,
}

/// Three events of one length.
async fn scene() -> Scene {
    let world = World::new().await;
    let household = world.household().await;
    let camera = household.camera(&world.registry).await;
    let mut events = Vec::new();
    for _ in 0..3 {
        let sealed = camera.seal(Like::event(MINUTE));
        deliver(&world.ingest, &household, &sealed).await.unwrap();
        events.push(sealed);
    }
    assert!(world.check(true).await.is_clean(), "it finds nothing where nothing is wrong");
    Scene { world, household, events }
}

impl Scene {
    fn object(&self, index: usize) -> ObjectRef {
        let Sealed { camera, event, .. } = self.events[index];
        ObjectRef { home: self.household.home, camera, event }
    }

    fn file(&self, index: usize) -> PathBuf {
        self.world.file(&self.events[index]).unwrap()
    }

    fn change(&self, index: usize, at: usize) {
        let file = fs::OpenOptions::new().write(true).open(self.file(index)).unwrap();
        file.write_all_at(&[!self.events[index].bytes[at]], at as u64).unwrap();
    }

    fn sql(&self) -> Connection {
        Connection::open(self.world.folder.path().join("registry.db")).unwrap()
    }

    async fn found(&self) -> Vec<Finding> {
        self.world.check(false).await.findings
    }

    fn differs(&self, index: usize, what: Mismatch) -> Finding {
        Finding::Differs { object: self.object(index), what }
    }
}

#[tokio::test]
async fn a_missing_object() {
    let scene = scene().await;
    fs::remove_file(scene.file(1)).unwrap();
    assert_eq!(scene.found().await, [Finding::Missing { object: scene.object(1) }]);
}

#[tokio::test]
async fn an_orphan() {
    let scene = scene().await;
    let file = scene.file(1);
    let sql = scene.sql();
    let changed = sql.execute(
        "UPDATE usage SET bytes = bytes - ?1, events = events - 1",
        [scene.events[1].bytes.len() as i64],
    );
    assert_eq!(changed.unwrap(), 1);
    sql.execute("DELETE FROM events WHERE id = ?1", [scene.events[1].event.as_bytes()]).unwrap();
    let bytes = scene.events[1].bytes.len() as u64;
    assert_eq!(scene.found().await, [Finding::Orphan { object: scene.object(1), bytes }]);
    assert!(file.exists(), "a check changes nothing");
}

#[tokio::test]
async fn an_object_of_another_length() {
    let scene = scene().await;
    fs::OpenOptions::new().append(true).open(scene.file(0)).unwrap().write_all(b"x").unwrap();
    let row = scene.events[0].bytes.len() as u64;
    let found = scene.found().await;
    assert_eq!(found, [scene.differs(0, Mismatch::Length { row, object: row + 1 })]);
    fs::write(scene.file(0), b"").unwrap();
    assert_eq!(scene.found().await, [scene.differs(0, Mismatch::Length { row, object: 0 })]);
}

#[tokio::test]
async fn another_header() {
    let scene = scene().await;
    scene.change(2, 150);
    assert_eq!(scene.found().await, [scene.differs(2, Mismatch::Header)]);
}

#[tokio::test]
async fn two_objects_that_changed_places() {
    let scene = scene().await;
    let (one, two) = (scene.file(0), scene.file(1));
    let spare = scene.world.folder.path().join("spare");
    fs::rename(&one, &spare).unwrap();
    fs::rename(&two, &one).unwrap();
    fs::rename(&spare, &two).unwrap();
    let found = scene.found().await;
    assert_eq!(found.len(), 2);
    for index in 0..2 {
        assert!(found.contains(&scene.differs(index, Mismatch::Header)));
    }
}

#[tokio::test]
async fn a_trailer_that_does_not_fit() {
    let scene = scene().await;
    let length = scene.events[1].bytes.len();
    // Its stated length, and the offset of its only section.
    for at in [length - 1, length - 69 + 20] {
        scene.change(1, at);
        assert_eq!(scene.found().await, [scene.differs(1, Mismatch::Trailer)], "byte {at}");
        fs::write(scene.file(1), &scene.events[1].bytes).unwrap();
    }
}

#[tokio::test]
async fn damage_inside_an_object_is_found_by_a_deep_check() {
    let scene = scene().await;
    scene.change(1, 1_000);
    assert!(scene.found().await.is_empty());
    assert_eq!(scene.world.check(true).await.findings, [scene.differs(1, Mismatch::Digest)]);
}

#[tokio::test]
async fn an_object_that_cannot_be_read() {
    let scene = scene().await;
    let file = scene.file(1);
    let target = scene.world.folder.path().join("elsewhere");
    fs::rename(&file, &target).unwrap();
    std::os::unix::fs::symlink(&target, &file).unwrap();
    let found = scene.found().await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        matches!(&found[0], Finding::Unreadable { object, .. } if *object == scene.object(1)),
        "{found:?}"
    );
    assert!(matches!(&found[1], Finding::Stray { path } if file.ends_with(path)), "{found:?}");
}

#[tokio::test]
async fn a_file_that_is_no_object() {
    let scene = scene().await;
    let stray = scene.file(0).with_file_name("notes.txt");
    fs::write(&stray, b"x").unwrap();
    let found = scene.found().await;
    assert!(matches!(&found[..], [Finding::Stray { path }] if stray.ends_with(path)), "{found:?}");
}

#[tokio::test]
async fn a_row_whose_header_is_another_one() {
    let scene = scene().await;
    let sql = scene.sql();
    let [one, two] = [0, 1].map(|index| *scene.events[index].event.as_bytes());
    sql.execute(
        "UPDATE events SET header = (SELECT header FROM events WHERE id = ?2) WHERE id = ?1",
        [one, two],
    )
    .unwrap();
    let found = scene.found().await;
    assert!(
        matches!(&found[..], [Finding::BadRow { object, .. }] if *object == scene.object(0)),
        "{found:?}"
    );
    sql.execute("UPDATE events SET header = x'00' WHERE id = ?1", [one]).unwrap();
    let found = scene.found().await;
    assert!(
        matches!(&found[..], [Finding::BadRow { object, .. }] if *object == scene.object(0)),
        "{found:?}"
    );
}

#[tokio::test]
async fn rows_of_a_camera_and_a_home_that_do_not_exist() {
    let scene = scene().await;
    for (table, id) in
        [("cameras", *scene.events[0].camera.as_bytes()), ("homes", *scene.household.home.as_bytes())]
    {
        let sql = scene.sql();
        sql.pragma_update(None, "foreign_keys", false).unwrap();
        assert_eq!(sql.execute(&format!("DELETE FROM {table} WHERE id = ?1"), [id]).unwrap(), 1);
        let found = scene.found().await;
        let named = found.iter().any(
            |finding| matches!(finding, Finding::Registry { problem } if problem.contains("events") && problem.contains(table)),
        );
        assert!(named, "{table}: {found:?}");
    }
}

#[tokio::test]
async fn counters_that_are_off() {
    let scene = scene().await;
    scene.sql().execute("UPDATE usage SET bytes = bytes + 1", []).unwrap();
    let found = scene.found().await;
    assert!(matches!(&found[..], [Finding::Registry { .. }]), "{found:?}");
}

#[tokio::test]
async fn findings_beyond_the_limit_are_counted() {
    let scene = scene().await;
    for index in 0..3 {
        fs::remove_file(scene.file(index)).unwrap();
    }
    let options = CheckOptions { findings_max: 1, ..CheckOptions::default() };
    let report = check::run(&scene.world.registry, &scene.world.vault, options).await.unwrap();
    assert_eq!((report.findings.len(), report.counts.get("missing")), (1, Some(&3)));
    assert!(!report.is_clean());
    assert_eq!((report.objects_in_registry, report.objects_in_vault), (3, 0));
}
