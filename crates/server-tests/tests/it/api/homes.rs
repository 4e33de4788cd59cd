//! Homes and their days.

use serde_json::json;

use crate::support::scene::Side;
use crate::support::system::System;

#[tokio::test]
async fn a_home_says_what_it_keeps_and_for_how_long() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let path = format!("homes/{}", anna.home.id);
    let home = anna.program.see(&path).await;
    assert_eq!(
        (&home["name"], &home["zone"], &home["events"]),
        (&json!("anna home"), &json!("UTC"), &json!(1))
    );
    assert!(home["used_bytes"].as_u64().unwrap() > anna.footage.clip.len() as u64);
    // Four fifths of what the disk can take; tests beside this one take some.
    let space = system.vault.space().await.unwrap();
    let fifths =
        (space.free_bytes.saturating_sub(space.floor_bytes) / 5 * 4).clamp(100_000_000, 200_000_000_000);
    let kept = home["retention_bytes"].as_u64().unwrap();
    assert!(kept.abs_diff(fifths) <= 5_000_000_000, "{kept} of {fifths} bytes");

    let change = json!({"name": "Mill Yard 7", "zone": "Asia/Kolkata", "retention_days": 7});
    let changed = anna.program.patch(&path, &change).await.json();
    assert_eq!(
        (&changed["name"], &changed["zone"], &changed["retention_days"]),
        (&json!("Mill Yard 7"), &json!("Asia/Kolkata"), &json!(7))
    );
    assert_eq!(changed["retention_bytes"], home["retention_bytes"]);
    assert_eq!(anna.browser.see("me").await["homes"][0]["name"], "Mill Yard 7");
    for body in [
        json!({"zone": "Nowhere"}),
        json!({"name": ""}),
        json!({"name": "x".repeat(1_000)}),
        json!({"retention_days": 0}),
        json!({"retention_bytes": 0}),
    ] {
        let answer = anna.program.patch(&path, &body).await;
        assert_eq!(answer.problem(), (422, "invalid".into()), "{body}");
    }
    assert_eq!(anna.program.see(&path).await["name"], "Mill Yard 7");
}

#[tokio::test]
async fn days_are_the_homes_own() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let home = format!("homes/{}", anna.home.id);
    let event = anna.program.see(&format!("events/{}", anna.event)).await;
    let span = "days?from=2026-01-01&to=2026-03-31";
    assert_eq!(anna.program.see(&format!("{home}/{span}")).await["days"], json!([]));

    // In two zones that never have the same date, the event is on the one day or on the other.
    for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
        assert_eq!(anna.program.patch(&home, &json!({"zone": zone})).await.status, 200);
        let mut found = 0;
        let now = event["started_at"].as_i64().unwrap();
        for shift in [-1, 0, 1] {
            let date = date(now + shift * 86_400_000_000);
            let day = anna.program.see(&format!("{home}/days/{date}")).await;
            let (starts_at, ends_at) = (day["starts_at"].as_i64().unwrap(), day["ends_at"].as_i64().unwrap());
            assert_eq!(ends_at - starts_at, 86_400_000_000, "{zone} has no clock changes");
            let events = day["events"].as_array().unwrap();
            assert_eq!(events.len(), usize::from((starts_at..ends_at).contains(&now)), "{zone} {date}");
            found += events.len();
            let listed = anna.program.see(&format!("events?home={}&day={date}", anna.home.id)).await;
            assert_eq!(listed["events"].as_array().unwrap().len(), events.len());
            let counted = anna.program.see(&format!("{home}/days?from={date}&to={date}")).await;
            assert_eq!(counted["days"].as_array().unwrap().len(), events.len());
        }
        assert_eq!(found, 1, "{zone}");
    }
    for bad in [
        "days?from=2026-01-01&to=2026-12-31",
        "days?from=2026-01-02&to=2026-01-01",
        "days?from=2026-13-01&to=2026-13-02",
        "days?from=2026-01-01",
        "days?from=2026-01-01&to=2026-01-02&form=2026-01-01",
        "days/2026-02-30",
        "days/today",
    ] {
        let answer = anna.program.get(&format!("{home}/{bad}")).await;
        assert_eq!(answer.problem(), (422, "invalid".into()), "{bad}");
    }
}

/// The date of a moment in UTC, by counting days.
pub(super) fn date(micros: i64) -> String {
    let mut days = micros.div_euclid(86_400_000_000);
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days >= 365 + i64::from(leap(year)) {
        days -= 365 + i64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    format!("{year:04}-{:02}-{:02}", month + 1, days + 1)
}
