//! Opening an entry, for what was asked.

use aws_lc_rs::aead::{Aad, Nonce};
use bytes::Bytes;

use super::entry_key;
use super::write::envelope;
use super::{GCM_TAG_BYTES, Generation, HEADER_BYTES, Meta, SALT_BYTES, Sealing, TAG_BYTES, VERSION};
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
        Some(_) if !parts.present => Ok(Opened { meta: parts.meta, value: None }),
        Some(Verified::Clear(value)) => Ok(Opened { meta: parts.meta, value: Some(entry.slice_ref(value)) }),
        Some(Verified::Private(value)) => Ok(Opened { meta: parts.meta, value: Some(value.into()) }),
        None => Err(whose(sealing, asked, &parts)),
    }
}

/// What an entry holds, where it stands or decrypted.
enum Verified<'a> {
    Clear(&'a [u8]),
    Private(Vec<u8>),
}

/// The value, if this is an entry with the envelope that is expected.
fn authentic<'a>(sealing: &Sealing, expected: &[u8], parts: &Parts<'a>) -> Option<Verified<'a>> {
    if parts.protection != sealing.protection {
        return None;
    }
    match sealing.protection {
        Protection::Tagged => {
            let (value, found) = parts.tagged()?;
            let tag = sealing.tag_keys.tag(expected, value).ok()?;
            (tag == blake3::Hash::from(*found)).then_some(Verified::Clear(value))
        }
        Protection::Private => {
            let (salt, sealed) = parts.rest.split_first_chunk()?;
            let mut sealed = sealed.to_vec();
            let associated = [expected, salt].concat();
            let key = entry_key(&sealing.private_key, salt).ok()?;
            let nonce = Nonce::assume_unique_for_key([0; 12]);
            let length = key.open_in_place(nonce, Aad::from(associated), &mut sealed).ok()?.len();
            sealed.truncate(length);
            Some(Verified::Private(sealed))
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
struct Parts<'a> {
    protection: Protection,
    present: bool,
    schema: Schema,
    value_len: u32,
    meta: Meta,
    namespace: &'a [u8],
    key: &'a [u8],
    /// What follows the key.
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(entry: &'a [u8]) -> Option<Self> {
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
            namespace: entry.get(HEADER_BYTES..key_at)?,
            key: entry.get(key_at..rest_at)?,
            rest: entry.get(rest_at..)?,
        })
    }

    fn tagged(&self) -> Option<(&'a [u8], &'a [u8; TAG_BYTES])> {
        self.rest.split_last_chunk()
    }

    fn names(&self) -> Option<(Namespace, Key)> {
        let namespace = Namespace::new(std::str::from_utf8(self.namespace).ok()?).ok()?;
        Some((namespace, Key::from_joined(Bytes::copy_from_slice(self.key))))
    }
}

fn field<const N: usize>(header: &[u8; HEADER_BYTES], at: usize) -> Option<[u8; N]> {
    header.get(at..at.checked_add(N)?)?.try_into().ok()
}
