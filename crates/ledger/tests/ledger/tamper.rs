//! Somebody with the file and a good tool: what `verify` says, and where.

use ownsight_ledger::{Action, Break, Fault, Verification};
use rusqlite::Connection;

use crate::support::{Place, append_thumbnails, entry, event, record, run};

const RULES_OFF: &str = "DROP TRIGGER entry_is_not_changed; DROP TRIGGER entry_is_not_removed;";

/// Ten entries, of which the last names two events; then somebody does this to the file.
fn verify_after(tamper: impl FnOnce(&Connection)) -> Verification {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        append_thumbnails(&ledger, 9).await;
        let two = Action::List { events: vec![event(2, 1), event(2, 2)], cameras: vec![] };
        record(&ledger, entry(10, 1, two)).await;
        assert_eq!(ledger.verify().await.unwrap().broken, None);
        let connection = place.connect();
        connection.execute_batch(RULES_OFF).unwrap();
        tamper(&connection);
        drop(connection);
        ledger.verify().await.unwrap()
    })
}

fn verify_after_sql(sql: &str) -> Verification {
    verify_after(|connection| connection.execute_batch(sql).unwrap())
}

const fn broken_at(sequence: u64, fault: Fault) -> Break {
    Break { sequence, fault }
}

#[test]
fn a_changed_byte_is_found_in_every_entry() {
    for sequence in 1..=10_u64 {
        // The account's last byte: still an entry, and another one.
        let found = verify_after(|connection| {
            let mut bytes: Vec<u8> = connection
                .query_row("SELECT bytes FROM entry WHERE sequence = ?1", [sequence as i64], |row| row.get(0))
                .unwrap();
            bytes[33] ^= 1;
            let sql = "UPDATE entry SET bytes = ?1 WHERE sequence = ?2";
            connection.execute(sql, (bytes, sequence as i64)).unwrap();
        });
        assert_eq!(found.broken, Some(broken_at(sequence, Fault::Hash)));
        assert_eq!((found.sound, found.head.sequence), (sequence - 1, sequence - 1));
    }
}

#[test]
fn a_changed_hash_is_found() {
    let found = verify_after_sql("UPDATE entry SET hash = zeroblob(32) WHERE sequence = 5");
    assert_eq!(found.broken, Some(broken_at(5, Fault::Hash)));
}

#[test]
fn an_entry_that_stands_in_anothers_place_is_found() {
    let found = verify_after_sql(
        "UPDATE entry SET bytes = (SELECT bytes FROM entry WHERE sequence = 6),
                          hash = (SELECT hash FROM entry WHERE sequence = 6) WHERE sequence = 5",
    );
    assert_eq!(found.broken, Some(broken_at(5, Fault::Moved { number: 6 })));
}

#[test]
fn a_removed_entry_is_found() {
    for sequence in 1..=9 {
        let found = verify_after_sql(&format!("DELETE FROM entry WHERE sequence = {sequence}"));
        assert_eq!(found.broken, Some(broken_at(sequence, Fault::Missing)));
    }
}

#[test]
fn a_removed_entry_whose_gap_was_closed_is_found() {
    let found = verify_after_sql(
        "DELETE FROM entry WHERE sequence = 4;
         UPDATE entry SET sequence = sequence - 1 WHERE sequence > 4;",
    );
    assert_eq!(found.broken, Some(broken_at(4, Fault::Moved { number: 5 })));
}

#[test]
fn exchanged_entries_are_found() {
    let found = verify_after_sql(
        "UPDATE entry SET sequence = 100 WHERE sequence = 3;
         UPDATE entry SET sequence = 3 WHERE sequence = 7;
         UPDATE entry SET sequence = 7 WHERE sequence = 100;",
    );
    assert_eq!(found.broken, Some(broken_at(3, Fault::Moved { number: 7 })));
}

