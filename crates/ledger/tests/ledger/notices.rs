//! What an operator closed and opened again: on the record, beside openings and not among them.

use ownsight_ledger::{
    Action, Break, Fault, LedgerError, LockdownNotice, LockdownStep, ReadError, TEXT_BYTES_MAX,
};
use ownsight_model::{Closable, Closed, HomeId, LockdownId, LockdownScope, Timestamp};

use crate::support::{Place, append, append_thumbnails, entry, event, run, soon};

fn begun(number: u8, home: u8) -> LockdownNotice {
    LockdownNotice {
        time: Timestamp::from_micros(i64::from(number) * 1000),
        lockdown: LockdownId::from_bytes([number; 16]),
        scope: LockdownScope::Home(HomeId::from_bytes([home; 16])),
        by: "jo".into(),
        step: LockdownStep::Begun {
            closes: Closed::of([Closable::Videos]).unwrap(),
            reason: "looked into".into(),
        },
    }
}

fn lifted(number: u8, home: u8) -> LockdownNotice {
    LockdownNotice { step: LockdownStep::Lifted, ..begun(number, home) }
}

#[test]
fn notices_are_links_of_the_chain_and_found_by_themselves() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        append_thumbnails(&ledger, 2).await;
        ledger.note(begun(1, 1), soon()).await.unwrap();
        let recorded = append(&ledger, entry(1, 1, Action::Motion(event(1, 1)))).await;
        assert_eq!(recorded.sequence(), 4);
        ledger.note(lifted(1, 1), soon()).await.unwrap();
        ledger.close().await;

        let ledger = place.open();
        let notices = ledger.notices(None, 10).await.unwrap();
        let found: Vec<_> = notices.iter().map(|kept| (kept.sequence, kept.notice.clone())).collect();
        assert_eq!(found, [(5, lifted(1, 1)), (3, begun(1, 1))]);
        assert_eq!(ledger.notices(Some(5), 10).await.unwrap().len(), 1);
        assert_eq!(ledger.notices(None, 1).await.unwrap()[0].sequence, 5);
        // It is no opening of the home that it closes.
        let home = HomeId::from_bytes([1; 16]);
        let openings = ledger.entries_for_home(home, None, 10).await.unwrap();
        assert_eq!(openings.iter().map(|kept| kept.sequence).collect::<Vec<_>>(), [4, 2, 1]);
        let verified = ledger.verify().await.unwrap();
        assert_eq!((verified.sound, verified.broken), (5, None));
    });
}

#[test]
fn a_changed_notice_is_found() {
    for (sql, broken) in [
        ("UPDATE entry SET home = zeroblob(16) WHERE sequence = 3", (3, Fault::Columns)),
        ("UPDATE entry SET hash = zeroblob(32) WHERE sequence = 3", (3, Fault::Hash)),
        ("INSERT INTO entry_event VALUES (zeroblob(16), zeroblob(16), 3)", (3, Fault::EventIndex)),
        ("DELETE FROM entry WHERE sequence = 3", (3, Fault::Missing)),
    ] {
        run(async {
            let place = Place::new();
            let ledger = place.open();
            append_thumbnails(&ledger, 2).await;
            ledger.note(begun(1, 1), soon()).await.unwrap();
            append(&ledger, entry(1, 1, Action::Motion(event(1, 1)))).await.sequence();
            let connection = place.connect();
            let rules = "DROP TRIGGER entry_is_not_changed; DROP TRIGGER entry_is_not_removed;";
            connection.execute_batch(rules).unwrap();
            connection.execute_batch(sql).unwrap();
            drop(connection);
            let (sequence, fault) = broken;
            let found = ledger.verify().await.unwrap().broken;
            assert_eq!(found, Some(Break { sequence, fault }), "{sql}");
        });
    }
}

#[test]
fn a_notice_that_cannot_be_recorded_is_an_error() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        let long = LockdownNotice { by: "x".repeat(TEXT_BYTES_MAX + 1), ..begun(1, 1) };
        let refused = ledger.note(long, soon()).await.unwrap_err();
        assert_eq!(refused, LedgerError::TooLong { bytes: TEXT_BYTES_MAX + 1 });
        let longest = LockdownNotice { by: "x".repeat(TEXT_BYTES_MAX), ..begun(1, 1) };
        ledger.note(longest.clone(), soon()).await.unwrap();
        assert_eq!(ledger.notices(None, 10).await.unwrap()[0].notice, longest);

        let connection = place.connect();
        connection.execute_batch("DROP TRIGGER entry_is_not_changed").unwrap();
        connection.execute_batch("UPDATE entry SET bytes = x'0200'").unwrap();
        assert!(matches!(ledger.notices(None, 10).await, Err(ReadError::Damaged { sequence: 1, .. })));

        ledger.close().await;
        assert_eq!(ledger.note(begun(1, 1), soon()).await, Err(LedgerError::Unavailable));
    });
}
