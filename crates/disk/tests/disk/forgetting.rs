//! What a crash may leave, and what it must leave.

use std::collections::BTreeSet;
use std::path::Path;

use ownsight_disk::{Disk, ForgettingDisk, SyncTarget};

const SEEDS: std::ops::Range<u64> = 0..200;

fn path(name: &str) -> &Path {
    Path::new(name)
}

fn read(disk: &ForgettingDisk, name: &str) -> Option<Vec<u8>> {
    let file = disk.open(path(name)).ok()?;
    let mut bytes = vec![0; usize::try_from(file.file_len().unwrap()).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    Some(bytes)
}

/// Everything that crashes with different seeds leave of this file.
fn outcomes(disk: &ForgettingDisk, name: &str) -> BTreeSet<Option<Vec<u8>>> {
    SEEDS.map(|seed| read(&disk.crash(seed), name)).collect()
}

#[test]
fn what_was_synced_with_its_folder_survives() {
    let disk = ForgettingDisk::new();
    let file = disk.create(path("a")).unwrap();
    file.write_at(b"hello", 0).unwrap();
    file.sync().unwrap();
    disk.sync_folder(path("")).unwrap();
    assert_eq!(outcomes(&disk, "a"), BTreeSet::from([Some(b"hello".to_vec())]));
}

#[test]
fn a_name_is_lost_or_kept_without_the_folders_sync() {
    let disk = ForgettingDisk::new();
    let file = disk.create(path("a")).unwrap();
    file.write_at(b"hello", 0).unwrap();
    file.sync().unwrap();
    assert_eq!(outcomes(&disk, "a"), BTreeSet::from([None, Some(b"hello".to_vec())]));
}

#[test]
fn unsynced_bytes_are_lost_torn_or_kept() {
    let disk = ForgettingDisk::new();
    let file = disk.create(path("a")).unwrap();
    disk.sync_folder(path("")).unwrap();
    file.write_at(&[7; 2000], 0).unwrap();
    let left: BTreeSet<_> = outcomes(&disk, "a").into_iter().map(Option::unwrap).collect();
    assert!(left.contains(&Vec::new()), "lost");
    assert!(left.contains(&vec![7; 2000]), "kept");
    assert!(left.iter().any(|bytes| !bytes.is_empty() && bytes.len() < 2000), "torn at a byte");
    assert!(left.iter().any(|bytes| bytes.len() == 2000 && bytes.contains(&0)), "sectors of zeros");
}

#[test]
fn a_lost_folder_takes_synced_files_with_it() {
    let disk = ForgettingDisk::new();
    disk.make_folder(path("f")).unwrap();
    let file = disk.create(path("f/a")).unwrap();
    file.write_at(b"hello", 0).unwrap();
    file.sync().unwrap();
    disk.sync_folder(path("f")).unwrap();
    assert!(outcomes(&disk, "f/a").contains(&None));
    disk.sync_folder(path("")).unwrap();
    assert!(!outcomes(&disk, "f/a").contains(&None));
}

#[test]
fn a_rename_leads_to_the_old_file_or_to_the_new_one() {
    let disk = ForgettingDisk::new();
    for (name, bytes) in [("t/a", b"new"), ("f/b", b"old")] {
        disk.make_folder(path(name).parent().unwrap()).unwrap();
        let file = disk.create(path(name)).unwrap();
        file.write_at(bytes, 0).unwrap();
        file.sync().unwrap();
        disk.sync_folder(path(name).parent().unwrap()).unwrap();
    }
    disk.sync_folder(path("")).unwrap();
    disk.rename(path("t/a"), path("f/b")).unwrap();

    let both = |disk: &ForgettingDisk| (read(disk, "t/a"), read(disk, "f/b"));
    let (new, old) = (Some(b"new".to_vec()), Some(b"old".to_vec()));
    let left: BTreeSet<_> = SEEDS.map(|seed| both(&disk.crash(seed))).collect();
    let expected = [(new.clone(), old), (None, new.clone()), (new.clone(), new.clone())];
    assert_eq!(left, BTreeSet::from(expected));

    disk.sync_folder(path("f")).unwrap();
    let left: BTreeSet<_> = SEEDS.map(|seed| both(&disk.crash(seed))).collect();
    assert_eq!(left, BTreeSet::from([(None, new.clone()), (new.clone(), new.clone())]));

    disk.sync_folder(path("t")).unwrap();
    let left: BTreeSet<_> = SEEDS.map(|seed| both(&disk.crash(seed))).collect();
    assert_eq!(left, BTreeSet::from([(None, new)]));
}

#[test]
fn an_unlink_may_be_undone_until_the_folder_is_synced() {
    let disk = ForgettingDisk::new();
    disk.create(path("a")).unwrap().sync().unwrap();
    disk.sync_folder(path("")).unwrap();
    disk.unlink(path("a")).unwrap();
    assert_eq!(outcomes(&disk, "a"), BTreeSet::from([None, Some(Vec::new())]));
    disk.sync_folder(path("")).unwrap();
    assert_eq!(outcomes(&disk, "a"), BTreeSet::from([None]));
}

#[test]
fn a_name_made_durable_is_not_taken_back_by_an_earlier_change() {
    let disk = ForgettingDisk::new();
    disk.make_folder(path("t")).unwrap();
    disk.make_folder(path("f")).unwrap();
    disk.sync_folder(path("")).unwrap();
    disk.create(path("f/b")).unwrap();
    disk.unlink(path("f/b")).unwrap();
    let file = disk.create(path("t/a")).unwrap();
    file.write_at(b"new", 0).unwrap();
    file.sync().unwrap();
    disk.rename(path("t/a"), path("f/b")).unwrap();
    disk.sync_folder(path("t")).unwrap();
    assert_eq!(outcomes(&disk, "f/b"), BTreeSet::from([Some(b"new".to_vec())]));
}

#[test]
fn a_crash_at_an_earlier_position_knows_nothing_of_what_came_later() {
    let disk = ForgettingDisk::new();
    let file = disk.create(path("a")).unwrap();
    file.write_at(b"one", 0).unwrap();
    file.sync().unwrap();
    disk.sync_folder(path("")).unwrap();
    let position = disk.position();
    file.write_at(b"two", 0).unwrap();
    file.sync().unwrap();
    for seed in SEEDS {
        assert_eq!(read(&disk.crash_at(position, seed), "a").unwrap(), b"one");
        assert_eq!(read(&disk.crash_at(disk.position(), seed), "a").unwrap(), b"two");
        assert!(read(&disk.crash_at(0, seed), "a").is_none());
    }
}

#[test]
fn a_crash_without_one_sync_shows_what_that_sync_was_for() {
    let disk = ForgettingDisk::new();
    let file = disk.create(path("a")).unwrap();
    file.write_at(b"hello", 0).unwrap();
    file.sync().unwrap();
    disk.sync_folder(path("")).unwrap();
    let syncs = disk.syncs();
    assert_eq!(
        syncs.iter().map(|sync| sync.target).collect::<Vec<_>>(),
        [SyncTarget::File, SyncTarget::Folder]
    );
    for sync in syncs {
        let lost = SEEDS.filter(|seed| {
            let after = disk.crash_without(sync.index, disk.position(), *seed);
            read(&after, "a").as_deref() != Some(b"hello")
        });
        assert!(lost.count() > 40, "{sync:?}");
    }
}

#[test]
fn what_a_crash_left_is_durable_and_can_be_built_upon() {
    let disk = ForgettingDisk::new();
    disk.create(path("a")).unwrap().write_at(&[7; 2000], 0).unwrap();
    for seed in SEEDS {
        let after = disk.crash(seed);
        let left = read(&after, "a");
        let file = after.create(path("b")).unwrap();
        file.write_at(b"more", 0).unwrap();
        file.sync().unwrap();
        after.sync_folder(path("")).unwrap();
        let again = after.crash(seed + 1);
        assert_eq!(read(&again, "a"), left);
        assert_eq!(read(&again, "b").unwrap(), b"more");
    }
}

#[test]
fn the_same_seed_leaves_the_same() {
    let disk = ForgettingDisk::new();
    disk.create(path("a")).unwrap().write_at(&[7; 2000], 0).unwrap();
    disk.create(path("b")).unwrap().write_at(&[8; 2000], 0).unwrap();
    for seed in SEEDS {
        let (one, other) = (disk.crash(seed), disk.crash(seed));
        assert_eq!(read(&one, "a"), read(&other, "a"));
        assert_eq!(read(&one, "b"), read(&other, "b"));
    }
}
