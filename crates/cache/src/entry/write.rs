//! Making an entry.

use aws_lc_rs::aead::{Aad, Nonce};
use bytes::Bytes;

use super::{
    CannotSeal, GCM_TAG_BYTES, HEADER_BYTES, Meta, SALT_BYTES, Sealing, TAG_BYTES, VERSION, entry_key, tag,
};
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
    let header = header(sealing, key, meta, (value.is_some(), length)).ok_or(CannotSeal)?;
    let room = HEADER_BYTES + sealing.namespace.as_str().len() + key.as_bytes().len() + SALT_BYTES;
    let mut entry = Vec::with_capacity(room + content.len() + TAG_BYTES);
    entry.extend_from_slice(&header);
    entry.extend_from_slice(sealing.namespace.as_str().as_bytes());
    entry.extend_from_slice(key.as_bytes());
    match sealing.protection {
        Protection::Tagged => {
            entry.extend_from_slice(content);
            entry.extend_from_slice(&tag(&sealing.tag_key, &header, &sealing.namespace, key, content));
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
        }
    }
    Ok(entry.into())
}

/// `None` if a length does not fit its field.
pub(super) fn header(
    sealing: &Sealing,
    key: &Key,
    meta: &Meta,
    (present, length): (bool, u32),
) -> Option<[u8; HEADER_BYTES]> {
    let protection = match sealing.protection {
        Protection::Tagged => 1,
        Protection::Private => 2,
    };
    let content = if present { 1 } else { 2 };
    let mut header = Vec::with_capacity(HEADER_BYTES);
    header.extend_from_slice(&[VERSION, protection, content]);
    header.push(u8::try_from(sealing.namespace.as_str().len()).ok()?);
    header.extend_from_slice(&u16::try_from(key.as_bytes().len()).ok()?.to_be_bytes());
    header.extend_from_slice(&length.to_be_bytes());
    header.extend_from_slice(&meta.read_at_ms.to_be_bytes());
    header.extend_from_slice(&meta.expires_at_ms.to_be_bytes());
    header.extend_from_slice(sealing.schema.bytes());
    header.extend_from_slice(&meta.generation.0);
    header.extend_from_slice(&meta.groups.0);
    header.try_into().ok()
}
