//! The verdict on all outcomes, and the table of `docs/mixups.md` that is made of them.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::Outcome;
use crate::exchange::Exchange;

/// Exchanges that change something without an alarm, and why that is right. Everything else that changes must alarm.
const EXCEPTIONS: [(&str, &str); 17] = [
    ("rows of `passwords`", "looks like a wrong password"),
    ("`passwords.params`", "looks like a wrong password"),
    ("`passwords.wrap`", "looks like a wrong password"),
    ("`accounts.email`", "the address only finds; a reset finds no account"),
    ("`devices.credential_hash`", "looks like an unknown device"),
    ("`pairings.find`", "the device refuses the code; it has no way yet to say so"),
    ("`pairings.blob`", "the device refuses the code; it has no way yet to say so"),
    ("`invitations.find`", "looks like another address than it was made for"),
    ("`invitations.text`", "looks like another address than it was made for"),
    ("`invitations.created_at`", "a time that only informs"),
    ("`invitations.joined_at`", "a time that only informs"),
    ("`invitations.expires_at`", "a rule: when its link ends"),
    ("`shares.created_at`", "a time that only informs"),
    ("`tests.device`", "the device that tests is not named"),
    ("`cameras.created_at`", "a time that only informs"),
    ("`devices.created_at`", "a time that only informs"),
    ("`devices.paired_at`", "a time that only informs"),
];

/// Exchanges that leak with the barriers off: were one of them not seen, the test could not see it with them on either.
const SEEN_WHEN_OFF: [&str; 27] = [
    "rows of `accounts`",
    "`accounts.text`",
    "`cameras.home`",
    "`cameras.text`",
    "`cameras.address`",
    "rows of `configurations`",
    "rows of `devices`",
    "`devices.text`",
    "`events.home`",
    "`events.header`",
    "`grants.wrap`",
    "`grants.member_key`",
    "`invitation_codes.find`",
    "`invitations.find`",
    "`invitations.home`",
    "rows of `homes`",
    "`homes.text`",
    "`pairings.blob`",
    "rows of `passwords`",
    "rows of `reports`",
    "rows of `sessions`",
    "`sessions.wrap`",
    "`shares.account`",
    "`shares.contents`",
    "files of events",
    "files behind their headers",
    "the server's half of the cookie",
];

const BEGIN: &str = "<!-- made by the test: begin -->";
const END: &str = "<!-- made by the test: end -->";

pub(crate) fn check(with: &[Outcome], without: &[Outcome], without_sides: &[String]) {
    assert_eq!(
        with.iter().map(|outcome| &outcome.exchange).collect::<Vec<_>>(),
        without.iter().map(|outcome| &outcome.exchange).collect::<Vec<_>>(),
    );
    let mut wrong = Vec::new();
    let mut table =
        String::from("| exchanged | barriers on | alarms | barriers off |\n| --- | --- | --- | --- |\n");
    for (on, off) in with.iter().zip(without) {
        let name = on.exchange.to_string();
        let exception = EXCEPTIONS.iter().find(|(exchange, _)| *exchange == name).map(|(_, why)| *why);
        if !on.leaks.is_empty() {
            wrong.push(format!("{name}: leaks {:?} with the barriers on", on.leaks));
        }
        let touched = !on.refused.is_empty() || !on.changed.is_empty();
        if on.exchange == Exchange::Nothing && (touched || on.alarms > 0) {
            wrong.push(format!("without an exchange: {on:?}"));
        }
        if touched && on.alarms == 0 && exception.is_none() {
            wrong.push(format!("{name}: no alarm, refused {:?}, changed {:?}", on.refused, on.changed));
        }
        if exception.is_some() && on.alarms > 0 {
            wrong.push(format!("{name}: is listed as an exception, and alarms"));
        }
        if SEEN_WHEN_OFF.contains(&name.as_str()) && off.leaks.is_empty() {
            wrong.push(format!("{name}: no leak is seen with the barriers off"));
        }
        let verdict = match (exception, on.alarms, touched) {
            (Some(why), ..) => why.to_owned(),
            (None, 0, _) => "nothing changes".to_owned(),
            (None, ..) => "refused, alarmed".to_owned(),
        };
        let leak = if off.leaks.is_empty() {
            "nothing to see".to_owned()
        } else {
            format!("**leak seen**: {}", off.leaks.iter().copied().collect::<Vec<_>>().join(", "))
        };
        let alarmed = if on.alarms > 0 { "yes" } else { "no" };
        writeln!(table, "| {name} | {verdict} | {alarmed} | {leak} |").unwrap();
    }
    writeln!(table, "\nTables in which no row belongs to a home: {}.", without_sides.join(", ")).unwrap();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    document(&table);
}

/// Compares the document with the table, or writes it anew.
fn document(table: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/mixups.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once(BEGIN).expect("the document has the mark of the table's begin");
    let (_, tail) = rest.split_once(END).expect("the document has the mark of the table's end");
    let expected = format!("{head}{BEGIN}\n{table}{END}{tail}");
    if std::env::var_os("OWNSIGHT_BLESS").is_some() {
        std::fs::write(&path, expected).unwrap();
    } else {
        assert!(text == expected, "docs/mixups.md is not what the test found: run it with OWNSIGHT_BLESS=1");
    }
}
