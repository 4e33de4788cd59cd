//! What is on the disk: as programs see it now, and as far as it is durable.

use std::collections::BTreeMap;

pub(super) type NodeId = u64;

/// The disk's own folder.
pub(super) const ROOT: NodeId = 0;

/// A name inside a folder.
pub(super) type Place = (NodeId, String);

/// One change or sync. Replaying the same steps gives the same disk.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Create { folder: NodeId, name: String, node: NodeId },
    MakeFolder { folder: NodeId, name: String, node: NodeId },
    Remove { folder: NodeId, name: String },
    Rename { from: Place, to: Place, node: NodeId },
    Write { node: NodeId, offset: u64, bytes: Vec<u8> },
    Truncate { node: NodeId, len: u64 },
    SyncFile { node: NodeId, outcome: SyncOutcome },
    SyncFolder { folder: NodeId, outcome: SyncOutcome },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SyncOutcome {
    Done,
    Ignored,
    Failed,
}

#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) files: BTreeMap<NodeId, FileNode>,
    pub(super) folders: BTreeMap<NodeId, FolderNode>,
    /// Changes of names that are not durable yet, in order.
    pub(super) names_pending: Vec<NameChange>,
    next: NodeId,
}

#[derive(Debug, Clone, Default)]
pub(super) struct FileNode {
    pub(super) now: Vec<u8>,
    pub(super) durable: Vec<u8>,
    /// Changes of bytes that are not durable, in order.
    pub(super) pending: Vec<ByteChange>,
    /// How many of them, from the first, a failed sync gave up: no later sync makes them durable.
    pub(super) given_up: usize,
}

#[derive(Debug, Clone)]
pub(super) enum ByteChange {
    Write { offset: u64, bytes: Vec<u8> },
    Truncate { len: u64 },
}

#[derive(Debug, Clone, Default)]
pub(super) struct FolderNode {
    pub(super) now: BTreeMap<String, NodeId>,
    pub(super) durable: BTreeMap<String, NodeId>,
}

#[derive(Debug, Clone)]
pub(super) struct NameChange {
    pub(super) kind: NameChangeKind,
    /// A failed sync gave it up: no later sync makes it durable.
    pub(super) given_up: bool,
}

#[derive(Debug, Clone)]
pub(super) enum NameChangeKind {
    Set { place: Place, node: NodeId },
    Remove { place: Place },
    Move { from: Place, to: Place, node: NodeId, target_durable: bool },
}

impl NameChange {
    const fn new(kind: NameChangeKind) -> Self {
        Self { kind, given_up: false }
    }

    fn touches(&self, folder: NodeId) -> bool {
        match &self.kind {
            NameChangeKind::Set { place, .. } | NameChangeKind::Remove { place } => place.0 == folder,
            NameChangeKind::Move { from, to, .. } => from.0 == folder || to.0 == folder,
        }
    }
}

impl State {
    pub(super) fn empty() -> Self {
        Self {
            files: BTreeMap::new(),
            folders: BTreeMap::from([(ROOT, FolderNode::default())]),
            names_pending: Vec::new(),
            next: ROOT + 1,
        }
    }

    pub(super) fn of(
        files: BTreeMap<NodeId, FileNode>,
        folders: BTreeMap<NodeId, FolderNode>,
        next: NodeId,
    ) -> Self {
        Self { files, folders, names_pending: Vec::new(), next }
    }

    pub(super) fn next_node(&self) -> NodeId {
        self.next
    }

    pub(super) fn names(&self, folder: NodeId) -> Option<&BTreeMap<String, NodeId>> {
        self.folders.get(&folder).map(|folder| &folder.now)
    }

    pub(super) fn bytes(&self, file: NodeId) -> Option<&[u8]> {
        self.files.get(&file).map(|file| file.now.as_slice())
    }

    /// Bytes of the files that have a name.
    pub(super) fn used_bytes(&self) -> u64 {
        let named = self.folders.values().flat_map(|folder| folder.now.values());
        named.filter_map(|node| self.bytes(*node)).map(|bytes| bytes.len() as u64).sum()
    }

