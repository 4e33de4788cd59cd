//! Opening: whose file it is, which schema it has, how it is written.

use std::path::Path;

use ownsight_ledger::{Ledger, LedgerConfig, OpenError};
use ownsight_model::InstallationId;

use crate::support::{Place, append_thumbnails, installation, run};

#[test]
fn another_installations_ledger_is_refused() {
    run(async {
        let place = Place::new();
        place.open().close().await;
        let other = InstallationId::from_bytes([2; 16]);
        let refused = Ledger::open(&place.path, other, &LedgerConfig::default());
        assert!(matches!(refused, Err(OpenError::OtherInstallation)));
    });
}

#[test]
fn chains_of_two_installations_differ_from_the_first_entry_on() {
    run(async {
        let (one, other) = (Place::new(), Place::new());
        let one = one.open();
        let other =
            Ledger::open(&other.path, InstallationId::from_bytes([2; 16]), &LedgerConfig::default()).unwrap();
        append_thumbnails(&one, 1).await;
        append_thumbnails(&other, 1).await;
        assert_ne!(one.head().await.unwrap().hash, other.head().await.unwrap().hash);
    });
}

#[test]
fn a_newer_schema_is_refused() {
    run(async {
        let place = Place::new();
        place.open().close().await;
        place.connect().execute_batch("INSERT INTO schema_version VALUES (99)").unwrap();
        let refused = Ledger::open(&place.path, installation(), &LedgerConfig::default());
        assert!(matches!(refused, Err(OpenError::NewerSchema { found: 99, known: 2 })));
    });
}

#[test]
fn a_folder_that_does_not_exist_is_an_error() {
    let refused =
        Ledger::open(Path::new("/nonexistent/ledger.sqlite"), installation(), &LedgerConfig::default());
    assert!(matches!(refused, Err(OpenError::File(_))));
}

#[test]
fn a_file_that_is_no_database_is_an_error() {
    let place = Place::new();
    std::fs::write(&place.path, [b'x'; 4096]).unwrap();
    let refused = Ledger::open(&place.path, installation(), &LedgerConfig::default());
    assert!(matches!(refused, Err(OpenError::Sqlite(_))));
}

#[test]
fn the_file_has_a_write_ahead_log() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        append_thumbnails(&ledger, 1).await;
        let mode: String =
            place.connect().pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    });
}

#[test]
fn opening_twice_at_once_continues_one_chain() {
    run(async {
        let place = Place::new();
        let (one, other) = (place.open(), place.open());
        for number in 0..6_u8 {
            let ledger = if number % 2 == 0 { &one } else { &other };
            let entry = crate::support::entry(
                number,
                1,
                ownsight_ledger::Action::Still(crate::support::event(1, number)),
            );
            assert_eq!(crate::support::append(ledger, entry).await.sequence(), u64::from(number) + 1);
        }
        assert_eq!(one.verify().await.unwrap().broken, None);
    });
}

#[test]
fn the_file_and_its_log_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let ledger = place.open();
    let folder = std::fs::read_dir(place.path.parent().unwrap()).unwrap();
    let files: Vec<_> = folder.map(|entry| entry.unwrap()).filter(|entry| entry.path().is_file()).collect();
    assert!(!files.is_empty());
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
    }
    drop(ledger);
}
