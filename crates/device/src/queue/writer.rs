//! An object on its way into the queue: written, counted and hashed in one pass.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest;
use ownsight_disk::{DiskError, DiskFile};

use super::{OBJECT_BYTES_MAX, ObjectKind, Queue};

/// Bytes that are written to the disk at once.
const CHUNK: usize = 64 << 10;

/// Writes an object into `sealing/`. Dropped before it is committed it leaves nothing.
///
/// Errors of the disk come as [`io::Error`]s whose inner error is the [`DiskError`].
pub(crate) struct QueueWriter {
    kind: ObjectKind,
    file: Box<dyn DiskFile>,
    temporary: Temporary,
    buffer: Vec<u8>,
    /// Bytes on disk.
    written: u64,
    digest: digest::Context,
}

/// A file in `sealing/`, removed when this is dropped.
pub(crate) struct Temporary {
    queue: Arc<Queue>,
    path: Option<PathBuf>,
}

/// The object has more bytes than the server takes.
#[derive(Debug, thiserror::Error)]
#[error("the object is too large")]
pub(crate) struct TooLarge;

impl QueueWriter {
    pub(super) fn new(queue: Arc<Queue>, file: Box<dyn DiskFile>, path: PathBuf, kind: ObjectKind) -> Self {
        Self {
            kind,
            file,
            temporary: Temporary { queue, path: Some(path) },
            buffer: Vec::with_capacity(CHUNK),
            written: 0,
            digest: digest::Context::new(&digest::SHA256),
        }
    }

    /// What is written.
    pub(super) const fn kind(&self) -> ObjectKind {
        self.kind
    }

    /// Syncs the file; gives it with its length and digest.
    pub(super) fn finish(mut self) -> Result<(Temporary, u64, [u8; 32]), DiskError> {
        self.write_buffer()?;
        self.file.sync()?;
        let mut digest = [0; 32];
        digest.iter_mut().zip(self.digest.finish().as_ref()).for_each(|(to, from)| *to = *from);
        Ok((self.temporary, self.written, digest))
    }

    fn write_buffer(&mut self) -> Result<(), DiskError> {
        loop {
            match self.file.write_at(&self.buffer, self.written) {
                // Written again at the same place once there is room: a part that was written does no harm.
                Err(error) if error.is_full() && self.temporary.queue.make_room(self.kind) => {}
                result => break result?,
            }
        }
        self.digest.update(&self.buffer);
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

impl Write for QueueWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() == CHUNK {
            self.write_buffer().map_err(io::Error::other)?;
        }
        if self.written + (self.buffer.len() + bytes.len()) as u64 > OBJECT_BYTES_MAX {
            return Err(io::Error::other(TooLarge));
        }
        let taken = bytes.len().min(CHUNK - self.buffer.len());
        self.buffer.extend(bytes.iter().take(taken));
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Temporary {
    pub(super) fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new(""))
    }

    /// It has another name now.
    pub(super) fn moved(mut self) {
        self.path = None;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // What cannot be removed now is swept at the next start.
            let _ = self.queue.disk.unlink(path);
        }
    }
}
