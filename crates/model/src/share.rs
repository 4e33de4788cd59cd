//! Shares: what may be done with the footage of some cameras, by somebody outside their home.

use serde::{Deserialize, Serialize};

/// One thing that may be done with footage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// See pictures and event videos. Every share has it.
    Footage,
    /// Keep event videos as files.
    Export,
    /// Erase events.
    Delete,
}

/// What may be done with footage: seeing it, and what else was granted. In JSON a list of words, in which `footage` is always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Right>", into = "Vec<Right>")]
pub struct Rights {
    export: bool,
    delete: bool,
}

/// A list of rights without the right to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`footage` is expected among the rights")]
pub struct NoFootage;

impl Rights {
    /// Seeing, and nothing else.
    pub const FOOTAGE: Self = Self { export: false, delete: false };
    /// All that there is.
    pub const ALL: Self = Self { export: true, delete: true };
    /// What its role gives a member without the control key.
    pub const OF_A_VIEWER: Self = Self { export: true, delete: false };

    /// Whether this is among them.
    pub const fn allow(self, right: Right) -> bool {
        match right {
            Right::Footage => true,
            Right::Export => self.export,
            Right::Delete => self.delete,
        }
    }

    /// What either allows.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self { export: self.export || other.export, delete: self.delete || other.delete }
    }

    /// The rights, in the order of [`Right`].
    pub fn list(self) -> Vec<Right> {
        let all = [Right::Footage, Right::Export, Right::Delete];
        all.into_iter().filter(|right| self.allow(*right)).collect()
    }
}

impl TryFrom<Vec<Right>> for Rights {
    type Error = NoFootage;

    fn try_from(list: Vec<Right>) -> Result<Self, NoFootage> {
        if !list.contains(&Right::Footage) {
            return Err(NoFootage);
        }
        Ok(Self { export: list.contains(&Right::Export), delete: list.contains(&Right::Delete) })
    }
}

impl From<Rights> for Vec<Right> {
    fn from(rights: Rights) -> Self {
        rights.list()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_a_list_of_words_with_footage() {
        for (rights, json) in [
            (Rights::FOOTAGE, r#"["footage"]"#),
            (Rights::ALL, r#"["footage","export","delete"]"#),
            (Rights::OF_A_VIEWER, r#"["footage","export"]"#),
        ] {
            assert_eq!(serde_json::to_string(&rights).unwrap(), json);
            assert_eq!(serde_json::from_str::<Rights>(json).unwrap(), rights);
        }
        for wrong in ["[]", r#"["export"]"#, r#"["footage","own"]"#, r#""footage""#] {
            assert!(serde_json::from_str::<Rights>(wrong).is_err(), "{wrong}");
        }
        let delete = serde_json::from_str::<Rights>(r#"["delete","footage"]"#).unwrap();
        assert!(delete.allow(Right::Delete) && !delete.allow(Right::Export));
        assert_eq!(delete.or(Rights::OF_A_VIEWER), Rights::ALL);
    }
}
