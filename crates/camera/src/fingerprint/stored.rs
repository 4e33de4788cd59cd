//! A fingerprint as it is kept: lines of text, with what it is of, and a check at the end.
//!
//! ```text
//! ownsight-fingerprint 1
//! of <whatever its keeper knows the camera by>
//! tls SHA256:<43 of base64>       if it is spoken to with TLS
//! asks digest | password | nothing
//! realm <text>                    each, sorted; or `realms-vary`
//! server <text>                   if there is one
//! described                       if it has described itself, followed by those that there are of
//! origin <text>
//! session <text>
//! tool <text>
//! check <SHA-256 of all before, 64 hex digits>
//! ```

use std::fmt::Write as _;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::{Asks, Description, Fingerprint, REALMS_MAX, Realms};

const FIRST: &str = "ownsight-fingerprint 1";

/// Why what was kept cannot be believed. It is never the same as nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoredFingerprintError {
    /// Something was changed since it was written.
    #[error("what a camera is known by is damaged: its check does not fit")]
    Damaged,
    /// It was written by another version of this program.
    #[error("what a camera is known by was written by a version of this program that is not known")]
    OtherVersion,
    /// It has another form.
    #[error("what a camera is known by does not have the form that it should have")]
    Malformed,
}

impl Fingerprint {
    /// As it is kept, with what it is of: a word or words without control characters.
    pub fn to_stored(&self, of: &str) -> String {
        let of: String = of.chars().filter(|c| !c.is_control()).collect();
        let mut text = format!("{FIRST}\nof {of}\n{}", self.lines());
        let check = check(&text);
        // It cannot fail: it is a string.
        let _ = writeln!(text, "check {check}");
        text
    }

    /// Reads what was kept, and what it is of.
    pub fn from_stored(text: &str) -> Result<(String, Self), StoredFingerprintError> {
        let (body, last) = text
            .strip_suffix('\n')
            .and_then(|text| text.rsplit_once('\n'))
            .ok_or(StoredFingerprintError::Damaged)?;
        let found = last.strip_prefix("check ").ok_or(StoredFingerprintError::Damaged)?;
        if check(&format!("{body}\n")) != found {
            return Err(StoredFingerprintError::Damaged);
        }
        let (first, rest) = body.split_once('\n').ok_or(StoredFingerprintError::Malformed)?;
        if first != FIRST {
            return Err(StoredFingerprintError::OtherVersion);
        }
        let (of, lines) = rest
            .strip_prefix("of ")
            .and_then(|rest| rest.split_once('\n'))
            .ok_or(StoredFingerprintError::Malformed)?;
        let read = Self::read(lines).ok_or(StoredFingerprintError::Malformed)?;
        // One fingerprint has one form.
        if read.to_stored(of) != text {
            return Err(StoredFingerprintError::Malformed);
        }
        Ok((of.to_owned(), read))
    }

    /// Its parts, a line each.
    pub(super) fn lines(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            let gap = if value.is_empty() { "" } else { " " };
            // It cannot fail: it is a string.
            let _ = writeln!(text, "{name}{gap}{value}");
        };
        if let Some(key) = &self.key {
            line("tls", &key.to_string());
        }
        line("asks", self.asks.word());
        match &self.realms {
            Realms::Are(realms) => realms.iter().for_each(|realm| line("realm", realm)),
            Realms::Vary => line("realms-vary", ""),
        }
        let mut part = |name: &str, value: &Option<String>| {
            if let Some(value) = value {
                line(name, value);
            }
        };
        part("server", &self.server);
        if let Some(described) = &self.described {
            part("described", &Some(String::new()));
            part("origin", &described.origin);
            part("session", &described.session);
            part("tool", &described.tool);
        }
        text
    }

    fn read(lines: &str) -> Option<Self> {
        let mut lines = lines.lines();
        let mut first = lines.next()?;
        let mut key = None;
        if let Some(text) = first.strip_prefix("tls ") {
            key = Some(text.parse().ok()?);
            first = lines.next()?;
        }
        let asks = Asks::of(first.strip_prefix("asks ")?)?;
        let mut read = Self { realms: Realms::Are(Vec::new()), asks, server: None, described: None, key };
        for line in lines {
            let (name, value) = line.split_once(' ').unwrap_or((line, ""));
            let slot = match (name, &mut read.realms, &mut read.described) {
                ("realm", Realms::Are(realms), _) if realms.len() < REALMS_MAX => {
                    realms.push(value.to_owned());
                    continue;
                }
                ("realms-vary", Realms::Are(realms), _) if realms.is_empty() => {
                    read.realms = Realms::Vary;
                    continue;
                }
                ("described", _, None) => {
                    read.described = Some(Description::default());
                    continue;
                }
                ("server", _, None) => &mut read.server,
                ("origin", _, Some(described)) => &mut described.origin,
                ("session", _, Some(described)) => &mut described.session,
                ("tool", _, Some(described)) => &mut described.tool,
                _ => return None,
            };
            if slot.replace(value.to_owned()).is_some() {
                return None;
            }
        }
        Some(read)
    }
}

impl Asks {
    fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Password => "password",
            Self::Digest => "digest",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Nothing, Self::Password, Self::Digest].into_iter().find(|asks| asks.word() == word)
    }
}

fn check(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}
