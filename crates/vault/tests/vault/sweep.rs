//! Sweeping and visiting.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ownsight_disk::{Disk, ForgettingDisk};
use ownsight_vault::{SweepError, VaultConfig};

use crate::support::{config, content, file_of, object, raw, run, start, store};

#[test]
fn what_the_registry_does_not_know_goes_and_the_rest_stays() {
    run(async {
        let disk = ForgettingDisk::new();
        let vault = start(&disk, config()).await;
        for event in 1..=5 {
            drop(store(&vault, object(1, 1, event), &content(300, 1)).await.unwrap());
        }
        drop(store(&vault, object(2, 2, 1), &content(300, 1)).await.unwrap());
        let known = [object(1, 1, 2), object(1, 1, 4)];
        let report = vault.sweep(move |object| Ok::<_, ()>(known.contains(object))).await.unwrap();
        assert_eq!((report.visited.objects, report.orphans, report.erased, report.failed), (6, 4, 4, 0));
        assert_eq!(report.folders_removed, 3, "the other home's three folders are empty now");
        for event in 1..=5 {
            assert_eq!(raw(&disk, object(1, 1, event)).is_some(), event % 2 == 0, "{event}");
        }
        drop(store(&vault, object(2, 2, 1), b"the folders come back").await.unwrap());
        assert!(raw(&disk.crash(1), object(2, 2, 1)).is_some(), "durably");
    });
}

#[test]
fn a_registry_that_fails_is_not_taken_for_one_that_does_not_know() {
    run(async {
        let disk = ForgettingDisk::new();
        let vault = start(&disk, config()).await;
        drop(store(&vault, object(1, 1, 1), b"bytes").await.unwrap());
        let swept = vault.sweep(|_| Err::<bool, _>("database is locked")).await;
        assert!(matches!(swept, Err(SweepError::Registry("database is locked"))));
        assert!(raw(&disk, object(1, 1, 1)).is_some());
    });
}

#[test]
fn too_many_orphans_are_left_alone() {
    run(async {
        let disk = ForgettingDisk::new();
        let vault = start(&disk, VaultConfig { sweep_orphans_max: 2, ..config() }).await;
        for event in 1..=3 {
            drop(store(&vault, object(1, 1, event), b"bytes").await.unwrap());
        }
        let report = vault.sweep(|_| Ok::<_, ()>(false)).await.unwrap();
        assert!(report.too_many);
        assert_eq!((report.orphans, report.erased), (3, 0));
        assert!(raw(&disk, object(1, 1, 1)).is_some());
    });
}

#[test]
fn what_is_being_delivered_is_not_swept() {
    run(async {
        let disk = ForgettingDisk::new();
        let vault = start(&disk, config()).await;
        let stored = store(&vault, object(1, 1, 1), b"bytes").await.unwrap();
        let mut writer = vault.begin(object(1, 1, 2)).await.unwrap();
        writer.write(&content(3000, 1)).await.unwrap();
        let report = vault.sweep(|_| Ok::<_, ()>(false)).await.unwrap();
        assert_eq!((report.orphans, report.erased, report.failed), (1, 0, 1));
        drop(writer.commit().await.unwrap());
        drop(stored);
        assert_eq!(vault.sweep(|_| Ok::<_, ()>(false)).await.unwrap().erased, 2);
    });
}

#[test]
fn an_object_that_the_registry_learns_of_meanwhile_stays() {
    run(async {
        let disk = ForgettingDisk::new();
        let vault = start(&disk, config()).await;
        drop(store(&vault, object(1, 1, 1), b"bytes").await.unwrap());
        let mut asked = 0;
        let report = vault
            .sweep(move |_| {
                asked += 1;
                Ok::<_, ()>(asked > 1)
            })
            .await
            .unwrap();
        assert_eq!((report.orphans, report.erased), (0, 0));
        assert!(raw(&disk, object(1, 1, 1)).is_some());
    });
}

#[test]
fn strays_are_named_and_left_alone() {
    run(async {
        let disk = ForgettingDisk::new();
        let vault = start(&disk, config()).await;
        drop(store(&vault, object(1, 1, 1), b"bytes").await.unwrap());
        let beside = file_of(object(1, 1, 1)).with_extension("txt");
        disk.create(&beside).unwrap();
        disk.create(Path::new("notes")).unwrap();
        let report = vault.sweep(|_| Ok::<_, ()>(false)).await.unwrap();
        assert_eq!((report.visited.objects, report.visited.strays, report.erased), (1, 2, 1));
        assert!(report.visited.stray_paths.contains(&beside));
        assert!(disk.open(&beside).is_ok() && disk.open(Path::new("notes")).is_ok());
    });
}

#[test]
fn a_visit_shows_every_object_with_its_length_and_can_be_ended() {
    run(async {
        let disk = ForgettingDisk::new();
        let vault = start(&disk, config()).await;
        for event in [1, 2, 101] {
            drop(store(&vault, object(1, 1, event), &content(usize::from(event), 1)).await.unwrap());
        }
        let seen = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&seen);
        let visited = vault
            .visit(move |stored| {
                into.lock().unwrap().push((stored.object, stored.len));
                ControlFlow::Continue(())
            })
            .await
            .unwrap();
        assert_eq!((visited.objects, visited.bytes, visited.strays), (3, 104, 0));
        let mut seen = seen.lock().unwrap().clone();
        seen.sort();
        assert_eq!(seen, [(object(1, 1, 1), 1), (object(1, 1, 2), 2), (object(1, 1, 101), 101)]);
        assert_eq!(vault.visit(|_| ControlFlow::Break(())).await.unwrap().objects, 1);
    });
}
