//! Appending: order, sharing of commits, deadlines, dropped calls.

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use ownsight_ledger::{Action, IDS_MAX, LedgerConfig, LedgerError};

use crate::support::{Place, append, append_thumbnails, entry, event, record, run, soon};

#[test]
fn entries_are_numbered_from_one_and_kept_over_a_restart() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        append_thumbnails(&ledger, 3).await;
        let head = ledger.head().await.unwrap();
        ledger.close().await;

        let ledger = place.open();
        assert_eq!(ledger.head().await.unwrap(), head);
        let recorded = append(&ledger, entry(1, 1, Action::Motion(event(1, 1)))).await;
        assert_eq!(recorded.sequence(), 4);
        let found = ledger.verify().await.unwrap();
        assert_eq!((found.sound, found.broken, found.head.hash), (4, None, recorded.hash()));
    });
}

#[test]
fn what_was_recorded_is_in_the_file_when_append_returns() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        for number in 1..=20 {
            let recorded = append(&ledger, entry(number, 1, Action::Still(event(1, number)))).await;
            let hash: Vec<u8> = place
                .connect()
                .query_row("SELECT hash FROM entry WHERE sequence = ?1", [i64::from(number)], |row| {
                    row.get(0)
                })
                .unwrap();
            assert_eq!(hash, recorded.hash().as_bytes());
        }
    });
}

#[test]
fn appends_that_wait_share_a_commit() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        let blocker = place.connect();
        blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
        let waiting: Vec<_> = (0..100)
            .map(|number| {
                let ledger = ledger.clone();
                tokio::spawn(
                    async move { append(&ledger, entry(1, 1, Action::Still(event(1, number)))).await },
                )
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        blocker.execute_batch("ROLLBACK").unwrap();
        let mut numbers = Vec::new();
        for append in waiting {
            numbers.push(append.await.unwrap().sequence());
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
        let counts = ledger.counts();
        assert_eq!(counts.entries, 100);
        assert!(counts.commits <= 3, "{counts:?}");
        assert_eq!(ledger.verify().await.unwrap().broken, None);
    });
}

#[test]
fn many_callers_at_once_get_numbers_of_their_own() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let place = Place::new();
        // A queue shorter than the crowd: who comes last waits outside.
        let ledger = place.open_with(&LedgerConfig { queue_max: 4, batch_max: 3, ..LedgerConfig::default() });
        let callers: Vec<_> = (0..16_u8)
            .map(|caller| {
                let ledger = ledger.clone();
                tokio::spawn(async move {
                    let mut proofs = Vec::new();
                    for number in 0..10 {
                        let entry = entry(caller, 1, Action::Still(event(caller, number)));
                        let recorded = append(&ledger, entry.clone()).await;
                        assert_eq!(recorded.entry(), &entry, "nobody gets another's proof");
                        proofs.push(recorded);
                    }
                    proofs
                })
            })
            .collect();
        for caller in callers {
            for proof in caller.await.unwrap() {
                let [event] = proof.entry().opening.action.events() else { panic!("one event") };
                let kept = ledger.entries_for_event(*event, None, 2).await.unwrap();
                let kept = kept.iter().map(|kept| (kept.sequence, kept.hash, &kept.entry));
                assert!(kept.eq([(proof.sequence(), proof.hash(), proof.entry())]), "{proof:?}");
            }
        }
        let found = ledger.verify().await.unwrap();
        assert_eq!((found.sound, found.broken), (160, None));
    });
}

#[test]
fn a_writer_that_is_too_slow_means_unavailable() {
    run(async {
        let place = Place::new();
        let ledger = place.open_with(&LedgerConfig { queue_max: 1, ..LedgerConfig::default() });
        let blocker = place.connect();
        blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
        let begin = Instant::now();
        let deadline = begin + Duration::from_millis(200);
        for number in 0..4 {
            // The first waits for the disk, the second in the queue, the others outside.
            let refused = ledger.append(entry(1, 1, Action::Still(event(1, number))), deadline).await;
            assert_eq!(refused.unwrap_err(), LedgerError::Unavailable);
        }
        assert!(begin.elapsed() < Duration::from_secs(1), "the deadline holds for all of it");
        blocker.execute_batch("ROLLBACK").unwrap();
        record(&ledger, entry(1, 1, Action::Still(event(1, 9)))).await;
        assert_eq!(ledger.verify().await.unwrap().broken, None);
    });
}

