//! Calls that are dropped after one poll: what each says may be so, and nothing else, is so.

use std::ops::ControlFlow;
use std::path::Path;

use ownsight_disk::{Disk, ForgettingDisk};
use ownsight_vault::{StoreError, Vault};

use crate::support::{config, content, eventually, object, poll_and_drop, raw, read, run, start, store};

async fn settled(vault: &Vault, disk: &ForgettingDisk) {
    eventually("the object's claim is free and no temporary file is left", async || {
        vault.begin(object(1, 1, 1)).await.is_ok() && disk.list(Path::new(".temporary")).unwrap().is_empty()
    })
    .await;
}

#[test]
fn a_dropped_begin_leaves_no_claim() {
    run(async {
        let disk = ForgettingDisk::new();
        let vault = start(&disk, config()).await;
        assert!(poll_and_drop(vault.begin(object(1, 1, 1))));
        vault.begin(object(1, 1, 1)).await.unwrap();
    });
}

#[test]
fn a_dropped_write_spends_the_writer_and_leaves_nothing() {
    run(async {
        let disk = ForgettingDisk::new();
        let vault = start(&disk, config()).await;
        let mut writer = vault.begin(object(1, 1, 1)).await.unwrap();
        assert!(poll_and_drop(writer.write(&content(1000, 1))));
        assert!(matches!(writer.write(&[1]).await, Err(StoreError::Interrupted)));
        assert!(matches!(writer.commit().await, Err(StoreError::Interrupted)));
        settled(&vault, &disk).await;
        assert_eq!(raw(&disk, object(1, 1, 1)), None);
    });
}

#[test]
fn a_write_that_waits_for_nobody_loses_nothing() {
    run(async {
        let disk = ForgettingDisk::new();
        let vault = start(&disk, config()).await;
        let mut writer = vault.begin(object(1, 1, 1)).await.unwrap();
        assert!(!poll_and_drop(writer.write(b"fits ")), "what fits the buffer is done at once");
        writer.write(b"the buffer").await.unwrap();
        drop(writer.commit().await.unwrap());
        assert_eq!(read(&vault, object(1, 1, 1)).await, b"fits the buffer");
    });
}

#[test]
fn a_dropped_commit_leaves_nothing_or_a_whole_object() {
    let mut stored = 0;
    for _ in 0..20 {
        run(async {
            let disk = ForgettingDisk::new();
            let vault = start(&disk, config()).await;
            let mut writer = vault.begin(object(1, 1, 1)).await.unwrap();
            writer.write(&content(1700, 1)).await.unwrap();
            assert!(poll_and_drop(writer.commit()));
            settled(&vault, &disk).await;
            if let Some(bytes) = raw(&disk, object(1, 1, 1)) {
                assert_eq!(bytes, content(1700, 1));
                stored += 1;
            }
            drop(store(&vault, object(1, 1, 1), &content(900, 2)).await.unwrap());
            assert_eq!(read(&vault, object(1, 1, 1)).await, content(900, 2));
        });
    }
    assert!(stored > 0, "a commit that has begun goes on");
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    run(async {
        let disk = ForgettingDisk::new();
        let vault = start(&disk, config()).await;
        let mut writer = vault.begin(object(1, 1, 1)).await.unwrap();
        writer.write(&content(5000, 1)).await.unwrap();
        assert_eq!(disk.list(Path::new(".temporary")).unwrap().len(), 1);
        drop(writer);
        settled(&vault, &disk).await;
        assert_eq!(raw(&disk, object(1, 1, 1)), None);
    });
}

#[test]
fn dropped_reads_change_nothing() {
    run(async {
        let disk = ForgettingDisk::new();
        let vault = start(&disk, config()).await;
        drop(store(&vault, object(1, 1, 1), &content(2000, 1)).await.unwrap());
        assert!(poll_and_drop(vault.open(object(1, 1, 1))));
        let reader = vault.open(object(1, 1, 1)).await.unwrap();
        assert!(poll_and_drop(reader.read_at(0, 2000)));
        assert!(poll_and_drop(vault.space()));
        assert_eq!(reader.read_at(0, 2000).await.unwrap(), content(2000, 1));
    });
}

#[test]
fn a_dropped_deletion_can_be_made_again() {
    run(async {
        let disk = ForgettingDisk::new();
        let vault = start(&disk, config()).await;
        drop(store(&vault, object(1, 1, 1), &content(2000, 1)).await.unwrap());
        assert!(poll_and_drop(vault.delete(&[object(1, 1, 1)])));
        eventually("the deletion is made again", async || {
            let deletion = vault.delete(&[object(1, 1, 1)]).await.unwrap();
            deletion.erased + deletion.absent == 1
        })
        .await;
        assert_eq!(raw(&disk, object(1, 1, 1)), None);
    });
}

#[test]
fn dropped_walks_make_room_for_the_next() {
    run(async {
        let disk = ForgettingDisk::new();
        let vault = start(&disk, config()).await;
        drop(store(&vault, object(1, 1, 1), &content(2000, 1)).await.unwrap());
        assert!(poll_and_drop(vault.sweep(|_| Ok::<_, ()>(true))));
        assert!(poll_and_drop(vault.visit(|_| ControlFlow::Continue(()))));
        let visited = vault.visit(|_| ControlFlow::Continue(())).await.unwrap();
        assert_eq!((visited.objects, visited.bytes), (1, 2000));
    });
}

#[test]
fn a_dropped_start_leaves_a_folder_that_starts() {
    run(async {
        let disk = ForgettingDisk::new();
        assert!(poll_and_drop(Vault::start(std::sync::Arc::new(disk.clone()), config())));
        drop(store(&start(&disk, config()).await, object(1, 1, 1), b"bytes").await.unwrap());
    });
}
