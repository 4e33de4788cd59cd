//! Tokens of programs: what one may do of what its account may.

use serde::{Deserialize, Serialize};

use crate::Right;

/// One thing that a program's token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenRight {
    /// See lists, pictures, event videos and live updates.
    Footage,
    /// Keep event videos as files.
    Export,
    /// Erase events.
    Delete,
    /// See and change all else in the account's homes that the account's role there allows.
    Manage,
}

impl TokenRight {
    /// All that there are, in the order of their bits.
    pub const ALL: [Self; 4] = [Self::Footage, Self::Export, Self::Delete, Self::Manage];

    /// Its word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Footage => "footage",
            Self::Export => "export",
            Self::Delete => "delete",
            Self::Manage => "manage",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Footage => 1,
            Self::Export => 2,
            Self::Delete => 4,
            Self::Manage => 8,
        }
    }
}

impl From<Right> for TokenRight {
    fn from(right: Right) -> Self {
        match right {
            Right::Footage => Self::Footage,
            Right::Export => Self::Export,
            Right::Delete => Self::Delete,
        }
    }
}

/// What a token may do: at least one right. In JSON a list of words. Its code stands in associated data and in the database:
/// bits are never changed or used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<TokenRight>", into = "Vec<TokenRight>")]
pub struct TokenRights(u8);

/// A list without any right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at least one of `footage`, `export`, `delete` and `manage` is expected")]
pub struct NoRight;

impl TokenRights {
    /// The code in canonical bytes and in the database.
    pub const fn code(self) -> u8 {
        self.0
    }

    /// The rights with this code; `None` for one that names none, or one that this version does not know.
    pub const fn from_code(code: u8) -> Option<Self> {
        if code == 0 || code > 15 { None } else { Some(Self(code)) }
    }

    /// Whether this is among them.
    pub const fn allow(self, right: TokenRight) -> bool {
        self.0 & right.bit() != 0
    }

    /// The rights, in the order of [`TokenRight::ALL`].
    pub fn list(self) -> Vec<TokenRight> {
        TokenRight::ALL.into_iter().filter(|right| self.allow(*right)).collect()
    }
}

impl TryFrom<Vec<TokenRight>> for TokenRights {
    type Error = NoRight;

    fn try_from(list: Vec<TokenRight>) -> Result<Self, NoRight> {
        let code = list.into_iter().fold(0, |code, right| code | right.bit());
        Self::from_code(code).ok_or(NoRight)
    }
}

impl From<TokenRights> for Vec<TokenRight> {
    fn from(rights: TokenRights) -> Self {
        rights.list()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_a_list_of_words_with_one_at_least() {
        for code in 1..=15 {
            let rights = TokenRights::from_code(code).unwrap();
            let json = serde_json::to_string(&rights).unwrap();
            assert_eq!(serde_json::from_str::<TokenRights>(&json).unwrap().code(), code);
            for right in TokenRight::ALL {
                assert_eq!(json.contains(right.word()), rights.allow(right), "{json}");
            }
        }
        for code in [0, 16, 17, 255] {
            assert_eq!(TokenRights::from_code(code), None);
        }
        for wrong in ["[]", r#"["own"]"#, r#""footage""#, r#"["Footage"]"#] {
            assert!(serde_json::from_str::<TokenRights>(wrong).is_err(), "{wrong}");
        }
    }
}
