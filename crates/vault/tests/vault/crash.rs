//! Crashes at every position of a history; every sync left out; faults at every operation.

use std::collections::BTreeSet;

use ownsight_disk::{Disk, ForgettingDisk, SyncRecord, SyncTarget};
use ownsight_vault::ObjectRef;

use crate::history::{check, expected, objects_on, overwritten, play};
use crate::support::{config, content, file_of, object, raw, run, start, store};

#[test]
fn every_acknowledged_object_survives_a_crash_at_every_position() {
    let disk = ForgettingDisk::new();
    let facts = play(&disk);
    for position in 0..=disk.position() {
        let expected = expected(&facts, position);
        let overwritten = overwritten(&disk, position);
        for seed in 0..24 {
            let after = disk.crash_at(position, seed);
            let verdict = check(&after, &expected, &overwritten);
            assert_eq!(verdict, Ok(()), "position {position}, seed {seed}");
        }
    }
}

#[test]
fn after_a_crash_the_next_start_leaves_exactly_what_the_registry_knows() {
    let disk = ForgettingDisk::new();
    let facts = play(&disk);
    for position in 0..=disk.position() {
        let expected = expected(&facts, position);
        for seed in 0..4 {
            let after = disk.crash_at(position, seed);
            let known: BTreeSet<ObjectRef> = expected.known.keys().copied().collect();
            run(async {
                let vault = start(&after, config()).await;
                let asked = known.clone();
                let report = vault.sweep(move |object| Ok::<_, ()>(asked.contains(object))).await.unwrap();
                assert_eq!((report.erased, report.failed), (report.orphans, 0));
                // The vault goes on from there, in old folders and new ones.
                drop(store(&vault, object(1, 1, 9), &content(1500, 9)).await.unwrap());
            });
            let mut expected_now = known;
            expected_now.insert(object(1, 1, 9));
            let left = after.crash(seed);
            let now: BTreeSet<ObjectRef> = objects_on(&left).into_iter().collect();
            assert_eq!(now, expected_now, "position {position}, seed {seed}");
            assert_eq!(raw(&left, object(1, 1, 9)).unwrap(), content(1500, 9));
            assert!(after.list(".temporary".as_ref()).unwrap().is_empty());
        }
    }
}

/// The negative control: with any one sync left out, the checker finds a crash that breaks a promise.
#[test]
fn every_sync_is_missed_when_it_is_left_out() {
    let disk = ForgettingDisk::new();
    let facts = play(&disk);
    let syncs = disk.syncs();
    assert!(syncs.len() > 20, "the history syncs: {syncs:?}");
    for sync in syncs {
        let caught = (sync.position + 1..=disk.position()).any(|position| {
            let expected = expected(&facts, position);
            let overwritten = overwritten(&disk, position);
            (0..12).any(|seed| {
                check(&disk.crash_without(sync.index, position, seed), &expected, &overwritten).is_err()
            })
        });
        assert!(caught, "nothing noticed that this was left out: {sync:?}");
    }
}

/// Each sync fails once. The history delivers and deletes again, and keeps every promise.
#[test]
fn a_failed_sync_acknowledges_nothing_and_the_next_attempt_is_durable() {
    let syncs = {
        let disk = ForgettingDisk::new();
        play(&disk);
        disk.syncs().len()
    };
    for index in 0..syncs {
        let disk = ForgettingDisk::new();
        disk.fail_sync(index);
        let facts = play(&disk);
        for position in (0..=disk.position()).rev().step_by(3) {
            let (expected, overwritten) = (expected(&facts, position), overwritten(&disk, position));
            for seed in 0..6 {
                let after = disk.crash_at(position, seed);
                let verdict = check(&after, &expected, &overwritten);
                let excused = verdict.as_ref().is_err_and(|wrong| excused(wrong, &disk.syncs()[index]));
                assert!(
                    verdict.is_ok() || excused,
                    "sync {index}, position {position}, seed {seed}: {verdict:?}"
                );
            }
        }
    }
}

