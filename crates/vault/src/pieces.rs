//! Reading an object piece by piece, by way of a cache.
//!
//! A piece is some ranges of one object, read together and cached as one entry. Bytes of an object never change until it
//! is erased; then all its pieces are invalidated. Everything in an object is sealed, so that a cache is given nothing that
//! it could show to anybody; and whoever opens what came from it finds out whether it is what was asked for. The object's
//! head, without which nothing of it opens, is read from the file, and no cache has it: to overwrite it erases the object.

use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::future::join_all;
use ownsight_cache::{
    Ask, Blob, Cache, Caches, Content, Group, Key, KeyError, LoadError, Namespace, Policy, Protection,
    Reason, Violation,
};

use crate::vault::{Vault, blocking};
use crate::{ObjectRef, ReadError, VaultReader};

/// How long a piece lives, also on a server that other processes share.
const TTL: Duration = Duration::from_hours(1);
/// How long it stays in this process: longer than that nobody looks at the same picture.
const LOCAL_TTL: Duration = Duration::from_mins(10);

/// Bytes of an object, as they lie on the disk.
enum Sealed {}

impl Content for Sealed {
    const NAME: &'static str = "sealed";
    const VERSION: u32 = 1;
    const REASON: Reason = Reason::new(
        "sealed before it was sent: without the camera's secret nobody reads it, or makes another",
    );
    const PROTECTION: Protection = Protection::Tagged;
}

/// The cache of pieces. Clones are the same.
#[derive(Clone)]
pub(crate) struct PieceCache {
    caches: Caches,
    pieces: Cache<Blob<Sealed>, ReadError>,
}

impl PieceCache {
    /// `memory_bytes` is what this process keeps.
    #[expect(clippy::expect_used, reason = "name and schema are constants")]
    pub(crate) fn new(caches: &Caches, memory_bytes: u64) -> Self {
        let policy =
            Policy { ttl: TTL, local_ttl: LOCAL_TTL, local_bytes_max: memory_bytes, ..Policy::default() };
        let name = Namespace::new("sealed-pieces").expect("a name of a namespace");
        let pieces = caches.cache(name, policy).expect("a schema with a name");
        Self { caches: caches.clone(), pieces }
    }

    pub(crate) fn on_violation(&self, heard: impl Fn(Violation) + Send + Sync + 'static) {
        self.caches.on_violation(heard);
    }

    /// Forgets all pieces of erased objects, here and on the server. It takes a second at most, and what is not told to
    /// the server ends there by itself.
    pub(crate) async fn forget(&self, objects: &[ObjectRef]) {
        let groups = objects.iter().filter_map(|object| group(*object).ok()).collect::<Vec<_>>();
        let told = join_all(groups.iter().map(|group| self.pieces.invalidate_group(group))).await;
        if let Some(error) = told.into_iter().find_map(Result::err) {
            tracing::warn!(
                %error,
                "sealed pieces of erased objects may stay on the cache server for up to an hour; nothing opens them"
            );
        }
    }
}

impl std::fmt::Debug for PieceCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PieceCache").field(&self.caches).finish()
    }
}

fn group(object: ObjectRef) -> Result<Group, KeyError> {
    Group::of([&object.home.as_bytes()[..], object.camera.as_bytes(), object.event.as_bytes()])
}

fn key(object: ObjectRef, ranges: &[Range<u64>]) -> Result<Key, KeyError> {
    let mut borders = BytesMut::with_capacity(ranges.len() * 16);
    for range in ranges {
        borders.put_u64(range.start);
        borders.put_u64(range.end);
    }
    let (home, camera, event) = (object.home.as_bytes(), object.camera.as_bytes(), object.event.as_bytes());
    Key::of([&home[..], camera, event, &borders])?.in_group(group(object)?)
}

/// One object, to be read piece by piece. Its file is opened with the first piece that the cache does not have, and stays
/// open then.
#[derive(Debug)]
pub struct Pieces {
    vault: Vault,
    object: ObjectRef,
    head_bytes: usize,
    file: OnceLock<OpenFile>,
}

