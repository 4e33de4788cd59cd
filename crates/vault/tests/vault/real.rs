//! The vault on the machine's disk.

use ownsight_disk::RealDisk;
use ownsight_vault::{ReadError, StoreError, Vault, VaultConfig};

use crate::support::{config, content, file_of, object, read, run, start, store};

async fn vault() -> (Vault, RealDisk, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();
    (start(&disk, config()).await, disk, folder)
}

#[test]
fn what_was_stored_is_read_whole_and_in_ranges() {
    run(async {
        let (vault, _, folder) = vault().await;
        for (event, len) in [(1, 0), (2, 1), (3, 999), (4, 1000), (5, 1001), (6, 300_000)] {
            let bytes = content(len, u64::from(event));
            let stored = store(&vault, object(1, 1, event), &bytes).await.unwrap();
            assert_eq!((stored.len(), stored.is_empty()), (len as u64, len == 0));
            assert_eq!(stored.object(), object(1, 1, event));
            assert_eq!(read(&vault, object(1, 1, event)).await, bytes);
            assert!(folder.path().join(file_of(object(1, 1, event))).is_file());
        }
        let reader = vault.open(object(1, 1, 6)).await.unwrap();
        assert_eq!(reader.read_at(70_000, 65_536).await.unwrap(), content(300_000, 6)[70_000..135_536]);
        let mut part = [0; 10];
        reader.blocking_read_at(&mut part, 299_990).unwrap();
        assert_eq!(part, content(300_000, 6)[299_990..]);
    });
}

#[test]
fn ranges_that_leave_the_object_are_refused() {
    run(async {
        let (vault, _, _folder) = vault().await;
        drop(store(&vault, object(1, 1, 1), &content(100, 1)).await.unwrap());
        let reader = vault.open(object(1, 1, 1)).await.unwrap();
        for (offset, len) in [(0, 101), (100, 1), (101, 0), (u64::MAX, 2)] {
            assert!(matches!(reader.read_at(offset, len).await, Err(ReadError::OutOfRange { .. })));
            assert!(reader.blocking_read_at(&mut vec![0; len], offset).is_err());
        }
        assert!(reader.read_at(100, 0).await.unwrap().is_empty());
    });
}

#[test]
fn what_is_missing_is_missing_and_a_neighbour_is_no_substitute() {
    run(async {
        let (vault, _, _folder) = vault().await;
        drop(store(&vault, object(1, 1, 1), b"bytes").await.unwrap());
        for other in [object(1, 1, 2), object(1, 2, 1), object(2, 1, 1)] {
            let error = vault.open(other).await.unwrap_err();
            assert!(matches!(error, ReadError::Missing { object } if object == other));
        }
    });
}

#[test]
fn one_event_is_delivered_once_at_a_time() {
    run(async {
        let (vault, _, _folder) = vault().await;
        let writer = vault.begin(object(1, 1, 1)).await.unwrap();
        assert!(matches!(vault.begin(object(1, 1, 1)).await, Err(StoreError::Busy { .. })));
        vault.begin(object(1, 2, 1)).await.expect("the same event id of another camera is another event");
        let stored = writer.commit().await.unwrap();
        assert!(matches!(vault.begin(object(1, 1, 1)).await, Err(StoreError::Busy { .. })));
        let deletion = vault.delete(&[object(1, 1, 1)]).await.unwrap();
        assert!(matches!(deletion.failed.as_slice(), [(_, StoreError::Busy { .. })]));
        drop(stored);
        vault.begin(object(1, 1, 1)).await.unwrap();
    });
}

#[test]
fn deleting_overwrites_the_header_and_removes_the_name() {
    run(async {
        let (vault, _, folder) = vault().await;
        drop(store(&vault, object(1, 1, 1), &content(500, 1)).await.unwrap());
        drop(store(&vault, object(1, 1, 2), &content(500, 2)).await.unwrap());
        let still_open = std::fs::File::open(folder.path().join(file_of(object(1, 1, 1)))).unwrap();

        let deletion = vault.delete(&[object(1, 1, 1), object(9, 9, 9)]).await.unwrap();
        assert_eq!((deletion.erased, deletion.absent, deletion.failed.len()), (1, 1, 0));
        assert!(matches!(vault.open(object(1, 1, 1)).await, Err(ReadError::Missing { .. })));
        assert!(!folder.path().join(file_of(object(1, 1, 1))).exists());
        assert_eq!(read(&vault, object(1, 1, 2)).await, content(500, 2));

        let mut left = Vec::new();
        std::io::Read::read_to_end(&mut &still_open, &mut left).unwrap();
        assert_eq!(&left[..64], [0; 64], "the header is gone for who has the file open");
        assert_eq!(&left[64..], &content(500, 1)[64..]);
    });
}

#[test]
fn a_start_removes_what_was_being_written() {
    run(async {
        let (first, disk, folder) = vault().await;
        drop(store(&first, object(1, 1, 1), b"bytes").await.unwrap());
        std::fs::write(folder.path().join(".temporary/7"), b"half").unwrap();
        let vault = start(&disk, config()).await;
        assert_eq!(folder.path().join(".temporary").read_dir().unwrap().count(), 0);
        assert_eq!(read(&vault, object(1, 1, 1)).await, b"bytes");
    });
}

#[test]
fn many_deliveries_at_once_are_all_stored_with_few_slots() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        let vault = start(&disk, VaultConfig { parallel_writes_max: 3, ..config() }).await;
        let deliveries: Vec<_> = (0..150_u8)
            .map(|event| {
                let vault = vault.clone();
                tokio::spawn(async move {
                    let bytes = content(100 * usize::from(event), u64::from(event));
                    store(&vault, object(event % 3, event % 5, event), &bytes).await.unwrap().len()
                })
            })
            .collect();
        for (event, delivery) in (0..150_u8).zip(deliveries) {
            assert_eq!(delivery.await.unwrap(), 100 * u64::from(event));
        }
        for event in 0..150_u8 {
            let bytes = content(100 * usize::from(event), u64::from(event));
            assert_eq!(read(&vault, object(event % 3, event % 5, event)).await, bytes);
        }
    });
}

#[test]
fn the_reserve_of_the_default_size_is_made_and_takes_its_space() {
    use std::os::unix::fs::MetadataExt;
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        let reserve_bytes = VaultConfig::default().reserve_bytes;
        let vault = start(&disk, VaultConfig { reserve_bytes, ..config() }).await;
        assert!(vault.space().await.unwrap().reserve_held);
        let metadata = folder.path().join(".reserve").metadata().unwrap();
        assert_eq!(metadata.len(), 64 * 1024 * 1024);
        assert!(metadata.blocks() * 512 >= metadata.len(), "it has no holes");
    });
}

#[test]
fn a_folder_that_somebody_removed_is_made_again() {
    run(async {
        let (vault, _, folder) = vault().await;
        drop(store(&vault, object(1, 1, 1), b"bytes").await.unwrap());
        std::fs::remove_dir_all(folder.path().join(object(1, 1, 1).home.to_string())).unwrap();
        drop(store(&vault, object(1, 1, 2), b"bytes").await.unwrap());
        assert_eq!(read(&vault, object(1, 1, 2)).await, b"bytes");
    });
}