/// What a failed sync in a deletion may leave: the header could not be overwritten, and the deletion says so;
/// or the name comes back, without its header, and is swept, because no later sync can speak for it.
fn excused(wrong: &str, failed: &SyncRecord) -> bool {
    match failed.target {
        SyncTarget::File => wrong.starts_with("not overwritten") && failed.path.extension().is_some(),
        SyncTarget::Folder => wrong.starts_with("back from the dead"),
    }
}

/// Each write ends early once.
#[test]
fn a_short_write_acknowledges_nothing_and_does_not_show() {
    let writes = {
        let disk = ForgettingDisk::new();
        play(&disk);
        disk.writes()
    };
    for index in 0..writes {
        for kept in [0, 30] {
            let disk = ForgettingDisk::new();
            disk.cut_write(index, kept);
            let facts = play(&disk);
            let position = disk.position();
            for seed in 0..6 {
                let verdict = check(&disk.crash(seed), &expected(&facts, position), &BTreeSet::new());
                assert_eq!(verdict, Ok(()), "write {index} after {kept} bytes, seed {seed}");
            }
        }
    }
}

/// Each change of names or bytes fails once, with nothing done.
#[test]
fn a_change_that_fails_acknowledges_nothing_and_does_not_show() {
    let changes = {
        let disk = ForgettingDisk::new();
        play(&disk);
        disk.position()
    };
    // The first change is the start's folder for temporary files: without it the vault does not start.
    for at in 1..changes {
        let disk = ForgettingDisk::new();
        disk.fail_change(at);
        let facts = play(&disk);
        let position = disk.position();
        for seed in 0..6 {
            let verdict = check(&disk.crash(seed), &expected(&facts, position), &BTreeSet::new());
            assert_eq!(verdict, Ok(()), "change {at}, seed {seed}");
        }
    }
}

#[test]
fn a_vault_that_cannot_make_its_folder_does_not_start() {
    let disk = ForgettingDisk::new();
    disk.fail_change(0);
    run(async {
        let started = ownsight_vault::Vault::start(std::sync::Arc::new(disk.clone()), config()).await;
        assert!(matches!(started, Err(ownsight_vault::StoreError::Disk(_))));
    });
}

/// Deliveries at once, in folders that nobody has made yet: none relies on a name that another has still to sync.
#[test]
fn deliveries_at_once_survive_a_crash_after_their_acknowledgement() {
    for round in 0..10 {
        let disk = ForgettingDisk::new();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mut acknowledged = runtime.block_on(async {
            let vault = start(&disk, config()).await;
            let mut deliveries = tokio::task::JoinSet::new();
            for event in 0..16_u8 {
                let (disk, vault) = (disk.clone(), vault.clone());
                deliveries.spawn(async move {
                    let object = object(event % 2, event % 4, event);
                    drop(store(&vault, object, &content(400, u64::from(event))).await.unwrap());
                    (disk.position(), object, content(400, u64::from(event)))
                });
            }
            deliveries.join_all().await
        });
        acknowledged.sort();
        for until in 1..=acknowledged.len() {
            let position = acknowledged[until - 1].0;
            for seed in 0..4 {
                let after = disk.crash_at(position, seed);
                for (_, object, bytes) in &acknowledged[..until] {
                    let left = raw(&after, *object);
                    assert!(
                        left.as_ref() == Some(bytes),
                        "round {round}, position {position}, seed {seed}: {object}"
                    );
                }
            }
        }
    }
}

/// A process that was killed left folders that can be seen and were never synced.
#[test]
fn folders_that_a_killed_process_left_are_not_trusted() {
    let disk = ForgettingDisk::new();
    let folder = file_of(object(1, 1, 1)).parent().unwrap().to_path_buf();
    for part in folder.ancestors().collect::<Vec<_>>().into_iter().rev().skip(1) {
        disk.make_folder(part).unwrap();
    }
    run(async { drop(store(&start(&disk, config()).await, object(1, 1, 1), b"bytes").await.unwrap()) });
    for seed in 0..24 {
        assert_eq!(raw(&disk.crash(seed), object(1, 1, 1)).as_deref(), Some(&b"bytes"[..]), "seed {seed}");
    }
}
