//! Backups are made while cameras record, again into the same folder, and brought back.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::machine::{Machine, Serving};

/// Events that there must be before something is made of them.
const EVENTS: usize = 3;

struct Person {
    email: String,
    password: String,
}

/// The demo: two homes with cameras that are never still.
fn demo(machine: &Machine) -> (Serving, Person) {
    let folder = machine.folder.path().to_str().unwrap().to_owned();
    let mut serving = machine.start(&["demo", "--json", "--port", "0", "--data", &folder]);
    let said: Value = serde_json::from_str(&serving.said).unwrap();
    said["url"].as_str().unwrap().clone_into(&mut serving.said);
    let text = |name: &str| said["accounts"][0][name].as_str().unwrap().to_owned();
    (serving, Person { email: text("email"), password: text("password") })
}

impl Person {
    async fn sign_in(&self, serving: &Serving) -> String {
        let body = json!({"email": self.email, "password": self.password});
        let (status, answer) = serving.ask(None, Method::POST, "sessions", Some(&body)).await;
        assert_eq!(status, 201, "{answer}");
        answer["token"].as_str().unwrap().to_owned()
    }
}

async fn events(serving: &Serving, token: &str) -> BTreeSet<String> {
    let (status, page) = serving.ask(Some(token), Method::GET, "events?limit=100", None).await;
    assert_eq!((status, &page["unverified"]), (200, &json!(0)), "{page}");
    let events = page["events"].as_array().unwrap();
    events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

async fn events_beside(serving: &Serving, token: &str, others: &BTreeSet<String>) -> BTreeSet<String> {
    let until = Instant::now() + Duration::from_mins(3);
    loop {
        let found = events(serving, token).await;
        if found.difference(others).count() >= EVENTS {
            return found;
        }
        assert!(Instant::now() < until, "the cameras record nothing: {found:?}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// The objects in a folder of events.
fn objects(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "own") {
                found.insert(path);
            }
        }
    }
    found
}

fn names_of_files(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder).unwrap().flat_map(|home| fs::read_dir(home.unwrap().path()).unwrap());
    files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn names(folder: &Path) -> BTreeSet<String> {
    objects(folder).iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_running_server_is_brought_back() {
    let machine = Machine::new();
    let (serving, anna) = demo(&machine);
    let token = anna.sign_in(&serving).await;
    let first = events_beside(&serving, &token, &BTreeSet::new()).await;
    let folder = machine.folder.path().join("backups/today");
    let to = folder.to_str().unwrap();
    machine.done(&["backup", to], "");
    let kept = folder.join("events");
    assert!(names(&kept).is_superset(&first), "{first:?}");
    assert!(!folder.join("master.key").exists() && !folder.join("unfinished").exists());

    // Only what is new, and without what was erased.
    let erased = first.first().unwrap();
    let (status, _) = serving.ask(Some(&token), Method::DELETE, &format!("events/{erased}"), None).await;
    assert_eq!(status, 204);
    let second = events_beside(&serving, &token, &first).await;
    let before = names(&kept);
    let said = machine.says(&["backup", to]);
    assert!(said.contains("Erased since the backup before: ") && !said.contains("before: 0."), "{said}");
    let there = names(&kept);
    assert!(there.is_superset(&second) && !there.contains(erased));
    let new = there.difference(&before).count();
    assert!(said.contains(&format!("New: {new}, ")) && new < there.len(), "{new} of {}: {said}", there.len());
    let states = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(states.filter(|name| name.to_str().unwrap().starts_with("state-")).count(), 1);
    serving.stop();
    let inside = machine.data().join("inside");
    let said = machine.refused(&["backup", inside.to_str().unwrap()], "");
    assert!(said.contains("must lie apart"), "{said}");
    fs::remove_dir_all(inside).unwrap();

    // With the server stopped as well, after one that was cut off; and the data is not overwritten.
    fs::write(folder.join("unfinished"), "").unwrap();
    let cut = objects(&kept).into_iter().find(|path| path.to_str().unwrap().contains(second.last().unwrap()));
    let cut = cut.unwrap();
    let length = usize::try_from(fs::metadata(&cut).unwrap().len()).unwrap();
    fs::write(&cut, vec![0; length]).unwrap();
    let left_over = machine.data().join(".backup-left");
    fs::create_dir(&left_over).unwrap();
    machine.done(&["backup", to], "");
    assert!(!left_over.exists() && !folder.join("unfinished").exists());
    let there = names(&kept);
    let said = machine.refused(&["restore", to], "");
    assert!(said.contains("there is an installation in"), "{said}");
    let agents = names_of_files(&machine.data().join("agents"));
    fs::remove_dir_all(machine.data()).unwrap();
    fs::create_dir(machine.data()).unwrap();
    fs::write(machine.data().join("registry.db-wal"), "of other data").unwrap();
    let said = machine.refused(&["restore", to], "");
    assert!(said.contains("is not empty (registry.db-wal)"), "{said}");
    // One that was cut off is no installation, and is run again.
    fs::write(machine.data().join("restoring"), "").unwrap();
    let said = machine.refused(&["serve"], "");
    assert!(said.contains("run `ownsight restore` again"), "{said}");
    // The database itself is marked, not only found to be old.
    fs::remove_file(machine.configuration().join("restore.mark")).unwrap();
    machine.done(&["restore", to, "--lock-down", "A backup is brought back."], "");
    assert_eq!(names(&machine.data().join("events")), there);
    assert_eq!(names_of_files(&machine.data().join("agents")), agents);
    fs::remove_file(machine.configuration().join("restore.mark")).unwrap();
    machine.done(&["check", "--deep"], "");
    let left = fs::read_dir(machine.data()).unwrap().map(|entry| entry.unwrap().file_name());
    let left = left.map(|name| name.into_string().unwrap()).filter(|name| name.starts_with('.'));
    assert_eq!(left.collect::<Vec<_>>(), Vec::<String>::new());

    // Nobody sees anything of it until an owner has confirmed, then all of it.
    let serving = machine.serve();
    let body = json!({"email": anna.email, "password": anna.password});
    let (status, answer) = serving.ask(None, Method::POST, "sessions", Some(&body)).await;
    assert_eq!((status, &answer["lockdown"]["reason"]), (423, &json!("A backup is brought back.")));
    machine.done(&["lockdown", "off"], "");
    let token = anna.sign_in(&serving).await;
    assert_eq!(events(&serving, &token).await, BTreeSet::new());
    let (_, me) = serving.me(&token).await;
    let home = format!("homes/{}/restored", me["waiting"][0]["home_id"].as_str().unwrap());
    let (_, waits) = serving.ask(Some(&token), Method::GET, &home, None).await;
    let ids = |name: &str| {
        let ids = waits[name].as_array().unwrap().iter().map(|one| one["id"].clone());
        ids.collect::<Vec<_>>()
    };
    let keep = json!({"members": [], "shares": [], "devices": ids("devices")});
    assert_eq!(serving.ask(Some(&token), Method::POST, &home, Some(&keep)).await.0, 200);
    let back = events(&serving, &token).await;
    assert!(back.is_superset(&second), "{second:?} {back:?}");
    let path = format!("events/{}/video", second.last().unwrap());
    assert_eq!(serving.ask(Some(&token), Method::GET, &path, None).await.0, 200);
    serving.stop();
}

/// A backup is held up at its first object, for which a pipe stands in: what goes meanwhile was erased, and is no damage.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_while_it_copies_is_left_out() {
    let machine = Machine::new();
    let (serving, anna) = demo(&machine);
    let token = anna.sign_in(&serving).await;
    let folder = machine.folder.path().join("backup");
    let to = folder.to_str().unwrap();
    // For a moment; and for so long that a later moment is taken.
    for held in [Duration::ZERO, Duration::from_secs(11)] {
        let known = if folder.exists() { names(&folder.join("events")) } else { BTreeSet::new() };
        let there = events_beside(&serving, &token, &known).await;
        let object = objects(&machine.data().join("events")).into_iter();
        let object = object.filter(|path| !known.contains(path.file_stem().unwrap().to_str().unwrap())).min();
        let object = object.unwrap();
        let erased = there.iter().rfind(|id| !object.to_str().unwrap().contains(id.as_str())).unwrap();
        let bytes = fs::read(&object).unwrap();
        fs::remove_file(&object).unwrap();
        let (mode, kind) = (rustix::fs::Mode::RWXU, rustix::fs::FileType::Fifo);
        rustix::fs::mknodat(rustix::fs::CWD, &object, kind, mode, 0).unwrap();
        let backup = machine.command(&["backup", to]).spawn().unwrap();
        // Opens once the backup is at it.
        let name = object.clone();
        let pipe = tokio::task::spawn_blocking(move || fs::OpenOptions::new().write(true).open(name));
        let mut pipe = pipe.await.unwrap().unwrap();
        let path = format!("events/{erased}");
        assert_eq!(serving.ask(Some(&token), Method::DELETE, &path, None).await.0, 204);
        tokio::time::sleep(held).await;
        fs::remove_file(&object).unwrap();
        fs::write(&object, &bytes).unwrap();
        std::io::Write::write_all(&mut pipe, &bytes).unwrap();
        drop(pipe);
        let output = backup.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        let copied = names(&folder.join("events"));
        assert!(!copied.contains(erased), "{said}");
        assert!(
            there.iter().filter(|id| *id != erased).all(|id| copied.contains(id)),
            "{there:?} {copied:?}"
        );
    }
    serving.stop();
    fs::remove_dir_all(machine.data()).unwrap();
    machine.done(&["restore", to], "");
    machine.done(&["check", "--deep"], "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_or_missing_is_named_and_the_rest_is_kept() {
    let machine = Machine::new();
    let (serving, anna) = demo(&machine);
    let token = anna.sign_in(&serving).await;
    events_beside(&serving, &token, &BTreeSet::new()).await;
    serving.stop();
    let all = objects(&machine.data().join("events"));
    let mut some = all.iter();
    let (damaged, missing, unreadable) = (some.next().unwrap(), some.next().unwrap(), some.next().unwrap());
    let whole = fs::read(damaged).unwrap();
    let mut bytes = whole.clone();
    bytes[4_000] ^= 1;
    fs::write(damaged, bytes).unwrap();
    fs::remove_file(missing).unwrap();
    // What a disk says of a bad sector is said of a folder, too: it opens, and cannot be read.
    let readable = fs::read(unreadable).unwrap();
    fs::remove_file(unreadable).unwrap();
    fs::create_dir(unreadable).unwrap();
    let folder = machine.folder.path().join("backup");
    let to = folder.to_str().unwrap();
    let named = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let output = machine.run(&["backup", to], "");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    let line = |object: &Path| said.lines().find(|line| line.contains(&named(object))).unwrap().to_owned();
    assert!(line(damaged).ends_with("its file is damaged") && line(missing).ends_with("there is no file"));
    assert!(line(unreadable).ends_with("its file cannot be read"), "{said}");
    assert_eq!(said.lines().count(), 3);
    assert_eq!(objects(&folder.join("events")).len(), all.len() - 3);
    fs::remove_dir(unreadable).unwrap();
    fs::write(unreadable, readable).unwrap();

    // Once it is whole again, it is copied. One that the backup has is not lost with its source.
    fs::write(damaged, whole).unwrap();
    assert_eq!(machine.run(&["backup", to], "").status.code(), Some(1));
    fs::remove_file(damaged).unwrap();
    let said = machine.refused(&["backup", to], "");
    assert!(said.contains("1 events are not in the backup"), "{said}");

    // Of the right length, and damaged in the backup.
    let copy = folder.join("events").join(damaged.strip_prefix(machine.data().join("events")).unwrap());
    let mut bytes = fs::read(&copy).unwrap();
    bytes[4_000] ^= 1;
    fs::write(&copy, bytes).unwrap();
    for args in [&["backup", to, "--verify"][..], &["backup", to]] {
        let said = machine.refused(args, "");
        assert!(said.contains("2 events are not in the backup"), "{args:?}: {said}");
    }
    let copy = folder.join("events").join(unreadable.strip_prefix(machine.data().join("events")).unwrap());
    let mut bytes = fs::read(&copy).unwrap();
    bytes[4_000] ^= 1;
    fs::write(&copy, bytes).unwrap();
    fs::remove_dir_all(machine.data()).unwrap();
    let output = machine.run(&["restore", to], "");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().count(), 3, "{said}");
    for object in [damaged, missing, unreadable] {
        assert!(said.contains(&named(object)), "{said}");
    }
    assert_eq!(objects(&machine.data().join("events")).len(), all.len() - 3);
    machine.serve().stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_are_no_backups_are_refused_and_left_as_they_are() {
    let machine = Machine::new();
    let folder = machine.folder.path().join("papers");
    fs::create_dir(&folder).unwrap();
    let to = folder.to_str().unwrap();
    let said = machine.refused(&["backup", to], "");
    assert!(said.contains("there is no installation in"), "{said}");
    let said = machine.refused(&["restore", to], "");
    assert!(said.contains("has no backup that was finished"), "{said}");
    machine.serve().stop();
    fs::write(folder.join("letter.txt"), "Dear Anna").unwrap();
    let said = machine.refused(&["backup", to], "");
    assert!(said.contains("is not empty, and has no backup"), "{said}");
    assert_eq!(fs::read_to_string(folder.join("letter.txt")).unwrap(), "Dear Anna");

    let backup = machine.folder.path().join("backup");
    machine.done(&["backup", backup.to_str().unwrap()], "");
    let other = Machine::new();
    other.serve().stop();
    let said = other.refused(&["backup", backup.to_str().unwrap()], "");
    assert!(said.contains("has a backup of another installation"), "{said}");
    assert!(!backup.join("unfinished").exists());
    // Its key does not open this one: nothing is brought back.
    fs::remove_dir_all(other.data()).unwrap();
    let said = other.refused(&["restore", backup.to_str().unwrap()], "");
    assert!(said.contains("is not the one that the database"), "{said}");
    assert!(!other.data().join("registry.db").exists());
}
