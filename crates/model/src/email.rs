//! E-mail addresses, normalised in one place before look-up, derivation and display.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// Longest address that is accepted, in bytes after normalising (RFC 5321, 4.5.3.1.3, less the brackets).
const BYTES_MAX: usize = 254;

/// A normalised e-mail address: trimmed, NFC, lower case. Two spellings of one address are equal.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// Why a text is not taken as an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// It lacks one `@` with something on both sides, or holds white space or control characters.
    #[error("not an e-mail address: write it as name@example.org")]
    Malformed,
    /// It is too long.
    #[error("the e-mail address has more than {BYTES_MAX} bytes: use a shorter one")]
    TooLong,
}

impl Email {
    /// Normalises and checks an address as typed by a person.
    pub fn parse(typed: &str) -> Result<Self, EmailError> {
        // Bounds the work before normalising, which can lengthen a text up to threefold.
        if typed.len() > 4 * BYTES_MAX {
            return Err(EmailError::TooLong);
        }
        // Lower-casing can undo NFC ("İ" gives "i" and a combining dot), so it comes first and last.
        let address: String = typed.trim().nfc().collect::<String>().to_lowercase().nfc().collect();
        if address.len() > BYTES_MAX {
            return Err(EmailError::TooLong);
        }
        let well_formed = match address.split_once('@') {
            Some((name, host)) => !name.is_empty() && !host.is_empty() && !host.contains('@'),
            None => false,
        };
        if !well_formed || address.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(EmailError::Malformed);
        }
        Ok(Self(address))
    }

    /// The normalised address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Addresses are personal: logs get the host only.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Email(…@{})", self.0.rsplit('@').next().unwrap_or(""))
    }
}

impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(typed: String) -> Result<Self, EmailError> {
        Self::parse(&typed)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_equal() {
        let plain = Email::parse("anna@exämple.org").unwrap();
        for typed in [" Anna@EXÄMPLE.org ", "anna@exa\u{308}mple.org", "ANNA@exämple.ORG\n"] {
            assert_eq!(Email::parse(typed).unwrap(), plain, "{typed:?}");
        }
    }

    #[test]
    fn normalising_twice_changes_nothing() {
        for typed in ["İ@x.org", "ﬁ@x.org", "Å@x.org", "ΑΣ@x.org"] {
            let once = Email::parse(typed).unwrap();
            assert_eq!(Email::parse(once.as_str()).unwrap(), once, "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for typed in ["", "a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\u{0}c"] {
            assert_eq!(Email::parse(typed), Err(EmailError::Malformed), "{typed:?}");
        }
        assert_eq!(Email::parse(&format!("{}@b", "a".repeat(300))), Err(EmailError::TooLong));
        assert_eq!(Email::parse(&"a".repeat(5000)), Err(EmailError::TooLong));
    }

    #[test]
    fn debug_hides_the_name() {
        assert_eq!(format!("{:?}", Email::parse("anna@b.org").unwrap()), "Email(…@b.org)");
    }
}
