//! A proof is for what was recorded, and for nothing else.

use ownsight_ledger::{Action, ByteRange, Opening};
use ownsight_model::SessionId;

use crate::support::{Place, append, entry, event, opening, run};

fn everything() -> Vec<Action> {
    vec![
        Action::List { events: vec![event(1, 1), event(1, 2)], cameras: vec![event(1, 1).camera] },
        Action::Thumbnail(event(1, 1)),
        Action::Video { event: event(1, 1), range: ByteRange::WHOLE },
        Action::Download(event(1, 1)),
        Action::Still(event(1, 1)),
        Action::Motion(event(1, 1)),
        Action::Export(event(1, 1)),
    ]
}

#[test]
fn each_kind_covers_itself_only() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        for (at, action) in everything().into_iter().enumerate() {
            let recorded = append(&ledger, entry(1, 1, action)).await;
            for (other_at, other) in everything().into_iter().enumerate() {
                let covers = recorded.covers(&opening(1, 1, other.clone()));
                assert_eq!(covers, at == other_at, "{:?} and {other:?}", recorded.entry());
            }
        }
    });
}

#[test]
fn another_event_camera_account_session_or_home_is_not_covered() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        let recorded = append(&ledger, entry(1, 1, Action::Thumbnail(event(1, 1)))).await;
        let same = opening(1, 1, Action::Thumbnail(event(1, 1)));
        assert!(recorded.covers(&same));
        assert!(!recorded.covers(&opening(1, 1, Action::Thumbnail(event(1, 2)))));
        assert!(!recorded.covers(&opening(1, 1, Action::Thumbnail(event(2, 1)))));
        assert!(!recorded.covers(&opening(1, 2, Action::Thumbnail(event(1, 1)))));
        assert!(!recorded.covers(&opening(2, 1, Action::Thumbnail(event(1, 1)))));
        assert!(!recorded.covers(&Opening { session: SessionId::from_bytes([9; 16]), ..same }));
    });
}

#[test]
fn a_list_covers_its_parts() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        let list = |events: &[u8], cameras: &[u8]| Action::List {
            events: events.iter().map(|number| event(1, *number)).collect(),
            cameras: cameras.iter().map(|number| event(*number, 1).camera).collect(),
        };
        let recorded = append(&ledger, entry(1, 1, list(&[1, 2, 3], &[1, 2]))).await;
        for (events, cameras, covered) in
            [(&[2][..], &[][..], true), (&[3, 1], &[2], true), (&[4], &[], false), (&[1], &[3], false)]
        {
            assert_eq!(recorded.covers(&opening(1, 1, list(events, cameras))), covered);
        }
    });
}

#[test]
fn a_range_covers_what_lies_in_it() {
    run(async {
        let place = Place::new();
        let ledger = place.open();
        let video =
            |first: u64, len: u64| Action::Video { event: event(1, 1), range: ByteRange { first, len } };
        let recorded = append(&ledger, entry(1, 1, video(100, 50))).await;
        for (first, len, covered) in [
            (100, 50, true),
            (120, 30, true),
            (149, 1, true),
            (99, 2, false),
            (149, 2, false),
            (150, 1, false),
            (100, u64::MAX, false),
            (0, u64::MAX, false),
        ] {
            assert_eq!(recorded.covers(&opening(1, 1, video(first, len))), covered, "{first} {len}");
        }
        let whole = append(&ledger, entry(1, 1, video(0, u64::MAX))).await;
        assert!(whole.covers(&opening(1, 1, video(5, u64::MAX))));
    });
}
