//! Armed faults strike once, and as a real disk's do.

use std::path::Path;

use ownsight_disk::{Disk, DiskError, ForgettingDisk};

fn path(name: &str) -> &Path {
    Path::new(name)
}

#[test]
fn bytes_of_a_failed_sync_are_lost_even_if_a_later_sync_works() {
    let disk = ForgettingDisk::new();
    let file = disk.create(path("a")).unwrap();
    disk.sync_folder(path("")).unwrap();
    file.write_at(b"hello", 0).unwrap();
    disk.fail_sync(1);
    assert!(matches!(file.sync(), Err(DiskError::Io { .. })));
    file.sync().unwrap();
    let mut bytes = [0; 5];
    file.read_exact_at(&mut bytes, 0).unwrap();
    assert_eq!(&bytes, b"hello", "it can still be read");
    let lost = (0..100).filter(|seed| disk.crash(*seed).file_len(path("a")).unwrap() == 0).count();
    assert_eq!(lost, 100, "and is gone after a crash");
}

#[test]
fn names_of_a_failed_folder_sync_are_not_made_durable_by_a_later_one() {
    let disk = ForgettingDisk::new();
    disk.create(path("a")).unwrap();
    disk.fail_sync(0);
    assert!(disk.sync_folder(path("")).is_err());
    disk.sync_folder(path("")).unwrap();
    let lost = (0..100).filter(|seed| disk.crash(*seed).open(path("a")).is_err()).count();
    assert!(lost > 20 && lost < 80, "{lost}");
}

#[test]
fn an_ignored_sync_says_that_it_worked() {
    let disk = ForgettingDisk::new();
    let file = disk.create(path("a")).unwrap();
    file.write_at(b"hello", 0).unwrap();
    disk.ignore_sync(0);
    file.sync().unwrap();
    disk.sync_folder(path("")).unwrap();
    assert!((0..100).any(|seed| disk.crash(seed).file_len(path("a")).unwrap() == 0));
}

#[test]
fn a_cut_write_leaves_its_first_part_and_fails() {
    let disk = ForgettingDisk::new();
    let file = disk.create(path("a")).unwrap();
    disk.cut_write(1, 2);
    file.write_at(b"hello", 0).unwrap();
    assert!(matches!(file.write_at(b"world", 5), Err(DiskError::Io { .. })));
    assert_eq!(file.file_len().unwrap(), 7);
    file.write_at(b"world", 5).unwrap();
}

#[test]
fn a_full_disk_says_so_and_takes_more_when_space_returns() {
    let disk = ForgettingDisk::new();
    disk.set_capacity(Some(8));
    let file = disk.create(path("a")).unwrap();
    file.write_at(b"hello", 0).unwrap();
    file.write_at(b"HELLO", 0).unwrap();
    assert!(file.write_at(b"world", 5).unwrap_err().is_full());
    assert_eq!(disk.space().unwrap().free_bytes, 0);
    disk.unlink(path("a")).unwrap();
    disk.create(path("b")).unwrap().write_at(b"12345678", 0).unwrap();
    disk.set_capacity(None);
    disk.create(path("c")).unwrap().write_at(b"more", 0).unwrap();
}

#[test]
fn a_change_that_fails_changes_nothing() {
    let disk = ForgettingDisk::new();
    disk.create(path("a")).unwrap();
    disk.fail_change(disk.position());
    assert!(matches!(disk.rename(path("a"), path("b")), Err(DiskError::Io { .. })));
    assert!(disk.open(path("a")).is_ok() && disk.open(path("b")).is_err());
    disk.rename(path("a"), path("b")).unwrap();
}
