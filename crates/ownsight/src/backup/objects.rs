//! Copying the objects that a registry names, each held against the digest in its row.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use aws_lc_rs::digest::{Context as Digest, SHA256};
use ownsight_ingest::{is_known, object_of};
use ownsight_registry::{ObjectRow, Registry};
use ownsight_vault::ObjectRef;

use crate::files;

/// Rows that are read at once.
const PAGE: u32 = 100;
/// Bytes that are copied at once.
const CHUNK: usize = 1 << 20;
/// What is wrong is named up to this number, and counted beyond.
const FLAWS_MAX: usize = 100_000;
/// What is being copied, in the folder of events.
const TEMPORARY: &str = ".copying";
const SAY_EVERY: Duration = Duration::from_secs(10);

/// What is done with a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// Of the right length it is taken for whole: objects never change.
    Trust,
    /// It is read.
    Verify,
}

/// Why an object could not be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// There is no file.
    Missing,
    /// Its bytes are not those that were taken in.
    Differs,
    /// The disk does not give its bytes.
    Unreadable,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "there is no file",
            Self::Differs => "its file is damaged",
            Self::Unreadable => "its file cannot be read",
        })
    }
}

/// What came of copying.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Copied {
    /// Objects that are there now, and their bytes.
    pub(crate) objects: u64,
    pub(crate) bytes: u64,
    /// Of those, what was not there before.
    pub(crate) new_objects: u64,
    pub(crate) new_bytes: u64,
    /// Objects that are not.
    pub(crate) flawed: u64,
    /// The first of them.
    pub(crate) flaws: BTreeMap<ObjectRef, Flaw>,
}

/// Copies each object that the registry names from one folder of events to another. Not durable until synced.
pub(crate) async fn copy_objects(
    registry: &Registry,
    from: &Path,
    to: &Path,
    existing: Existing,
) -> anyhow::Result<Copied> {
    files::make_folder(to)?;
    let mut copier = Copier { from, to, existing, buffer: vec![0; CHUNK], made: PathBuf::new() };
    let mut copied = Copied::default();
    let (mut after, mut said) = (None, Instant::now());
    loop {
        let rows = registry.objects(after, PAGE).await.context("the registry cannot be read")?;
        let Some((last, ..)) = rows.last() else { break };
        after = Some(*last);
        for row in rows {
            copier.object(&row, &mut copied)?;
            if said.elapsed() >= SAY_EVERY {
                said = Instant::now();
                eprintln!("… {} events, {} MB", copied.objects, copied.bytes / 1_000_000);
            }
        }
    }
    // Of this run, or of one that was killed.
    files::remove_file(&to.join(TEMPORARY))?;
    Ok(copied)
}

struct Copier<'a> {
    from: &'a Path,
    to: &'a Path,
    existing: Existing,
    buffer: Vec<u8>,
    /// The folder that was made last.
    made: PathBuf,
}

impl Copied {
    /// Names what is missing or damaged on standard output; how many there are.
    pub(crate) fn say_flaws(&self) -> u64 {
        for (object, flaw) in &self.flaws {
            println!("{object}: {flaw}");
        }
        self.flawed
    }

    /// These are not to be there after all.
    pub(crate) fn forget(&mut self, objects: &[ObjectRef]) {
        for object in objects {
            self.flawed -= u64::from(self.flaws.remove(object).is_some());
        }
    }
}

