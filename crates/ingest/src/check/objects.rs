//! Looking at each object that the registry names.

use aws_lc_rs::digest::{Context, SHA256};
use ownsight_registry::{ObjectRow, Registry, RegistryError};
use ownsight_seal::{HEADER_BYTES, Header, TRAILER_BYTES_MAX, Trailer};
use ownsight_vault::{ObjectRef, ReadError, Vault, VaultReader};

use super::{CheckError, CheckReport, Finding, Mismatch};
use crate::sweep::{is_known, object_of};

/// Rows that are read at once.
const PAGE: u32 = 500;
/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;

pub(super) async fn from_the_registry(
    registry: &Registry,
    vault: &Vault,
    deep: bool,
    report: &mut CheckReport,
) -> Result<(), CheckError> {
    let mut after = None;
    loop {
        let rows = registry.objects(after, PAGE).await.map_err(CheckError::Registry)?;
        let Some((last, ..)) = rows.last() else { return Ok(()) };
        after = Some(*last);
        for row in rows {
            report.objects_in_registry += 1;
            if let Some(finding) = look_at(registry, vault, deep, &row).await.map_err(CheckError::Registry)? {
                report.add(finding);
            }
        }
    }
}

/// What is wrong with one object, if anything is, and the registry still knows it.
async fn look_at(
    registry: &Registry,
    vault: &Vault,
    deep: bool,
    row: &ObjectRow,
) -> Result<Option<Finding>, RegistryError> {
    let (key, _, _, header) = row;
    let object = object_of(*key);
    if let Some(why) = wrong_header(object, header) {
        return Ok(is_known(registry, object).await?.then_some(Finding::BadRow { object, why }));
    }
    let finding = match compare(vault, object, deep, row).await {
        Ok(None) => return Ok(None),
        Ok(Some(what)) => Finding::Differs { object, what },
        Err(ReadError::Missing { .. }) => Finding::Missing { object },
        Err(error) => Finding::Unreadable { object, error: chain(&error) },
    };
    // Erased since the page was read: no disagreement.
    Ok(is_known(registry, object).await?.then_some(finding))
}

/// What is wrong with a row's header, looked at by itself.
fn wrong_header(object: ObjectRef, header: &[u8]) -> Option<String> {
    let Ok(bytes) = <&[u8; HEADER_BYTES]>::try_from(header) else {
        return Some("its header has not the length of one".to_owned());
    };
    match Header::parse(bytes) {
        Err(error) => Some(error.to_string()),
        Ok(header) => {
            let ids = header.ids();
            let own = ObjectRef { home: ids.scope.home, camera: ids.scope.camera, event: ids.event };
            (own != object).then(|| format!("its header is that of {own}"))
        }
    }
}

async fn compare(
    vault: &Vault,
    object: ObjectRef,
    deep: bool,
    row: &ObjectRow,
) -> Result<Option<Mismatch>, ReadError> {
    let (_, bytes, digest, header) = row;
    let reader = vault.open(object).await?;
    if reader.len() != *bytes {
        return Ok(Some(Mismatch::Length { row: *bytes, object: reader.len() }));
    }
    let Ok(begin) = reader.read_at(0, HEADER_BYTES).await else { return Ok(Some(Mismatch::Header)) };
    if begin != header.as_slice() {
        return Ok(Some(Mismatch::Header));
    }
    if !ends_with_trailer(&reader).await? {
        return Ok(Some(Mismatch::Trailer));
    }
    if deep && sha256(&reader).await? != *digest {
        return Ok(Some(Mismatch::Digest));
    }
    Ok(None)
}

async fn ends_with_trailer(reader: &VaultReader) -> Result<bool, ReadError> {
    let len = usize::try_from(reader.len()).unwrap_or(usize::MAX).min(TRAILER_BYTES_MAX);
    let tail = reader.read_at(reader.len() - len as u64, len).await?;
    let Some(Ok(length)) = tail.last_chunk::<4>().map(|last| Trailer::length_of(*last)) else {
        return Ok(false);
    };
    let trailer = len.checked_sub(length).and_then(|from| tail.get(from..));
    Ok(trailer.is_some_and(|trailer| Trailer::parse(trailer, reader.len()).is_ok()))
}

async fn sha256(reader: &VaultReader) -> Result<[u8; 32], ReadError> {
    let mut digest = Context::new(&SHA256);
    let mut offset = 0;
    while offset < reader.len() {
        let len = usize::try_from(reader.len() - offset).unwrap_or(CHUNK).min(CHUNK);
        digest.update(&reader.read_at(offset, len).await?);
        offset += len as u64;
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.finish().as_ref());
    Ok(bytes)
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
