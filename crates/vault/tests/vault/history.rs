//! A history of deliveries and deletions, what it says at each position, and the checker of what a crash left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ownsight_disk::{Disk, EntryKind, ForgettingDisk};
use ownsight_vault::{ObjectRef, Vault};

use crate::support::{config, content, file_of, object, raw, run, start, store};

/// How much of an erased object's beginning is zeros.
const ERASED_BYTES: usize = 64;

/// Something that was so from a position of the disk's journal on.
#[derive(Debug)]
pub(crate) struct Fact {
    pub(crate) position: usize,
    pub(crate) object: ObjectRef,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// A delivery of these bytes has begun.
    Begun(Vec<u8>),
    /// The vault acknowledged these bytes.
    Acknowledged(Vec<u8>),
    /// The registry no longer knows the object.
    Forgotten,
    /// The vault said that it is erased.
    Erased,
}

struct Recorder<'a> {
    disk: &'a ForgettingDisk,
    vault: Vault,
    facts: Vec<Fact>,
}

impl Recorder<'_> {
    fn note(&mut self, object: ObjectRef, kind: Kind) {
        self.facts.push(Fact { position: self.disk.position(), object, kind });
    }

    /// Delivers until it is acknowledged, as a device does; a broken disk's faults strike once.
    async fn deliver(&mut self, object: ObjectRef, bytes: Vec<u8>) {
        for _attempt in 0..3 {
            self.note(object, Kind::Begun(bytes.clone()));
            let shown_before = raw(self.disk, object);
            if let Ok(stored) = store(&self.vault, object, &bytes).await {
                assert_eq!(stored.len(), bytes.len() as u64);
                return self.note(object, Kind::Acknowledged(bytes));
            }
            let shown = raw(self.disk, object);
            assert!(shown.is_none() || shown == shown_before, "what was not acknowledged shows");
        }
        panic!("three faults in a row");
    }

    /// The vault acknowledges; the registry, and who delivered, never hear of it.
    async fn deliver_cut_off(&mut self, object: ObjectRef, bytes: Vec<u8>) {
        self.note(object, Kind::Begun(bytes.clone()));
        if store(&self.vault, object, &bytes).await.is_ok() {
            self.note(object, Kind::Acknowledged(bytes));
        }
    }

    async fn delete(&mut self, objects: &[ObjectRef]) {
        for object in objects {
            self.note(*object, Kind::Forgotten);
        }
        for _attempt in 0..3 {
            let deletion = self.vault.delete(objects).await.unwrap();
            if deletion.failed.is_empty() {
                for object in objects {
                    self.note(*object, Kind::Erased);
                }
                return;
            }
        }
        panic!("three faults in a row");
    }
}

/// The history: objects of one, few and many bytes, of several homes and cameras, in several folders; one that
/// was cut off and is delivered again; deletions, alone and together.
pub(crate) fn play(disk: &ForgettingDisk) -> Vec<Fact> {
    run(async {
        let mut history = Recorder { disk, vault: start(disk, config()).await, facts: Vec::new() };
        history.deliver(object(1, 1, 1), content(300, 1)).await;
        history.deliver(object(1, 1, 2), content(3100, 2)).await;
        history.deliver(object(1, 2, 1), content(1000, 3)).await;
        history.deliver(object(2, 3, 1), content(1, 9)).await;
        history.deliver_cut_off(object(2, 3, 2), content(900, 4)).await;
        history.deliver(object(2, 3, 101), content(2000, 6)).await;
        history.deliver(object(2, 3, 2), content(1200, 5)).await;
        history.delete(&[object(1, 1, 1)]).await;
        history.deliver(object(1, 1, 3), content(500, 7)).await;
        history.delete(&[object(1, 1, 2), object(2, 3, 101)]).await;
        history.deliver(object(2, 3, 102), content(50, 8)).await;
        history.facts
    })
}

