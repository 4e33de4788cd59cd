//! One contract, two disks.

use std::path::Path;
use std::sync::Arc;

use ownsight_disk::{Disk, DiskError, EntryKind, ForgettingDisk, RealDisk};

fn on_both(body: impl Fn(&dyn Disk)) {
    let folder = tempfile::tempdir().unwrap();
    body(&RealDisk::open(folder.path()).unwrap());
    body(&ForgettingDisk::new());
}

fn path(name: &str) -> &Path {
    Path::new(name)
}

fn names(disk: &dyn Disk, folder: &str) -> Vec<String> {
    let mut names: Vec<_> =
        disk.list(path(folder)).unwrap().into_iter().map(|entry| entry.name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_was_written_is_read_at_any_offset() {
    on_both(|disk| {
        let file = disk.create(path("a")).unwrap();
        file.write_at(b"hello", 0).unwrap();
        file.write_at(b"world", 7).unwrap();
        file.sync().unwrap();
        assert_eq!(file.file_len().unwrap(), 12);
        let opened = disk.open(path("a")).unwrap();
        let mut all = [9; 12];
        opened.read_exact_at(&mut all, 0).unwrap();
        assert_eq!(&all, b"hello\0\0world");
        let mut part = [0; 4];
        opened.read_exact_at(&mut part, 8).unwrap();
        assert_eq!(&part, b"orld");
        assert_eq!(opened.read_at(&mut part, 10).unwrap(), 2);
        assert_eq!(opened.read_at(&mut part, 500).unwrap(), 0);
    });
}

#[test]
fn reading_behind_the_end_says_where_the_file_ends() {
    on_both(|disk| {
        disk.create(path("a")).unwrap().write_at(b"hello", 0).unwrap();
        let error = disk.open(path("a")).unwrap().read_exact_at(&mut [0; 4], 3).unwrap_err();
        assert!(matches!(error, DiskError::Short { offset: 5 }), "{error:?}");
    });
}

#[test]
fn truncate_cuts_and_extends_with_zeros() {
    on_both(|disk| {
        let file = disk.create(path("a")).unwrap();
        file.write_at(b"hello", 0).unwrap();
        file.truncate(2).unwrap();
        file.truncate(4).unwrap();
        let mut all = [9; 4];
        file.read_exact_at(&mut all, 0).unwrap();
        assert_eq!(&all, b"he\0\0");
        assert_eq!(disk.file_len(path("a")).unwrap(), 4);
    });
}

#[test]
fn a_taken_name_is_not_created_twice() {
    on_both(|disk| {
        disk.create(path("a")).unwrap();
        assert!(matches!(disk.create(path("a")), Err(DiskError::AlreadyExists { .. })));
        disk.make_folder(path("f")).unwrap();
        assert!(matches!(disk.make_folder(path("f")), Err(DiskError::AlreadyExists { .. })));
    });
}

#[test]
fn what_does_not_exist_is_not_found() {
    on_both(|disk| {
        assert!(disk.open(path("a")).unwrap_err().is_not_found());
        assert!(disk.open_for_change(path("a")).unwrap_err().is_not_found());
        assert!(disk.file_len(path("a")).unwrap_err().is_not_found());
        assert!(disk.unlink(path("a")).unwrap_err().is_not_found());
        assert!(disk.rename(path("a"), path("b")).unwrap_err().is_not_found());
        assert!(disk.list(path("f")).unwrap_err().is_not_found());
        assert!(disk.sync_folder(path("f")).unwrap_err().is_not_found());
        assert!(disk.create(path("f/a")).unwrap_err().is_not_found());
        assert!(disk.remove_folder(path("f")).unwrap_err().is_not_found());
    });
}

#[test]
fn a_folder_is_not_a_file() {
    on_both(|disk| {
        disk.make_folder(path("f")).unwrap();
        assert!(disk.open(path("f")).unwrap_err().is_not_found());
        assert!(disk.file_len(path("f")).unwrap_err().is_not_found());
        assert!(disk.unlink(path("f")).is_err());
    });
}

#[test]
fn a_rename_replaces_the_target() {
    on_both(|disk| {
        disk.make_folder(path("f")).unwrap();
        disk.create(path("a")).unwrap().write_at(b"new", 0).unwrap();
        disk.create(path("f/b")).unwrap().write_at(b"old", 0).unwrap();
        disk.rename(path("a"), path("f/b")).unwrap();
        disk.sync_folder(path("f")).unwrap();
        assert_eq!(names(disk, ""), ["f"]);
        let mut bytes = [0; 3];
        disk.open(path("f/b")).unwrap().read_exact_at(&mut bytes, 0).unwrap();
        assert_eq!(&bytes, b"new");
    });
}

#[test]
fn an_unlinked_file_stays_readable_for_who_has_it_open() {
    on_both(|disk| {
        disk.create(path("a")).unwrap().write_at(b"hello", 0).unwrap();
        let opened = disk.open(path("a")).unwrap();
        disk.unlink(path("a")).unwrap();
        let mut bytes = [0; 5];
        opened.read_exact_at(&mut bytes, 0).unwrap();
        assert_eq!(&bytes, b"hello");
        assert!(names(disk, "").is_empty());
    });
}

#[test]
fn a_folder_is_removed_only_when_empty() {
    on_both(|disk| {
        disk.make_folder(path("f")).unwrap();
        disk.make_folder(path("f/g")).unwrap();
        disk.create(path("f/g/a")).unwrap();
        assert!(matches!(disk.remove_folder(path("f/g")), Err(DiskError::NotEmpty { .. })));
        disk.unlink(path("f/g/a")).unwrap();
        disk.remove_folder(path("f/g")).unwrap();
        disk.remove_folder(path("f")).unwrap();
        assert!(names(disk, "").is_empty());
    });
}

#[test]
fn a_listing_tells_files_from_folders() {
    on_both(|disk| {
        disk.create(path("a")).unwrap();
        disk.make_folder(path("f")).unwrap();
        let mut entries = disk.list(path("")).unwrap();
        entries.sort_by(|left, right| left.name.cmp(&right.name));
        let kinds: Vec<_> = entries.iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, [EntryKind::File, EntryKind::Folder]);
    });
}

#[test]
fn paths_that_lead_out_are_refused() {
    on_both(|disk| {
        for bad in ["", "/etc/passwd", "../a", "f/../../a", "./a"] {
            assert!(matches!(disk.create(path(bad)), Err(DiskError::BadPath { .. })), "{bad}");
            assert!(matches!(disk.open(path(bad)), Err(DiskError::BadPath { .. })), "{bad}");
            assert!(matches!(disk.unlink(path(bad)), Err(DiskError::BadPath { .. })), "{bad}");
        }
        assert!(matches!(disk.list(path("..")), Err(DiskError::BadPath { .. })));
    });
}

#[test]
fn free_space_is_not_more_than_the_total() {
    on_both(|disk| {
        let space = disk.space().unwrap();
        assert!(space.total_bytes > 0 && space.free_bytes <= space.total_bytes, "{space:?}");
    });
}

#[test]
fn a_symbolic_link_is_listed_as_other_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), b"secret").unwrap();
    std::os::unix::fs::symlink("secret", folder.path().join("link")).unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();
    assert!(disk.open(path("link")).is_err());
    let entries = disk.list(path("")).unwrap();
    let link = entries.iter().find(|entry| entry.name == "link").unwrap();
    assert_eq!(link.kind, EntryKind::Other);
}

#[test]
fn files_and_folders_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();
    disk.create(path("a")).unwrap();
    disk.make_folder(path("f")).unwrap();
    for name in ["a", "f"] {
        let mode = folder.path().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
    }
}

#[test]
fn threads_share_one_disk() {
    on_both(|disk| {
        let file: Arc<dyn ownsight_disk::DiskFile> = Arc::from(disk.create(path("a")).unwrap());
        std::thread::scope(|scope| {
            for part in 0..8_u8 {
                let file = Arc::clone(&file);
                scope.spawn(move || file.write_at(&[part; 100], u64::from(part) * 100).unwrap());
            }
        });
        let mut bytes = [0; 800];
        file.read_exact_at(&mut bytes, 0).unwrap();
        assert!(bytes.iter().enumerate().all(|(at, byte)| usize::from(*byte) == at / 100));
    });
}