impl Copier<'_> {
    fn object(&mut self, row: &ObjectRow, copied: &mut Copied) -> anyhow::Result<()> {
        let (key, bytes, digest, _) = row;
        let object = object_of(*key);
        let (source, target) = (self.from.join(object.file()), self.to.join(object.file()));
        if !self.is_there(&target, *bytes, digest) {
            if let Some(flaw) = self.copy(&source, &target, digest)? {
                // What is there is not it, and would be taken for it the next time.
                files::remove_file(&target)?;
                copied.flawed += 1;
                if copied.flaws.len() < FLAWS_MAX {
                    copied.flaws.insert(object, flaw);
                }
                return Ok(());
            }
            copied.new_objects += 1;
            copied.new_bytes += bytes;
        }
        copied.objects += 1;
        copied.bytes += bytes;
        Ok(())
    }

    /// Whether the object is there already. One that cannot be read is not.
    fn is_there(&mut self, target: &Path, bytes: u64, digest: &[u8; 32]) -> bool {
        let Ok(mut file) = File::open(target) else { return false };
        if file.metadata().map_or(true, |metadata| metadata.len() != bytes) {
            return false;
        }
        match self.existing {
            Existing::Trust => true,
            Existing::Verify => {
                stream(&mut file, &mut std::io::sink(), &mut self.buffer).is_ok_and(|found| found == *digest)
            }
        }
    }

    fn copy(&mut self, source: &Path, target: &Path, digest: &[u8; 32]) -> anyhow::Result<Option<Flaw>> {
        let mut file = match File::open(source) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Some(Flaw::Missing)),
            Err(_) => return Ok(Some(Flaw::Unreadable)),
        };
        let folder = target.parent().unwrap_or(self.to);
        if self.made != folder {
            files::make_folder(folder)?;
            self.made = folder.to_path_buf();
        }
        let temporary = self.to.join(TEMPORARY);
        let cannot = || format!("cannot write to {}", self.to.display());
        let mut options = std::fs::OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let mut written = options.open(&temporary).with_context(cannot)?;
        match stream(&mut file, &mut written, &mut self.buffer) {
            Ok(found) if found == *digest => {
                files::rename(&temporary, target)?;
                Ok(None)
            }
            Ok(_) => Ok(Some(Flaw::Differs)),
            Err(Broken::Read) => Ok(Some(Flaw::Unreadable)),
            Err(Broken::Write(error)) => Err(error).with_context(cannot),
        }
    }
}

/// On which side copying failed.
enum Broken {
    Read,
    Write(std::io::Error),
}

/// Copies all that there is; its SHA-256.
fn stream(from: &mut File, to: &mut impl std::io::Write, buffer: &mut [u8]) -> Result<[u8; 32], Broken> {
    let mut digest = Digest::new(&SHA256);
    loop {
        let read = match from.read(buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return Err(Broken::Read),
        };
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
        digest.update(piece);
        to.write_all(piece).map_err(Broken::Write)?;
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.finish().as_ref());
    Ok(bytes)
}

/// Bytes of the objects in a folder, whether they are whole or not.
pub(crate) fn bytes_in(events: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    walk(events, |_, path| {
        bytes += std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(())
    })?;
    Ok(bytes)
}

/// Removes the objects that the registry does not name: what was erased since an earlier backup. How many. What is no object
/// is left alone.
pub(crate) async fn remove_others(registry: &Registry, events: &Path) -> anyhow::Result<u64> {
    let mut found = Vec::new();
    let folders = walk(events, |object, _| {
        found.push(object);
        Ok(())
    })?;
    let mut removed = 0;
    for object in found {
        if !is_known(registry, object).await.context("the registry cannot be read")? {
            files::remove_file(&events.join(object.file()))?;
            removed += 1;
        }
    }
    // The inner ones first. Those with something in them stay.
    for folder in folders.iter().skip(1).rev() {
        let _ = std::fs::remove_dir(folder);
    }
    Ok(removed)
}

/// Visits the objects in a folder of events; the folders that it came through.
fn walk(
    events: &Path,
    mut each: impl FnMut(ObjectRef, &Path) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<PathBuf>> {
    let (mut folders, mut visited) = (vec![PathBuf::new()], Vec::new());
    while let Some(folder) = folders.pop() {
        let cannot = || format!("cannot list {}", events.join(&folder).display());
        let entries = match std::fs::read_dir(events.join(&folder)) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            entries => entries.with_context(cannot)?,
        };
        for entry in entries {
            let entry = entry.with_context(cannot)?;
            let path = folder.join(entry.file_name());
            if entry.file_type().with_context(cannot)?.is_dir() {
                folders.push(path);
            } else if let Some(object) = ObjectRef::from_file(&path) {
                each(object, &entry.path())?;
            }
        }
        visited.push(events.join(folder));
    }
    Ok(visited)
}