/// What must be so at a position.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// What the registry knows.
    pub(crate) known: BTreeMap<ObjectRef, Vec<u8>>,
    /// What may show under a name, besides what is known.
    whole: BTreeMap<ObjectRef, BTreeSet<Vec<u8>>>,
    forgotten: BTreeSet<ObjectRef>,
    erased: BTreeSet<ObjectRef>,
}

pub(crate) fn expected(facts: &[Fact], position: usize) -> Expected {
    let mut expected = Expected::default();
    for fact in facts {
        let was_so = fact.position <= position;
        match &fact.kind {
            // From here on a crash may leave it, or what was there before, if that is not deleted first.
            Kind::Begun(bytes) if was_so => {
                expected.known.remove(&fact.object);
                expected.whole.entry(fact.object).or_default().insert(bytes.clone());
            }
            Kind::Acknowledged(bytes) if was_so => {
                expected.known.insert(fact.object, bytes.clone());
            }
            Kind::Forgotten if was_so => {
                expected.known.remove(&fact.object);
                expected.forgotten.insert(fact.object);
            }
            Kind::Erased if was_so => {
                expected.erased.insert(fact.object);
            }
            _ => {}
        }
    }
    expected
}

/// Says what is wrong with a disk after a crash at this position, if anything is.
///
/// `overwritten`: objects whose overwritten header was synced before the crash.
pub(crate) fn check(
    after: &ForgettingDisk,
    expected: &Expected,
    overwritten: &BTreeSet<PathBuf>,
) -> Result<(), String> {
    for (object, bytes) in &expected.known {
        match raw(after, *object) {
            None => return Err(format!("lost: {object}")),
            Some(left) if left != *bytes => return Err(format!("torn: {object}")),
            Some(_) => {}
        }
    }
    for object in objects_on(after) {
        let left = raw(after, object).unwrap_or_default();
        if expected.erased.contains(&object) {
            return Err(format!("back from the dead: {object}"));
        }
        let header = left.get(..left.len().min(ERASED_BYTES)).unwrap_or_default();
        if overwritten.contains(&file_of(object)) {
            if header.iter().any(|byte| *byte != 0) {
                return Err(format!("not overwritten: {object}"));
            }
            continue;
        }
        let whole = expected.whole.get(&object).is_some_and(|contents| {
            contents.iter().any(|bytes| {
                let being_erased = expected.forgotten.contains(&object);
                *bytes == left
                    || being_erased
                        && bytes.len() == left.len()
                        && bytes.get(ERASED_BYTES..) == left.get(ERASED_BYTES..)
            })
        });
        if !whole {
            return Err(format!("half-written: {object}"));
        }
    }
    Ok(())
}

/// All objects that show, found without the vault.
pub(crate) fn objects_on(disk: &ForgettingDisk) -> Vec<ObjectRef> {
    fn files(disk: &dyn Disk, folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in disk.list(folder).unwrap() {
            let path = folder.join(entry.name);
            if path == Path::new(".temporary") {
                continue;
            }
            if entry.kind == EntryKind::Folder { files(disk, &path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    files(disk, Path::new(""), &mut found);
    let ids = |path: &PathBuf| {
        let names: Vec<_> = path.iter().map(|name| name.to_str().unwrap()).collect();
        ObjectRef {
            home: names[0].parse().unwrap(),
            camera: names[1].parse().unwrap(),
            event: names[3].strip_suffix(".own").unwrap().parse().unwrap(),
        }
    };
    found.iter().map(ids).collect()
}

/// The objects whose overwritten header was synced before this position.
pub(crate) fn overwritten(disk: &ForgettingDisk, position: usize) -> BTreeSet<PathBuf> {
    let headers = disk.syncs().into_iter().filter(|sync| {
        sync.position < position && sync.path.extension().is_some_and(|extension| extension == "own")
    });
    headers.map(|sync| sync.path).collect()
}
