//! Reading entries by event, home and account.

use ownsight_ledger::{Action, ByteRange, EventRef, KeptEntry, ReadError};
use ownsight_model::{AccountId, HomeId};

use crate::support::{Place, append_thumbnails, entry, event, record, run};

fn numbers(entries: &[KeptEntry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.sequence).collect()
}

#[test]
fn all_that_was_opened_of_an_event_is_found_and_nothing_else() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        let wanted = event(1, 7);
        let list =
            |events: &[EventRef]| Action::List { events: events.to_vec(), cameras: vec![event(1, 1).camera] };
        record(&ledger, entry(1, 1, list(&[event(1, 6), wanted, event(1, 8)]))).await;
        record(&ledger, entry(1, 1, list(&[event(1, 6), event(2, 7)]))).await;
        record(&ledger, entry(1, 1, Action::Thumbnail(wanted))).await;
        record(&ledger, entry(1, 1, Action::Thumbnail(event(2, 7)))).await;
        let video = Action::Video { event: wanted, range: ByteRange::WHOLE };
        record(&ledger, entry(2, 9, video)).await;
        record(&ledger, entry(1, 1, Action::Motion(wanted))).await;

        let found = ledger.entries_for_event(wanted, None, 10).await.unwrap();
        assert_eq!(numbers(&found), [6, 5, 3, 1], "the newest first, whatever home it was made for");
        assert_eq!(found[1].entry, entry(2, 9, Action::Video { event: wanted, range: ByteRange::WHOLE }));
        assert_eq!(numbers(&ledger.entries_for_event(wanted, Some(6), 2).await.unwrap()), [5, 3]);
        assert!(ledger.entries_for_event(event(1, 9), None, 10).await.unwrap().is_empty());
    });
}

#[test]
fn a_homes_and_an_accounts_entries_come_in_pages() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        for number in 0..20 {
            record(&ledger, entry(number % 4, number % 2, Action::Still(event(1, number)))).await;
        }
        let home = HomeId::from_bytes([1; 16]);
        let first = ledger.entries_for_home(home, None, 4).await.unwrap();
        assert_eq!(numbers(&first), [20, 18, 16, 14]);
        assert!(first.iter().all(|kept| kept.entry.opening.home == home));
        assert_eq!(numbers(&ledger.entries_for_home(home, Some(14), 3).await.unwrap()), [12, 10, 8]);
        let account = AccountId::from_bytes([3; 16]);
        assert_eq!(numbers(&ledger.entries_for_account(account, None, 3).await.unwrap()), [20, 16, 12]);
        assert!(ledger.entries_for_home(HomeId::from_bytes([9; 16]), None, 5).await.unwrap().is_empty());
    });
}

#[test]
fn damaged_entries_are_said_to_be_damaged() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        append_thumbnails(&ledger, 3).await;
        let tamper = "DROP TRIGGER entry_is_not_changed; UPDATE entry SET bytes = x'00' WHERE sequence = 2";
        place.connect().execute_batch(tamper).unwrap();
        let error = ledger.entries_for_home(HomeId::from_bytes([1; 16]), None, 5).await.unwrap_err();
        assert!(matches!(error, ReadError::Damaged { sequence: 2, .. }), "{error}");
    });
}

#[test]
fn an_empty_ledger_has_the_chains_start_as_head() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        let found = ledger.verify().await.unwrap();
        assert_eq!((found.sound, found.broken), (0, None));
        assert_eq!(ledger.head().await.unwrap(), found.head);
    });
}
