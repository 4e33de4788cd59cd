//! What values are asked for by: namespaces, keys and groups.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, LazyLock};

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

/// How names are hashed in this process: not to be guessed from outside.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The hash of a name, of this kind. Made once, and kept beside the name: a hit is little more than hashing.
pub(crate) fn hash_of(kind: u8, name: &[u8]) -> u64 {
    let mut hasher = HASHER.build_hasher();
    hasher.write_u8(kind);
    hasher.write(name);
    hasher.finish()
}

const NAMESPACE: u8 = 0;
/// What [`hash_of`] is given for a key.
pub(crate) const KEY: u8 = 1;
/// What it is given for a group.
pub(crate) const GROUP: u8 = 2;

/// What kind of thing is cached. Two namespaces share nothing: each has keys of its own for its entries' tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    name: Arc<str>,
    hash: u64,
}

impl Namespace {
    /// A namespace: 1 to 32 of `a-z`, `0-9` and `-`.
    pub fn new(name: &str) -> Result<Self, KeyError> {
        let fits = (1..=NAMESPACE_BYTES_MAX).contains(&name.len());
        let plain = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if !fits || !plain {
            return Err(KeyError::Namespace);
        }
        Ok(Self { hash: hash_of(NAMESPACE, name.as_bytes()), name: name.into() })
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }
}

/// Which value is asked for, with the groups that it can be invalidated by. Cheap to clone.
///
/// Two keys are the same if their parts and groups are. An invalidation of a key holds for its parts, whatever the groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    hash: u64,
    bytes: Bytes,
    groups: Option<Arc<[Group]>>,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Key {
    /// A key of these parts. Each part goes in with its length, so that `["ab", "c"]` and `["a", "bc"]` are two keys.
    pub fn of<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Result<Self, KeyError> {
        Ok(Self::from_joined(joined(parts)?))
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
        Self { hash: hash_of(KEY, &bytes), bytes, groups: None }
    }

    /// Its groups.
    pub fn groups(&self) -> &[Group] {
        self.groups.as_deref().unwrap_or_default()
    }

    /// Its bytes: each part behind its length.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Of its bytes, in this process.
    pub(crate) fn hash_of_bytes(&self) -> u64 {
        self.hash
    }
}

/// What many keys of a namespace can be invalidated by at once. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    hash: u64,
    bytes: Bytes,
}

impl Group {
    /// A group of these parts, put together as those of a [`Key`] are.
    pub fn of<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Result<Self, KeyError> {
        let bytes = joined(parts)?;
        Ok(Self { hash: hash_of(GROUP, &bytes), bytes })
    }

    /// Its bytes: each part behind its length.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn hash_of_bytes(&self) -> u64 {
        self.hash
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
