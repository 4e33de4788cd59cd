//! Making an entry.

use aws_lc_rs::aead::{Aad, Nonce};
use bytes::Bytes;

use super::{CannotSeal, GCM_TAG_BYTES, HEADER_BYTES, Meta, SALT_BYTES, Sealing, VERSION, entry_key};
use crate::{Key, Protection};

/// An entry for this key. `None` is a value that is known to be absent.
pub(crate) fn write(
    sealing: &Sealing,
    key: &Key,
    meta: &Meta,
    value: Option<&[u8]>,
) -> Result<Bytes, CannotSeal> {
    let content = value.unwrap_or_default();
    let length = u32::try_from(content.len()).map_err(|_| CannotSeal)?;
    let mut entry = envelope(sealing, key, meta, (value.is_some(), length)).ok_or(CannotSeal)?;
    match sealing.protection {
        Protection::Tagged => {
            let tag = sealing.tag_keys.tag(&entry, content)?;
            Ok([&entry, content, tag.as_bytes()].concat().into())
        }
        Protection::Private => {
            let mut salt = [0; SALT_BYTES];
            aws_lc_rs::rand::fill(&mut salt).map_err(|_| CannotSeal)?;
            entry.extend_from_slice(&salt);
            let mut sealed = Vec::with_capacity(content.len() + GCM_TAG_BYTES);
            sealed.extend_from_slice(content);
            entry_key(&sealing.private_key, &salt)?
                .seal_in_place_append_tag(
                    Nonce::assume_unique_for_key([0; 12]),
                    Aad::from(entry.as_slice()),
                    &mut sealed,
                )
                .map_err(|_| CannotSeal)?;
            entry.extend_from_slice(&sealed);
            Ok(entry.into())
        }
    }
}

/// Everything before the value, or its salt. `None` if a length does not fit its field.
pub(super) fn envelope(
    sealing: &Sealing,
    key: &Key,
    meta: &Meta,
    (present, length): (bool, u32),
) -> Option<Vec<u8>> {
    let protection = match sealing.protection {
        Protection::Tagged => 1,
        Protection::Private => 2,
    };
    let content = if present { 1 } else { 2 };
    let (namespace, key) = (sealing.namespace.as_str().as_bytes(), key.as_bytes());
    let mut envelope = Vec::with_capacity(HEADER_BYTES + namespace.len() + key.len());
    envelope.extend_from_slice(&[VERSION, protection, content]);
    envelope.push(u8::try_from(namespace.len()).ok()?);
    envelope.extend_from_slice(&u16::try_from(key.len()).ok()?.to_be_bytes());
    envelope.extend_from_slice(&length.to_be_bytes());
    envelope.extend_from_slice(&meta.read_at_ms.to_be_bytes());
    envelope.extend_from_slice(&meta.expires_at_ms.to_be_bytes());
    envelope.extend_from_slice(sealing.schema.bytes());
    envelope.extend_from_slice(&meta.generation.0);
    envelope.extend_from_slice(&meta.groups.0);
    envelope.extend_from_slice(namespace);
    envelope.extend_from_slice(key);
    Some(envelope)
}
