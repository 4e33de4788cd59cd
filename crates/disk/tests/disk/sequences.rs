//! The sequences of `durable` survive a crash at every position.

use std::path::Path;

use ownsight_disk::{Disk, ForgettingDisk, RealDisk, durable};

const SEEDS: u64 = 40;

#[test]
fn folders_are_durable_when_they_were_made() {
    let disk = ForgettingDisk::new();
    disk.make_folder(Path::new("a")).unwrap();
    durable::make_folders(&disk, Path::new("a/b/c")).unwrap();
    for seed in 0..SEEDS {
        assert!(
            disk.crash(seed).list(Path::new("a/b/c")).is_ok(),
            "the unsynced `a` of somebody else included"
        );
    }
    for sync in disk.syncs() {
        let missed = (0..SEEDS).any(|seed| {
            disk.crash_without(sync.index, disk.position(), seed).list(Path::new("a/b/c")).is_err()
        });
        assert!(missed, "nothing noticed that this was left out: {sync:?}");
    }
}

#[test]
fn a_replaced_file_is_the_old_or_the_new_one_at_every_position() {
    let (file, temporary) = (Path::new("file"), Path::new("file.new"));
    let disk = ForgettingDisk::new();
    durable::replace_file(&disk, file, temporary, b"old").unwrap();
    let before = disk.position();
    durable::replace_file(&disk, file, temporary, &[b'n'; 3000]).unwrap();
    let done = disk.position();
    let read = |disk: &ForgettingDisk| durable::read_file(disk, file, 10_000).ok().flatten();
    let sound = |left: Option<Vec<u8>>, position| match left.as_deref() {
        Some(b"old") => position < done,
        Some(bytes) => bytes.len() == 3000 && bytes.iter().all(|byte| *byte == b'n'),
        None => false,
    };
    for position in before..=done {
        for seed in 0..SEEDS {
            let after = disk.crash_at(position, seed);
            assert!(sound(read(&after), position), "position {position}, seed {seed}");
            durable::replace_file(&after, file, temporary, b"again").unwrap();
        }
    }
    for sync in disk.syncs().iter().filter(|sync| sync.position >= before) {
        let missed = (0..SEEDS).any(|seed| !sound(read(&disk.crash_without(sync.index, done, seed)), done));
        assert!(missed, "nothing noticed that this was left out: {sync:?}");
    }
}

#[test]
fn a_file_that_is_too_long_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();
    durable::replace_file(&disk, Path::new("a"), Path::new("b"), b"hello").unwrap();
    assert_eq!(durable::read_file(&disk, Path::new("a"), 5).unwrap().unwrap(), b"hello");
    assert_eq!(durable::read_file(&disk, Path::new("a"), 4).unwrap(), None);
}
