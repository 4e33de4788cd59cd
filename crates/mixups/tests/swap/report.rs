//! The verdict on all outcomes, and the table of `docs/mixups.md` that is made of them.

use std::fmt::Write as _;
use std::path::PathBuf;

use ownsight_seal::barriers::Barrier;

use crate::exchange::Exchange;
use crate::{Alone, Outcome};

/// Exchanges that change something without an alarm, and why that is right. Everything else that changes must alarm.
const EXCEPTIONS: [(&str, &str); 19] = [
    ("rows of `passwords`", "looks like a wrong password"),
    ("`passwords.params`", "looks like a wrong password"),
    ("`passwords.wrap`", "looks like a wrong password"),
    ("`accounts.email`", "the address only finds; a reset finds no account"),
    ("`devices.credential_hash`", "looks like an unknown device"),
    ("`pairings.find`", "the device refuses the code; it has no way yet to say so"),
    ("`pairings.blob`", "the device refuses the code; it has no way yet to say so"),
    ("`invitations.find`", "looks like another address than it was made for"),
    ("links of invitations", "looks like another address than it was made for"),
    ("`invitations.text`", "looks like another address than it was made for"),
    ("`invitations.created_at`", "a time that only informs"),
    ("`invitations.joined_at`", "a time that only informs"),
    ("`invitations.expires_at`", "a rule: when its link ends"),
    ("`sessions.created_at`", "a time that only informs"),
    ("`shares.created_at`", "a time that only informs"),
    ("`tests.device`", "the device that tests is not named"),
    ("`cameras.created_at`", "a time that only informs"),
    ("`devices.created_at`", "a time that only informs"),
    ("`devices.paired_at`", "a time that only informs"),
];

/// Exchanges that leak with the barriers off: were one of them not seen, the test could not see it with them on either.
const SEEN_WHEN_OFF: [&str; 29] = [
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
    "segments of files",
    "the server's half of the cookie",
    "answers on their way out",
];

const BEGIN: &str = "<!-- made by the test: begin -->";
const END: &str = "<!-- made by the test: end -->";

/// Leaks that one barrier stops and no second one, and why.
const ONE_BARRIER: [(&str, &str); 4] = [
    ("rows of `tests`", "a report names its test and not the draft: only the tag says whose the draft is"),
    ("answers on their way out", "what was opened for somebody carries nothing else that says for whom"),
    (
        "files behind their headers",
        "its key and its associated data come from the header, and are two checks of one cipher",
    ),
    ("segments of files", "a segment's number and the stream's nonce are two checks of one cipher"),
];

pub(crate) fn check(with: &[Outcome], without: &[Outcome], alone: &[Alone], without_sides: &[String]) {
    assert_eq!(
        with.iter().map(|outcome| &outcome.exchange).collect::<Vec<_>>(),
        without.iter().map(|outcome| &outcome.exchange).collect::<Vec<_>>(),
    );
    let mut wrong = Vec::new();
    let mut table = String::from(
        "| exchanged | barriers on | alarms | barriers off | stopped by each of these alone |\n| --- | --- | --- | --- | --- |\n",
    );
    for ((on, off), alone) in with.iter().zip(without).zip(alone) {
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
        let one_barrier = ONE_BARRIER.iter().find(|(exchange, _)| *exchange == name).map(|(_, why)| *why);
        let stopped = match (off.leaks.is_empty(), alone.as_slice(), one_barrier) {
            (true, ..) => "–".to_owned(),
            (false, [], _) => {
                wrong.push(format!("{name}: no barrier stops it alone"));
                String::new()
            }
            (false, [only], Some(why)) => format!("{}: {why}", word(*only)),
            (false, [only], None) => {
                wrong.push(format!("{name}: only {only:?} stops it"));
                String::new()
            }
            (false, several, _) => {
                several.iter().map(|barrier| word(*barrier)).collect::<Vec<_>>().join(", ")
            }
        };
        let alarmed = if on.alarms > 0 { "yes" } else { "no" };
        writeln!(table, "| {name} | {verdict} | {alarmed} | {leak} | {stopped} |").unwrap();
    }
    writeln!(table, "\nTables in which no row belongs to a home: {}.", without_sides.join(", ")).unwrap();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    document(&table);
}

/// What a barrier is called in the document.
const fn word(barrier: Barrier) -> &'static str {
    match barrier {
        Barrier::Commitment => "commitment",
        Barrier::Aead => "wrap",
        Barrier::Hpke => "HPKE",
        Barrier::Tags => "tag",
        Barrier::Stream => "stream",
        Barrier::Identity => "ids compared",
        Barrier::Session => "session",
    }
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
