//! What keys, groups and fields are called on the server.

use std::io::Write as _;

use redis::{RedisWrite, ToRedisArgs};

use crate::watch::Subject;
use crate::{Group, Key, Namespace, Schema};

/// A key's or a group's name on the server: `<prefix>k:<namespace>:<key>`, `<prefix>g:<namespace>:<group>`. Written
/// where it belongs without being put together before.
pub(super) struct ServerName<'a> {
    prefix: &'a str,
    namespace: &'a Namespace,
    subject: Subject<'a>,
}

impl<'a> ServerName<'a> {
    pub(super) const fn of(prefix: &'a str, namespace: &'a Namespace, subject: Subject<'a>) -> Self {
        Self { prefix, namespace, subject }
    }

    pub(super) fn of_key(prefix: &'a str, namespace: &'a Namespace, key: &'a Key) -> Self {
        Self::of(prefix, namespace, Subject::Key(key.as_bytes()))
    }

    pub(super) fn of_group(prefix: &'a str, namespace: &'a Namespace, group: &'a Group) -> Self {
        Self::of(prefix, namespace, Subject::Group(group.as_bytes()))
    }

    fn parts(&self) -> [&[u8]; 5] {
        let (kind, name): (&[u8], _) = match self.subject {
            Subject::Key(key) => (b"k:", key),
            Subject::Group(group) => (b"g:", group),
        };
        [self.prefix.as_bytes(), kind, self.namespace.as_str().as_bytes(), b":", name]
    }

    /// In bytes.
    pub(super) fn len(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }
}

impl ToRedisArgs for ServerName<'_> {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        write_parts(&self.parts(), out);
    }
}

/// A field of a key's hash, in one schema.
#[derive(Clone, Copy)]
pub(super) enum Field {
    Entry(Schema),
    Generation(Schema),
}

impl Field {
    /// In bytes.
    pub(super) const LEN: usize = 1 + size_of::<Schema>();
}

impl ToRedisArgs for Field {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        let (what, schema) = match self {
            Self::Entry(schema) => (b"v", schema),
            Self::Generation(schema) => (b"g", schema),
        };
        write_parts(&[what, schema.bytes()], out);
    }
}

fn write_parts<W: ?Sized + RedisWrite>(parts: &[&[u8]], out: &mut W) {
    let mut writer = out.writer_for_next_arg();
    for part in parts {
        // Into memory, which does not fail.
        let _ = writer.write_all(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_their_kind_and_namespace() {
        let namespace = Namespace::new("a").unwrap();
        let key = Key::of(["k"]).unwrap();
        let name = ServerName::of_key("cache:", &namespace, &key);
        let written = name.to_redis_args();
        assert_eq!(written, [[b"cache:k:a:".as_slice(), key.as_bytes()].concat()]);
        assert_eq!(written.first().map(Vec::len), Some(name.len()));
        let group = Group::of(["k"]).unwrap();
        let other = ServerName::of_group("cache:", &namespace, &group).to_redis_args();
        assert_eq!(other, [[b"cache:g:a:".as_slice(), group.as_bytes()].concat()]);
    }
}
