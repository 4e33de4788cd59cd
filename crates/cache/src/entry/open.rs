//! Opening an entry, for what was asked.

use aws_lc_rs::aead::{Aad, Nonce};
use bytes::Bytes;

use super::write::envelope;
use super::{GCM_TAG_BYTES, Generation, HEADER_BYTES, Meta, SALT_BYTES, Sealing, TAG_BYTES, VERSION};
use super::{entry_key, tag};
use crate::{Key, Namespace, Protection, Schema, Violation};

/// What a holder wrote for exactly the key that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) meta: Meta,
    /// `None` if it is known to be absent.
    pub(crate) value: Option<Bytes>,
}

/// Opens an entry that was asked for by this key. Whatever the bytes are, no other key's value comes out.
pub(crate) fn open(sealing: &Sealing, asked: &Key, entry: &Bytes) -> Result<Opened, Violation> {
    let parts = Parts::of(entry).ok_or(Violation::Malformed)?;
    // Built from what was asked; the entry gives only what a reader cannot know.
    let expected = envelope(sealing, asked, &parts.meta, (parts.present, parts.value_len));
    let expected = expected.ok_or(Violation::NotAuthentic)?;
    match authentic(sealing, &expected, &parts) {
        // Its tag says whose it is. If its words say something else, somebody changed them.
        Some(_) if !entry.starts_with(&expected) => Err(Violation::NotAuthentic),
        Some(value) => Ok(Opened { meta: parts.meta, value: parts.present.then_some(value) }),
        None => Err(whose(sealing, asked, &parts)),
    }
}

/// The value, if this is an entry with the envelope that is expected.
fn authentic(sealing: &Sealing, expected: &[u8], parts: &Parts) -> Option<Bytes> {
    if parts.protection != sealing.protection {
        return None;
    }
    match sealing.protection {
        Protection::Tagged => {
            let (value, found) = parts.tagged()?;
            // `blake3::Hash` compares in constant time.
            (tag(&sealing.tag_key, expected, &value) == blake3::Hash::from(found)).then_some(value)
        }
        Protection::Private => {
            let (salt, mut sealed) = parts.private()?;
            let associated = [expected, &salt].concat();
            let key = entry_key(&sealing.private_key, &salt).ok()?;
            let nonce = Nonce::assume_unique_for_key([0; 12]);
            let length = key.open_in_place(nonce, Aad::from(associated), &mut sealed).ok()?.len();
            sealed.truncate(length);
            Some(sealed.into())
        }
    }
}

/// Whose entry it is, if it is a holder's at all.
fn whose(sealing: &Sealing, asked: &Key, parts: &Parts) -> Violation {
    let Some((namespace, key)) = parts.names() else { return Violation::NotAuthentic };
    let theirs = Sealing::new(&sealing.secret, namespace, parts.schema, parts.protection);
    let said = envelope(&theirs, &key, &parts.meta, (parts.present, parts.value_len));
    if said.is_none_or(|said| authentic(&theirs, &said, parts).is_none()) {
        Violation::NotAuthentic
    } else if theirs.namespace != sealing.namespace {
        Violation::OtherNamespace
    } else if theirs.schema != sealing.schema || theirs.protection != sealing.protection {
        Violation::OtherSchema
    } else if key.as_bytes() != asked.as_bytes() {
        Violation::OtherKey
    } else {
        Violation::NotAuthentic
    }
}

/// An entry's fields, as they stand there: believed by nobody yet.
struct Parts {
    protection: Protection,
    present: bool,
    schema: Schema,
    value_len: u32,
    meta: Meta,
    namespace: Bytes,
    key: Bytes,
    /// What follows the key.
    rest: Bytes,
}

impl Parts {
    fn of(entry: &Bytes) -> Option<Self> {
        let header: &[u8; HEADER_BYTES] = entry.first_chunk()?;
        let [version, protection, content, namespace_len, ..] = *header;
        if version != VERSION {
            return None;
        }
        let protection = match protection {
            1 => Protection::Tagged,
            2 => Protection::Private,
            _ => return None,
        };
        let present = match content {
            1 => true,
            2 => false,
            _ => return None,
        };
        let key_len = u16::from_be_bytes(field(header, 4)?);
        let value_len = u32::from_be_bytes(field(header, 6)?);
        let meta = Meta {
            read_at_ms: u64::from_be_bytes(field(header, 10)?),
            expires_at_ms: u64::from_be_bytes(field(header, 18)?),
            generation: Generation(field(header, 42)?),
            groups: Generation(field(header, 58)?),
        };
        let key_at = HEADER_BYTES + usize::from(namespace_len);
        let rest_at = key_at + usize::from(key_len);
        let around = match protection {
            Protection::Tagged => TAG_BYTES,
            Protection::Private => SALT_BYTES + GCM_TAG_BYTES,
        };
        let whole = rest_at.checked_add(around)?.checked_add(usize::try_from(value_len).ok()?)?;
        if entry.len() != whole || (!present && value_len != 0) {
            return None;
        }
        Some(Self {
            protection,
            present,
            schema: Schema::from_bytes(field(header, 26)?),
            value_len,
            meta,
            namespace: entry.slice(HEADER_BYTES..key_at),
            key: entry.slice(key_at..rest_at),
            rest: entry.slice(rest_at..),
        })
    }

    fn tagged(&self) -> Option<(Bytes, [u8; TAG_BYTES])> {
        let at = self.rest.len().checked_sub(TAG_BYTES)?;
        let found = self.rest.get(at..)?.try_into().ok()?;
        Some((self.rest.slice(..at), found))
    }

    fn private(&self) -> Option<([u8; SALT_BYTES], Vec<u8>)> {
        let (salt, sealed) = self.rest.split_first_chunk()?;
        Some((*salt, sealed.to_vec()))
    }

    fn names(&self) -> Option<(Namespace, Key)> {
        let namespace = Namespace::new(std::str::from_utf8(&self.namespace).ok()?).ok()?;
        Some((namespace, Key::from_joined(self.key.clone())))
    }
}

fn field<const N: usize>(header: &[u8; HEADER_BYTES], at: usize) -> Option<[u8; N]> {
    header.get(at..at.checked_add(N)?)?.try_into().ok()
}
