//! Pieces of objects, with a cache in front and without.

#![allow(clippy::single_range_in_vec_init, reason = "a piece may be one range")]

use ownsight_disk::{Disk, ForgettingDisk};
use ownsight_vault::{Caches, ReadError, Vault, Violation};

use crate::support::{config, content, file_of, object, poll_and_drop, run, start, store};

const MEMORY: u64 = 1 << 20;
const HEAD: usize = 16;

/// A vault with an object of 2,000 bytes, with these caches in front of it.
async fn vault(caches: &Caches) -> (Vault, ForgettingDisk, Vec<u8>) {
    let disk = ForgettingDisk::new();
    let vault = start(&disk, config()).await.with_cache(caches, MEMORY);
    let bytes = content(2_000, 1);
    drop(store(&vault, object(1, 1, 1), &bytes).await.unwrap());
    (vault, disk, bytes)
}

fn in_memory() -> Caches {
    Caches::local(ownsight_cache::Clock::manual())
}

/// Changes a byte of the object's file.
fn change(disk: &ForgettingDisk) {
    let file = disk.open_for_change(&file_of(object(1, 1, 1))).unwrap();
    file.write_at(&[0], 3).unwrap();
}

#[test]
fn ranges_come_one_behind_the_other() {
    run(async {
        for caches in [Caches::off(), in_memory()] {
            let (vault, _, bytes) = vault(&caches).await;
            let pieces = vault.pieces(object(1, 1, 1), HEAD);
            for _ in 0..2 {
                let piece = pieces.read(&[0..10, 1_990..2_000, 5..5, 3..8]).await.unwrap();
                assert_eq!(piece.bytes(), [&bytes[..10], &bytes[1_990..], &bytes[3..8]].concat());
                assert_eq!(pieces.read(&[0..2_000]).await.unwrap().into_mut(), bytes);
            }
        }
    });
}

#[test]
fn what_lies_outside_or_is_not_there_is_refused_and_not_remembered() {
    run(async {
        for caches in [Caches::off(), in_memory()] {
            let (vault, _, bytes) = vault(&caches).await;
            let pieces = vault.pieces(object(1, 1, 1), HEAD);
            for range in [1_999..2_001, 0..u64::MAX, u64::MAX - 1..u64::MAX] {
                let error = pieces.read(&[0..1, range.clone()]).await.unwrap_err();
                assert!(matches!(*error, ReadError::OutOfRange { .. }), "{range:?}: {error}");
            }
            let absent = vault.pieces(object(1, 1, 2), HEAD);
            let error = absent.read(&[0..1]).await.unwrap_err();
            assert!(matches!(*error, ReadError::Missing { .. }), "{error}");
            drop(store(&vault, object(1, 1, 2), &bytes).await.unwrap());
            assert_eq!(absent.read(&[0..1]).await.unwrap().bytes(), &bytes[..1]);
        }
    });
}

#[test]
fn a_piece_that_was_read_comes_from_the_cache_until_its_object_is_erased() {
    run(async {
        let (vault, disk, bytes) = vault(&in_memory()).await;
        let read = async || vault.pieces(object(1, 1, 1), HEAD).read(&[0..100]).await;
        assert_eq!(read().await.unwrap().bytes(), &bytes[..100]);
        change(&disk);
        assert_eq!(read().await.unwrap().bytes(), &bytes[..100], "the cache was asked");
        vault.delete(&[object(1, 1, 1)]).await.unwrap();
        let error = read().await.unwrap_err();
        assert!(matches!(*error, ReadError::Missing { .. }), "{error}");
        // Another object's pieces are others'.
        drop(store(&vault, object(2, 1, 1), &content(2_000, 2)).await.unwrap());
        let other = vault.pieces(object(2, 1, 1), HEAD).read(&[0..100]).await.unwrap();
        assert_eq!(other.bytes(), &content(2_000, 2)[..100]);
    });
}

#[test]
fn without_a_cache_each_piece_is_the_files() {
    run(async {
        for vault in [vault(&Caches::off()).await, {
            let disk = ForgettingDisk::new();
            let bytes = content(2_000, 1);
            let vault = start(&disk, config()).await;
            drop(store(&vault, object(1, 1, 1), &bytes).await.unwrap());
            (vault, disk, bytes)
        }] {
            let (vault, disk, bytes) = vault;
            let pieces = vault.pieces(object(1, 1, 1), HEAD);
            let piece = pieces.read(&[0..100]).await.unwrap();
            assert_eq!(piece.bytes(), &bytes[..100]);
            assert!(piece.suspect().is_none(), "it is nobody's fault but the file's");
            change(&disk);
            assert_ne!(pieces.read(&[0..100]).await.unwrap().bytes(), &bytes[..100]);
        }
    });
}

#[test]
fn a_piece_that_does_not_open_is_the_caches_fault_only_if_the_file_has_another() {
    run(async {
        let caches = in_memory();
        let (vault, disk, bytes) = vault(&caches).await;
        let (heard, hears) = std::sync::mpsc::channel();
        vault.on_cache_violation(move |violation| heard.send(violation).unwrap());
        let pieces = vault.pieces(object(1, 1, 1), HEAD);
        let piece = pieces.read(&[0..100]).await.unwrap();
        let suspect = piece.suspect().unwrap();
        assert!(pieces.read_again(&[0..100], &suspect).await.unwrap().is_none());
        assert!(hears.try_recv().is_err());

        change(&disk);
        let again = pieces.read_again(&[0..100], &suspect).await.unwrap().unwrap();
        assert_eq!((again.bytes()[3], &again.bytes()[4..]), (0, &bytes[4..100]));
        assert!(again.suspect().is_none());
        assert_eq!(hears.try_recv(), Ok(Violation::Refused));
        assert_eq!(caches.violations(Violation::Refused), 1);
        assert_eq!(pieces.read(&[0..100]).await.unwrap().bytes(), again.bytes(), "the cache has the new one");
    });
}

#[test]
fn the_head_is_the_files_and_in_no_cache() {
    run(async {
        let (vault, disk, bytes) = vault(&in_memory()).await;
        let pieces = vault.pieces(object(1, 1, 1), HEAD);
        assert_eq!(pieces.head(), None);
        pieces.read(&[100..200]).await.unwrap();
        assert_eq!(pieces.head(), Some(&bytes[..HEAD]));
        change(&disk);
        let other = vault.pieces(object(1, 1, 1), HEAD);
        other.read(&[100..200]).await.unwrap();
        assert_eq!(other.head(), None, "its file was not opened");
        other.read(&[200..300]).await.unwrap();
        assert_eq!(other.head().unwrap()[3], 0, "it is read anew with each opening");
        let longer = vault.pieces(object(1, 1, 1), 2_001);
        let error = longer.read(&[300..400]).await.unwrap_err();
        assert!(matches!(*error, ReadError::OutOfRange { .. }), "{error}");
    });
}

#[test]
fn dropped_reads_of_pieces_change_nothing() {
    run(async {
        let (vault, _, bytes) = vault(&in_memory()).await;
        let pieces = vault.pieces(object(1, 1, 1), HEAD);
        assert!(poll_and_drop(pieces.read(&[0..100])));
        let suspect = pieces.read(&[0..100]).await.unwrap().suspect().unwrap();
        assert!(poll_and_drop(pieces.read_again(&[0..100], &suspect)));
        assert!(poll_and_drop(vault.delete(&[object(1, 1, 9)])));
        assert_eq!(pieces.read(&[0..100]).await.unwrap().bytes(), &bytes[..100]);
    });
}