    pub(super) fn apply(&mut self, step: &Step) {
        match step {
            Step::Create { folder, name, node } => {
                self.files.insert(*node, FileNode::default());
                self.set_name(*folder, name, *node);
            }
            Step::MakeFolder { folder, name, node } => {
                self.folders.insert(*node, FolderNode::default());
                self.set_name(*folder, name, *node);
            }
            Step::Remove { folder, name } => {
                self.folders.entry(*folder).or_default().now.remove(name);
                let place = (*folder, name.clone());
                self.names_pending.push(NameChange::new(NameChangeKind::Remove { place }));
            }
            Step::Rename { from, to, node } => {
                self.folders.entry(from.0).or_default().now.remove(&from.1);
                self.folders.entry(to.0).or_default().now.insert(to.1.clone(), *node);
                self.names_pending.push(NameChange::new(NameChangeKind::Move {
                    from: from.clone(),
                    to: to.clone(),
                    node: *node,
                    target_durable: false,
                }));
            }
            Step::Write { node, offset, bytes } => {
                self.change_bytes(*node, ByteChange::Write { offset: *offset, bytes: bytes.clone() });
            }
            Step::Truncate { node, len } => self.change_bytes(*node, ByteChange::Truncate { len: *len }),
            Step::SyncFile { node, outcome } => self.sync_file(*node, *outcome),
            Step::SyncFolder { folder, outcome } => self.sync_folder(*folder, *outcome),
        }
    }

    fn set_name(&mut self, folder: NodeId, name: &str, node: NodeId) {
        self.next = self.next.max(node + 1);
        self.folders.entry(folder).or_default().now.insert(name.to_owned(), node);
        let place = (folder, name.to_owned());
        self.names_pending.push(NameChange::new(NameChangeKind::Set { place, node }));
    }

    fn change_bytes(&mut self, node: NodeId, change: ByteChange) {
        let file = self.files.entry(node).or_default();
        change.apply(&mut file.now);
        file.pending.push(change);
    }

    fn sync_file(&mut self, node: NodeId, outcome: SyncOutcome) {
        let Some(file) = self.files.get_mut(&node) else { return };
        match outcome {
            SyncOutcome::Ignored => {}
            SyncOutcome::Failed => file.given_up = file.pending.len(),
            SyncOutcome::Done => {
                let given_up = std::mem::take(&mut file.given_up);
                for change in file.pending.drain(..).skip(given_up) {
                    change.apply(&mut file.durable);
                }
            }
        }
    }

    fn sync_folder(&mut self, folder: NodeId, outcome: SyncOutcome) {
        match outcome {
            SyncOutcome::Ignored => {}
            SyncOutcome::Failed => {
                self.names_pending.iter_mut().filter(|change| change.touches(folder)).for_each(|change| {
                    change.given_up = true;
                });
            }
            SyncOutcome::Done => self.make_names_durable(folder),
        }
    }

    fn make_names_durable(&mut self, synced: NodeId) {
        let pending = std::mem::take(&mut self.names_pending);
        for mut change in pending {
            if change.given_up || !change.touches(synced) {
                self.names_pending.push(change);
                continue;
            }
            match &mut change.kind {
                NameChangeKind::Set { place, node } => self.set_durable(place, *node),
                NameChangeKind::Remove { place } => self.remove_durable(place),
                NameChangeKind::Move { from, to, node, target_durable } => {
                    if !*target_durable {
                        self.set_durable(to, *node);
                        *target_durable = true;
                    }
                    if from.0 == synced {
                        self.remove_durable(from);
                    } else {
                        self.names_pending.push(change);
                    }
                }
            }
        }
    }

    fn set_durable(&mut self, place: &Place, node: NodeId) {
        self.supersede(place);
        self.folders.entry(place.0).or_default().durable.insert(place.1.clone(), node);
    }

    fn remove_durable(&mut self, place: &Place) {
        self.supersede(place);
        self.folders.entry(place.0).or_default().durable.remove(&place.1);
    }

    /// Forgets earlier changes of a name that has become durable: a crash must not bring them back.
    fn supersede(&mut self, place: &Place) {
        self.names_pending.retain(|change| match &change.kind {
            NameChangeKind::Set { place: earlier, .. } | NameChangeKind::Remove { place: earlier } => {
                earlier != place
            }
            NameChangeKind::Move { from, to, target_durable, .. } => {
                if *target_durable {
                    from != place
                } else {
                    to != place
                }
            }
        });
    }
}

impl ByteChange {
    pub(super) fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes: written } => overwrite(bytes, *offset, written),
            Self::Truncate { len } => bytes.resize(usize::try_from(*len).unwrap_or(usize::MAX), 0),
        }
    }
}

/// Writes into a file's bytes; a gap before the offset is zeros.
pub(super) fn overwrite(bytes: &mut Vec<u8>, offset: u64, written: &[u8]) {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let end = start.saturating_add(written.len());
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    if let Some(target) = bytes.get_mut(start..end) {
        target.copy_from_slice(written);
    }
}
