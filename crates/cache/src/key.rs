//! What values are asked for by: namespaces, keys and groups.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};

/// The longest namespace, in bytes.
pub const NAMESPACE_BYTES_MAX: usize = 32;
/// The longest key or group, in bytes, with the lengths of its parts.
pub const KEY_BYTES_MAX: usize = 512;
/// A key is in at most so many groups.
pub const GROUPS_MAX: usize = 4;

/// Why something cannot be a namespace, a key or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A namespace is 1 to 32 of `a-z`, `0-9` and `-`.
    #[error("a namespace is 1 to 32 lower-case letters, digits and hyphens")]
    Namespace,
    /// No part, or only empty parts.
    #[error("a key needs at least one part that is not empty")]
    Empty,
    /// Too long for a key.
    #[error(
        "a key is at most {KEY_BYTES_MAX} bytes with the lengths of its parts: use a digest of what is longer"
    )]
    TooLong,
    /// Too many groups.
    #[error("a key is in at most {GROUPS_MAX} groups")]
    TooManyGroups,
}

/// What kind of thing is cached. Two namespaces share nothing: each has keys of its own for its entries' tags.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Namespace(Arc<str>);

impl Namespace {
    /// A namespace: 1 to 32 of `a-z`, `0-9` and `-`.
    pub fn new(name: &str) -> Result<Self, KeyError> {
        let fits = (1..=NAMESPACE_BYTES_MAX).contains(&name.len());
        let plain = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits && plain { Ok(Self(name.into())) } else { Err(KeyError::Namespace) }
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which value is asked for, with the groups that it can be invalidated by. Cheap to clone.
///
/// Two keys are the same if their parts and groups are. An invalidation of a key holds for its parts, whatever the groups.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    bytes: Bytes,
    groups: Option<Arc<[Group]>>,
}

impl Key {
    /// A key of these parts. Each part goes in with its length, so that `["ab", "c"]` and `["a", "bc"]` are two keys.
    pub fn of<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Result<Self, KeyError> {
        Ok(Self { bytes: joined(parts)?, groups: None })
    }

    /// The same key, invalidated with this group too. At most [`GROUPS_MAX`].
    pub fn in_group(self, group: Group) -> Result<Self, KeyError> {
        let mut groups = self.groups().to_vec();
        if !groups.contains(&group) {
            groups.push(group);
        }
        if groups.len() > GROUPS_MAX {
            return Err(KeyError::TooManyGroups);
        }
        Ok(Self { groups: Some(groups.into()), ..self })
    }

    /// A key as it stands in an entry.
    pub(crate) fn from_joined(bytes: Bytes) -> Self {
        Self { bytes, groups: None }
    }

    /// Its groups.
    pub fn groups(&self) -> &[Group] {
        self.groups.as_deref().unwrap_or_default()
    }

    /// Its bytes: each part behind its length.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// What many keys of a namespace can be invalidated by at once. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group(Bytes);

impl Group {
    /// A group of these parts, put together as those of a [`Key`] are.
    pub fn of<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Result<Self, KeyError> {
        joined(parts).map(Self)
    }

    /// Its bytes: each part behind its length.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn joined<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Result<Bytes, KeyError> {
    let mut bytes = BytesMut::new();
    let mut some = false;
    for part in parts {
        let part = part.as_ref();
        let length = u16::try_from(part.len()).map_err(|_| KeyError::TooLong)?;
        some |= length > 0;
        bytes.put_u16(length);
        bytes.put_slice(part);
        if bytes.len() > KEY_BYTES_MAX {
            return Err(KeyError::TooLong);
        }
    }
    if some { Ok(bytes.freeze()) } else { Err(KeyError::Empty) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_flow_into_each_other() {
        assert_ne!(Key::of(["ab", "c"]).unwrap(), Key::of(["a", "bc"]).unwrap());
        assert_ne!(Key::of(["a"]).unwrap(), Key::of(["a", ""]).unwrap());
        assert_eq!(Key::of(["a", "b"]).unwrap(), Key::of([b"a", b"b"]).unwrap());
    }

    #[test]
    fn a_key_has_limits() {
        assert_eq!(Key::of::<&str>([]).unwrap_err(), KeyError::Empty);
        assert_eq!(Key::of([""]).unwrap_err(), KeyError::Empty);
        assert_eq!(Key::of([vec![0; KEY_BYTES_MAX - 2]]).unwrap().as_bytes().len(), KEY_BYTES_MAX);
        assert_eq!(Key::of([vec![0; KEY_BYTES_MAX - 1]]).unwrap_err(), KeyError::TooLong);
        assert_eq!(Key::of([vec![0; 70_000]]).unwrap_err(), KeyError::TooLong);
    }

    #[test]
    fn a_namespace_is_short_and_plain() {
        for name in ["", "A", "a_b", "a:b", "ü", &"a".repeat(33)] {
            assert_eq!(Namespace::new(name).unwrap_err(), KeyError::Namespace, "{name}");
        }
        assert_eq!(Namespace::new(&"z".repeat(32)).unwrap().as_str().len(), 32);
        assert_eq!(Namespace::new("a-0").unwrap().as_str(), "a-0");
    }

    #[test]
    fn groups_are_few_and_count_once() {
        let group = |n: u8| Group::of([[n]]).unwrap();
        let mut key = Key::of(["k"]).unwrap();
        for n in 0..GROUPS_MAX as u8 {
            key = key.in_group(group(n)).unwrap().in_group(group(n)).unwrap();
        }
        assert_eq!(key.groups().len(), GROUPS_MAX);
        assert_eq!(key.clone().in_group(group(9)).unwrap_err(), KeyError::TooManyGroups);
        assert_ne!(key, Key::of(["k"]).unwrap());
        assert_eq!(key.as_bytes(), Key::of(["k"]).unwrap().as_bytes());
    }
}