#[test]
fn a_deadline_that_has_passed_means_unavailable() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        let past = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        let refused = ledger.append(entry(1, 1, Action::Still(event(1, 1))), past).await;
        assert_eq!(refused.unwrap_err(), LedgerError::Unavailable);
    });
}

#[test]
fn a_failed_commit_is_unavailable_raises_the_alarm_and_recovers() {
    run(async {
        let place = Place::new();
        let config = LedgerConfig { busy_timeout: Duration::from_millis(50), ..LedgerConfig::default() };
        let ledger = place.open_with(&config);
        append_thumbnails(&ledger, 2).await;
        let blocker = place.connect();
        blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
        let refused = ledger.append(entry(1, 1, Action::Still(event(1, 3))), soon()).await;
        assert_eq!(refused.unwrap_err(), LedgerError::Unavailable);
        assert!(ledger.counts().failing);
        blocker.execute_batch("ROLLBACK").unwrap();
        let recorded = append(&ledger, entry(1, 1, Action::Still(event(1, 4)))).await;
        assert_eq!(recorded.sequence(), 3, "what failed left nothing");
        let counts = ledger.counts();
        assert_eq!((counts.failures, counts.failing), (1, false));
        assert_eq!(ledger.verify().await.unwrap().broken, None);
    });
}

#[test]
fn one_entry_that_cannot_be_written_takes_the_whole_commit_with_it() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        append_thumbnails(&ledger, 2).await;
        place
            .connect()
            .execute_batch(
                "CREATE TRIGGER fault BEFORE INSERT ON entry_event WHEN new.sequence = 4
                 BEGIN SELECT RAISE(ABORT, 'fault'); END",
            )
            .unwrap();
        let two = Action::List { events: vec![event(1, 3), event(1, 4)], cameras: vec![] };
        record(&ledger, entry(1, 1, two.clone())).await;
        let refused = ledger.append(entry(1, 1, two.clone()), soon()).await;
        assert_eq!(refused.unwrap_err(), LedgerError::Unavailable);
        place.connect().execute_batch("DROP TRIGGER fault").unwrap();
        let found = ledger.verify().await.unwrap();
        assert_eq!((found.sound, found.broken), (3, None));
        assert_eq!(append(&ledger, entry(1, 1, two)).await.sequence(), 4);
    });
}

#[test]
fn a_dropped_append_leaves_a_whole_chain() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        for number in 0..50 {
            let entry = entry(1, 1, Action::Still(event(1, number)));
            let mut call = pin!(ledger.append(entry, soon()));
            assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        record(&ledger, entry(1, 1, Action::Still(event(1, 99)))).await;
        let found = ledger.verify().await.unwrap();
        assert_eq!(found.broken, None);
        assert!((1..=51).contains(&found.sound), "{found:?}");
    });
}

#[test]
fn dropped_readings_change_nothing() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        append_thumbnails(&ledger, 3).await;
        for _ in 0..10 {
            let mut call = pin!(ledger.verify());
            let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
        assert_eq!(ledger.verify().await.unwrap().sound, 3);
    });
}

#[test]
fn lists_have_a_limit() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        let list = |events: usize, cameras: usize| Action::List {
            events: vec![event(1, 1); events],
            cameras: vec![event(2, 1).camera; cameras],
        };
        record(&ledger, entry(1, 1, list(IDS_MAX - 1, 1))).await;
        let refused = ledger.append(entry(1, 1, list(IDS_MAX, 1)), soon()).await;
        assert_eq!(refused.unwrap_err(), LedgerError::TooManyIds { ids: IDS_MAX + 1 });
        assert_eq!(ledger.verify().await.unwrap().broken, None, "an event that is named twice is found once");
    });
}

#[test]
fn a_closed_ledger_is_unavailable() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        append_thumbnails(&ledger, 1).await;
        ledger.close().await;
        ledger.close().await;
        let refused = ledger.append(entry(1, 1, Action::Still(event(1, 1))), soon()).await;
        assert_eq!(refused.unwrap_err(), LedgerError::Unavailable);
    });
}