#[test]
fn an_inserted_entry_is_found() {
    let found = verify_after_sql(
        "INSERT INTO entry (sequence, time, account, home, bytes, hash)
         SELECT 11, time, account, home, bytes, hash FROM entry WHERE sequence = 2",
    );
    assert_eq!(found.broken, Some(broken_at(11, Fault::Moved { number: 2 })));
    let found = verify_after_sql(
        "INSERT INTO entry (sequence, time, account, home, bytes, hash)
         SELECT 0, time, account, home, bytes, hash FROM entry WHERE sequence = 2",
    );
    assert_eq!(found.broken, Some(broken_at(1, Fault::Surplus)));
}

#[test]
fn a_tail_that_was_cut_off_is_found_by_the_heads_row() {
    let found = verify_after_sql("DELETE FROM entry WHERE sequence > 8");
    assert_eq!(found.broken, Some(broken_at(8, Fault::Head)));
    let found = verify_after_sql("DELETE FROM entry");
    assert_eq!(found.broken, Some(broken_at(0, Fault::Head)));
}

/// The limit that the documentation names: it takes a head that is kept elsewhere.
#[test]
fn a_tail_that_was_cut_off_with_the_heads_row_is_found_only_by_a_head_kept_elsewhere() {
    let kept = verify_after(|_| ()).head;
    let found = verify_after_sql(
        "DELETE FROM entry WHERE sequence > 8;
         DELETE FROM entry_event WHERE sequence > 8;
         UPDATE head SET sequence = 8, hash = (SELECT hash FROM entry WHERE sequence = 8);",
    );
    assert_eq!(found.broken, None);
    assert!(found.head.sequence < kept.sequence);
}

#[test]
fn a_changed_head_is_found() {
    let found = verify_after_sql("UPDATE head SET sequence = 11");
    assert_eq!(found.broken, Some(broken_at(10, Fault::Head)));
    let found = verify_after_sql("UPDATE head SET hash = zeroblob(32)");
    assert_eq!(found.broken, Some(broken_at(10, Fault::Head)));
}

#[test]
fn another_owner_is_found() {
    let found = verify_after_sql("UPDATE head SET installation = zeroblob(16)");
    assert_eq!(found.broken, Some(broken_at(0, Fault::Installation)));
    let found = verify_after_sql("DELETE FROM head");
    assert_eq!(found.broken, Some(broken_at(0, Fault::Installation)));
}

#[test]
fn columns_that_lead_astray_are_found() {
    for change in ["time = 5", "home = zeroblob(16)", "account = zeroblob(16)"] {
        let found = verify_after_sql(&format!("UPDATE entry SET {change} WHERE sequence = 6"));
        assert_eq!(found.broken, Some(broken_at(6, Fault::Columns)), "{change}");
    }
}

#[test]
fn an_event_that_is_not_found_or_found_too_often_is_found() {
    for (sql, sequence) in [
        ("DELETE FROM entry_event WHERE sequence = 6", 6),
        ("DELETE FROM entry_event WHERE sequence = 10 AND event = x'02020202020202020202020202020202'", 10),
        ("INSERT INTO entry_event VALUES (zeroblob(16), zeroblob(16), 7)", 7),
        ("INSERT INTO entry_event VALUES (zeroblob(16), zeroblob(16), 77)", 77),
        ("UPDATE entry_event SET camera = zeroblob(16) WHERE sequence = 6", 6),
    ] {
        assert_eq!(verify_after_sql(sql).broken, Some(broken_at(sequence, Fault::EventIndex)), "{sql}");
    }
}

#[test]
fn bytes_that_are_no_entry_are_found() {
    let found = verify_after_sql("UPDATE entry SET bytes = x'01' WHERE sequence = 2");
    assert!(matches!(found.broken, Some(Break { sequence: 2, fault: Fault::Undecodable(_) })));
}

#[test]
fn the_file_itself_refuses_to_change_or_remove_entries() {
    run(async {
        let place = Place::new();
        append_thumbnails(&place.open(), 2).await;
        let connection = place.connect();
        for sql in ["UPDATE entry SET time = 0", "DELETE FROM entry"] {
            let refused = connection.execute_batch(sql).unwrap_err();
            assert!(refused.to_string().contains("append-only"), "{refused}");
        }
    });
}
