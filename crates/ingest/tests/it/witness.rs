//! A disk that looks, before each of its steps, at what the registry has committed, and copies each state.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ownsight_disk::{Disk, DiskError, DiskFile, Entry, ForgettingDisk, Space};
use rusqlite::{Connection, OpenFlags};

/// A [`ForgettingDisk`] with eyes on the registry.
#[derive(Debug, Clone)]
pub(crate) struct Witness {
    disk: ForgettingDisk,
    eyes: Arc<Mutex<Eyes>>,
}

#[derive(Debug)]
struct Eyes {
    connection: Connection,
    folder: PathBuf,
    version: Option<i64>,
    states: Vec<PathBuf>,
    /// The latest state before each step of the journal.
    before: Vec<usize>,
}

/// What the registry had committed, and when.
pub(crate) struct Moments {
    /// Copies of the registry, in order.
    pub(crate) states: Vec<PathBuf>,
    before: Vec<usize>,
}

impl Moments {
    /// The states that the registry may have had when a crash came after so many steps of the journal.
    pub(crate) fn possible_at(&self, position: usize) -> std::ops::RangeInclusive<usize> {
        let seen = |step: usize| self.before.get(step).copied().unwrap_or(self.states.len() - 1);
        let earliest = position.checked_sub(1).map_or(0, seen);
        earliest..=seen(position)
    }
}

impl Witness {
    pub(crate) fn new(disk: ForgettingDisk, registry: &Path, folder: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let eyes = Eyes {
            connection: Connection::open_with_flags(registry, flags).unwrap(),
            folder: folder.to_path_buf(),
            version: None,
            states: Vec::new(),
            before: Vec::new(),
        };
        Self { disk, eyes: Arc::new(Mutex::new(eyes)) }
    }

    fn look(&self) {
        let mut eyes = self.eyes.lock().unwrap();
        let state = eyes.state();
        let position = self.disk.position();
        // A step that failed leaves the position where it was: the next look at it counts.
        eyes.before.truncate(position);
        assert_eq!(eyes.before.len(), position, "every step is looked at");
        eyes.before.push(state);
    }

    /// What was seen, with the state at the end.
    pub(crate) fn end(&self) -> Moments {
        let mut eyes = self.eyes.lock().unwrap();
        eyes.state();
        Moments { states: eyes.states.clone(), before: eyes.before.clone() }
    }
}

impl Eyes {
    /// The number of the committed state now; copies it if it is new.
    fn state(&mut self) -> usize {
        let version = self.connection.query_row("PRAGMA data_version", [], |row| row.get(0)).unwrap();
        if self.version != Some(version) {
            self.version = Some(version);
            let copy = self.folder.join(format!("state-{}.db", self.states.len()));
            self.connection.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
            self.states.push(copy);
        }
        self.states.len() - 1
    }
}

#[derive(Debug)]
struct WitnessFile {
    file: Box<dyn DiskFile>,
    witness: Witness,
}

impl Witness {
    fn file(&self, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(WitnessFile { file, witness: self.clone() })
    }
}

impl Disk for Witness {
    fn create(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        self.look();
        self.disk.create(path).map(|file| self.file(file))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        self.disk.open(path)
    }

    fn open_for_change(&self, path: &Path) -> Result<Box<dyn DiskFile>, DiskError> {
        self.disk.open_for_change(path).map(|file| self.file(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.look();
        self.disk.rename(from, to)
    }

    fn unlink(&self, path: &Path) -> Result<(), DiskError> {
        self.look();
        self.disk.unlink(path)
    }

    fn make_folder(&self, path: &Path) -> Result<(), DiskError> {
        self.look();
        self.disk.make_folder(path)
    }

    fn remove_folder(&self, path: &Path) -> Result<(), DiskError> {
        self.look();
        self.disk.remove_folder(path)
    }

    fn sync_folder(&self, path: &Path) -> Result<(), DiskError> {
        self.look();
        self.disk.sync_folder(path)
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>, DiskError> {
        self.disk.list(path)
    }

    fn file_len(&self, path: &Path) -> Result<u64, DiskError> {
        self.disk.file_len(path)
    }

    fn space(&self) -> Result<Space, DiskError> {
        self.disk.space()
    }
}

impl DiskFile for WitnessFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, DiskError> {
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), DiskError> {
        self.witness.look();
        self.file.write_at(bytes, offset)
    }

    fn truncate(&self, len: u64) -> Result<(), DiskError> {
        self.witness.look();
        self.file.truncate(len)
    }

    fn sync(&self) -> Result<(), DiskError> {
        self.witness.look();
        self.file.sync()
    }

    fn file_len(&self) -> Result<u64, DiskError> {
        self.file.file_len()
    }
}
