//! A disk without room: new footage is refused, old footage stays, deleting works, and it recovers by itself.

use std::path::Path;
use std::time::Duration;

use ownsight_disk::{Disk, ForgettingDisk};
use ownsight_vault::{StoreError, VaultConfig};

use crate::support::{config, content, eventually, object, raw, read, run, start, store};

#[test]
fn below_the_floor_footage_is_refused_and_above_it_taken_again() {
    run(async {
        let disk = ForgettingDisk::new();
        disk.set_capacity(Some(10_000));
        let vault = start(&disk, VaultConfig { floor_bytes: 4_000, ..config() }).await;
        drop(store(&vault, object(1, 1, 1), &content(5_000, 1)).await.unwrap());
        assert_eq!(vault.space().await.unwrap().full_since, None);
        drop(store(&vault, object(1, 1, 2), &content(1_500, 2)).await.unwrap());

        assert!(matches!(store(&vault, object(1, 1, 3), b"more").await, Err(StoreError::Full)));
        let space = vault.space().await.unwrap();
        assert_eq!((space.free_bytes, space.floor_bytes, space.total_bytes), (3_500, 4_000, 10_000));
        let since = space.full_since.unwrap();
        assert!(matches!(vault.begin(object(1, 1, 3)).await, Err(StoreError::Full)));
        assert_eq!(vault.space().await.unwrap().full_since, Some(since), "the alarm says since when");
        assert_eq!(read(&vault, object(1, 1, 1)).await, content(5_000, 1));

        assert_eq!(vault.delete(&[object(1, 1, 1)]).await.unwrap().erased, 1);
        drop(store(&vault, object(1, 1, 3), b"more").await.unwrap());
        assert_eq!(vault.space().await.unwrap().full_since, None);
    });
}

#[test]
fn the_floor_is_the_larger_of_percent_and_bytes() {
    run(async {
        let disk = ForgettingDisk::new();
        disk.set_capacity(Some(100_000));
        let vault = start(&disk, VaultConfig { floor_bytes: 4_000, floor_percent: 5, ..config() }).await;
        assert_eq!(vault.space().await.unwrap().floor_bytes, 5_000);
        disk.set_capacity(Some(50_000));
        assert_eq!(vault.space().await.unwrap().floor_bytes, 4_000);
    });
}

#[test]
fn an_object_that_reaches_the_floor_on_the_way_is_refused() {
    run(async {
        let disk = ForgettingDisk::new();
        disk.set_capacity(Some(10_000));
        let vault = start(&disk, VaultConfig { floor_bytes: 4_000, ..config() }).await;
        let refused = store(&vault, object(1, 1, 1), &content(9_000, 1)).await;
        assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
        eventually("its temporary file goes, and footage is taken again", async || {
            store(&vault, object(1, 1, 1), b"small").await.is_ok()
        })
        .await;
    });
}

#[test]
fn a_disk_that_is_full_in_the_middle_of_a_write_acknowledges_nothing() {
    for capacity in (0..3_000).step_by(150) {
        run(async {
            let disk = ForgettingDisk::new();
            disk.set_capacity(Some(capacity));
            let vault = start(&disk, config()).await;
            let refused = store(&vault, object(1, 1, 1), &content(3_000, 1)).await;
            assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
            assert_eq!(raw(&disk, object(1, 1, 1)), None);
            disk.set_capacity(None);
            eventually("it recovers by itself", async || {
                store(&vault, object(1, 1, 1), &content(3_000, 1)).await.is_ok()
            })
            .await;
            assert_eq!(vault.space().await.unwrap().full_since, None);
        });
    }
}

#[test]
fn free_space_is_not_asked_for_more_often_than_configured() {
    run(async {
        let disk = ForgettingDisk::new();
        disk.set_capacity(Some(10_000));
        let config = VaultConfig { floor_bytes: 4_000, probe_interval: Duration::from_hours(1), ..config() };
        let vault = start(&disk, config).await;
        disk.set_capacity(Some(1_000));
        assert_eq!(vault.space().await.unwrap().free_bytes, 10_000);
        drop(store(&vault, object(1, 1, 1), b"bytes").await.unwrap());
        let refused = store(&vault, object(1, 1, 2), &content(1_000, 1)).await;
        assert!(matches!(refused, Err(StoreError::Full)), "the disk itself said so: {refused:?}");
        assert!(vault.space().await.unwrap().full_since.is_some());
        assert!(matches!(vault.begin(object(1, 1, 3)).await, Err(StoreError::Full)));
    });
}

#[test]
fn the_reserve_makes_erasing_possible_and_comes_back() {
    run(async {
        let disk = ForgettingDisk::new();
        disk.set_capacity(Some(10_000));
        disk.copy_on_write();
        let vault = start(&disk, VaultConfig { reserve_bytes: 2_000, ..config() }).await;
        assert_eq!(disk.file_len(Path::new(".reserve")).unwrap(), 2_000);
        drop(store(&vault, object(1, 1, 1), &content(7_000, 1)).await.unwrap());
        disk.set_capacity(Some(9_000));
        assert_eq!(vault.space().await.unwrap().free_bytes, 0);

        let deletion = vault.delete(&[object(1, 1, 1)]).await.unwrap();
        assert_eq!((deletion.erased, deletion.not_overwritten), (1, 0));
        assert_eq!(raw(&disk, object(1, 1, 1)), None);
        eventually("the reserve is made again", async || vault.space().await.unwrap().reserve_held).await;
        assert_eq!(disk.file_len(Path::new(".reserve")).unwrap(), 2_000);
    });
}

#[test]
fn without_a_reserve_a_full_disk_still_lets_objects_go() {
    run(async {
        let disk = ForgettingDisk::new();
        disk.set_capacity(Some(7_000));
        disk.copy_on_write();
        let vault = start(&disk, config()).await;
        drop(store(&vault, object(1, 1, 1), &content(7_000, 1)).await.unwrap());
        let deletion = vault.delete(&[object(1, 1, 1)]).await.unwrap();
        assert_eq!(
            (deletion.erased, deletion.not_overwritten),
            (1, 1),
            "and says that it was not overwritten"
        );
        assert_eq!(raw(&disk, object(1, 1, 1)), None);
    });
}

#[test]
fn a_reserve_of_another_size_is_made_anew() {
    run(async {
        let disk = ForgettingDisk::new();
        for reserve_bytes in [2_000, 600_000, 100] {
            let vault = start(&disk, VaultConfig { reserve_bytes, ..config() }).await;
            assert!(vault.space().await.unwrap().reserve_held);
            assert_eq!(disk.file_len(Path::new(".reserve")).unwrap(), reserve_bytes);
        }
        let vault = start(&disk, config()).await;
        assert!(!vault.space().await.unwrap().reserve_held);
        assert!(disk.file_len(Path::new(".reserve")).unwrap_err().is_not_found());
    });
}

#[test]
fn a_disk_without_room_for_the_reserve_is_still_a_vault() {
    run(async {
        let disk = ForgettingDisk::new();
        disk.set_capacity(Some(1_000));
        let vault = start(&disk, VaultConfig { reserve_bytes: 2_000, ..config() }).await;
        assert!(!vault.space().await.unwrap().reserve_held);
        drop(store(&vault, object(1, 1, 1), &content(900, 1)).await.unwrap());
    });
}