#[derive(Debug, Clone)]
struct OpenFile {
    reader: VaultReader,
    head: Bytes,
}

/// Ranges of an object, one behind the other. They are what was asked for only if they open.
#[derive(Debug, Clone)]
pub struct Piece {
    bytes: Bytes,
    /// Whether they may have come from a cache, and not from the file.
    may_be_cached: bool,
}

impl Piece {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, for who changes them. Without a copy if nobody else has them.
    pub fn into_mut(self) -> BytesMut {
        self.bytes.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]))
    }

    /// What to ask [`Pieces::read_again`] with, should they not open; `None` if they are the file's for certain.
    pub fn suspect(&self) -> Option<Self> {
        self.may_be_cached.then(|| self.clone())
    }
}

impl Pieces {
    pub(crate) fn new(vault: Vault, object: ObjectRef, head_bytes: usize) -> Self {
        Self { vault, object, head_bytes, file: OnceLock::new() }
    }

    /// The object's first bytes, if its file was opened for this.
    pub fn head(&self) -> Option<&[u8]> {
        self.file.get().map(|file| &file.head[..])
    }

    /// These ranges of the object. Takes the memory of all of them.
    ///
    /// Cancel-safe: a dropped read changes nothing; who waited for the same piece reads it then.
    pub async fn read(&self, ranges: &[Range<u64>]) -> Result<Piece, Arc<ReadError>> {
        let (Some(cache), Ok(key)) = (self.vault.cache(), key(self.object, ranges)) else {
            return Ok(self.read_file(ranges).await?);
        };
        let load = async || self.read_file(ranges).await.map(|piece| Some(Blob::from(piece.bytes)));
        match cache.pieces.get_or_load(&key, Ask::ANY, load).await {
            Ok(found) => match found.value() {
                Some(sealed) => Ok(Piece { bytes: sealed.bytes().clone(), may_be_cached: true }),
                None => Err(Arc::new(ReadError::Missing { object: self.object })),
            },
            Err(LoadError::Source(error)) => Err(error),
            Err(LoadError::Late) => Err(Arc::new(ReadError::Late)),
        }
    }

    /// A piece that [`Pieces::read`] gave does not open: the same ranges, from the file. `None` if the file has the same
    /// bytes, so that it is not the cache's fault. Else the cache's piece is forgotten, and reported as a violation.
    ///
    /// Cancel-safe: a dropped call has forgotten and reported the piece, or not.
    pub async fn read_again(
        &self,
        ranges: &[Range<u64>],
        suspect: &Piece,
    ) -> Result<Option<Piece>, Arc<ReadError>> {
        let piece = self.read_file(ranges).await?;
        if piece.bytes == suspect.bytes {
            return Ok(None);
        }
        if let (Some(cache), Ok(key)) = (self.vault.cache(), key(self.object, ranges)) {
            // That other processes were not told is logged, and does not keep this caller from its piece.
            let _ = cache.pieces.refuse(&key).await;
        }
        Ok(Some(piece))
    }

    async fn read_file(&self, ranges: &[Range<u64>]) -> Result<Piece, ReadError> {
        let (vault, object, ranges) = (self.vault.clone(), self.object, ranges.to_vec());
        let head = 0..self.head_bytes as u64;
        let opened = self.file.get().cloned();
        let (file, bytes) = blocking(self.vault.reads(), move || {
            let file = match opened {
                Some(file) => file,
                None => {
                    let reader = vault.blocking_open(object)?;
                    let head = reader.blocking_read_ranges(&[head])?;
                    OpenFile { reader, head }
                }
            };
            let bytes = file.reader.blocking_read_ranges(&ranges)?;
            Ok::<_, ReadError>((file, bytes))
        })
        .await?;
        let _ = self.file.set(file);
        Ok(Piece { bytes, may_be_cached: false })
    }
}
