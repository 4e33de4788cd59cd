//! Copying the objects that a registry names, each held against the digest in its row.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use aws_lc_rs::digest::{Context as Digest, SHA256};
use ownsight_registry::{ObjectRow, Registry};
use ownsight_vault::ObjectRef;

use super::make_folder;

/// Rows that are read at once.
const PAGE: u32 = 500;
/// Bytes that are copied at once.
const CHUNK: usize = 1 << 20;
/// What is wrong is named up to this number, and counted beyond.
const FLAWS_MAX: usize = 10_000;
/// What is being copied, in the folder of events.
const TEMPORARY: &str = ".copying";
const SAY_EVERY: Duration = Duration::from_secs(10);

/// What is done with a file that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Existing {
    /// Of the right length it is taken for whole, as objects never change; but for these.
    TrustBut(BTreeMap<ObjectRef, Flaw>),
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
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "there is no file",
            Self::Differs => "its file is damaged",
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
    existing: &Existing,
) -> anyhow::Result<Copied> {
    make_folder(to)?;
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
    match std::fs::remove_file(to.join(TEMPORARY)) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", to.join(TEMPORARY).display()))
        }
        _ => Ok(copied),
    }
}

struct Copier<'a> {
    from: &'a Path,
    to: &'a Path,
    existing: &'a Existing,
    buffer: Vec<u8>,
    /// The folder that was made last.
    made: PathBuf,
}

impl Copied {
    /// What the next copying to the same place need not read.
    pub(crate) fn existing(&self) -> Existing {
        if self.flaws.len() < FLAWS_MAX { Existing::TrustBut(self.flaws.clone()) } else { Existing::Verify }
    }
}

impl Copier<'_> {
    fn object(&mut self, row: &ObjectRow, copied: &mut Copied) -> anyhow::Result<()> {
        let (key, bytes, digest, _) = row;
        let object = ObjectRef { home: key.home, camera: key.camera, event: key.event };
        let (source, target) = (self.from.join(object.file()), self.to.join(object.file()));
        let flaw = if self.is_there(object, &target, row)? {
            None
        } else {
            let flaw = self.copy(&source, &target, digest)?;
            copied.new_objects += u64::from(flaw.is_none());
            copied.new_bytes += if flaw.is_none() { *bytes } else { 0 };
            flaw
        };
        match flaw {
            None => {
                copied.objects += 1;
                copied.bytes += bytes;
            }
            Some(flaw) => {
                copied.flawed += 1;
                if copied.flaws.len() < FLAWS_MAX {
                    copied.flaws.insert(object, flaw);
                }
            }
        }
        Ok(())
    }

    fn is_there(&mut self, object: ObjectRef, target: &Path, row: &ObjectRow) -> anyhow::Result<bool> {
        let (_, bytes, digest, _) = row;
        let cannot = || format!("cannot read {}", target.display());
        let mut file = match File::open(target) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            file => file.with_context(cannot)?,
        };
        let len = file.metadata().with_context(cannot)?.len();
        match self.existing {
            Existing::TrustBut(flaws) if !flaws.contains_key(&object) => Ok(len == *bytes),
            Existing::TrustBut(_) | Existing::Verify => {
                let found = stream(&mut file, &mut std::io::sink(), &mut self.buffer).with_context(cannot)?;
                Ok(found == *digest)
            }
        }
    }

    fn copy(&mut self, source: &Path, target: &Path, digest: &[u8; 32]) -> anyhow::Result<Option<Flaw>> {
        let mut file = match File::open(source) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Some(Flaw::Missing)),
            file => file.with_context(|| format!("cannot read {}", source.display()))?,
        };
        let folder = target.parent().unwrap_or(self.to);
        if self.made != folder {
            make_folder(folder)?;
            self.made = folder.to_path_buf();
        }
        let temporary = self.to.join(TEMPORARY);
        let found = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)
            .and_then(|mut written| stream(&mut file, &mut written, &mut self.buffer));
        let found =
            found.with_context(|| format!("cannot copy {} to {}", source.display(), self.to.display()))?;
        if found != *digest {
            std::fs::remove_file(&temporary)
                .with_context(|| format!("cannot remove {}", temporary.display()))?;
            return Ok(Some(Flaw::Differs));
        }
        super::rename(&temporary, target)?;
        Ok(None)
    }
}

/// Copies all that there is; its SHA-256.
fn stream(from: &mut File, to: &mut impl std::io::Write, buffer: &mut [u8]) -> std::io::Result<[u8; 32]> {
    let mut digest = Digest::new(&SHA256);
    loop {
        let read = match from.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
        digest.update(piece);
        to.write_all(piece)?;
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.finish().as_ref());
    Ok(bytes)
}

/// Removes the objects that the registry does not name: what was erased since an earlier backup. How many.
pub(crate) async fn remove_others(registry: &Registry, events: &Path) -> anyhow::Result<u64> {
    let (mut removed, mut visited) = (0, Vec::new());
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let cannot = || format!("cannot list {}", events.join(&folder).display());
        for entry in std::fs::read_dir(events.join(&folder)).with_context(cannot)? {
            let entry = entry.with_context(cannot)?;
            let path = folder.join(entry.file_name());
            if entry.file_type().with_context(cannot)?.is_dir() {
                folders.push(path);
                continue;
            }
            let Some(object) = ObjectRef::from_file(&path) else {
                bail!("{} is not a backup's: move it away", events.join(path).display())
            };
            let stored = registry.stored_event(object.camera, object.event).await;
            let stored = stored.context("the registry cannot be read")?;
            if stored.is_none_or(|stored| stored.erased) {
                let path = events.join(path);
                std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
                removed += 1;
            }
        }
        visited.push(events.join(folder));
    }
    // The inner ones first. Those with something in them stay.
    for folder in visited.iter().skip(1).rev() {
        let _ = std::fs::remove_dir(folder);
    }
    Ok(removed)
}
