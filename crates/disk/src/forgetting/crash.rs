//! What a crash leaves: everything durable, and of the rest what the seed chooses.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use super::state::{ByteChange, FileNode, FolderNode, NameChangeKind, NodeId, ROOT, State, overwrite};

/// What a disk writes at once; a torn write keeps some of these.
const SECTOR: usize = 512;

impl State {
    /// The disk after a crash; nothing on it is pending.
    pub(super) fn crash(&self, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut folders = self.durable_folders();
        self.choose_names(&mut folders, &mut rng);
        let reached = reached(&folders);
        folders.retain(|node, _| reached.contains(node));
        let mut files = BTreeMap::new();
        for (node, file) in self.files.iter().filter(|(node, _)| reached.contains(node)) {
            let bytes = choose_bytes(file, &mut rng);
            files.insert(*node, FileNode { now: bytes.clone(), durable: bytes, ..FileNode::default() });
        }
        Self::of(files, folders, self.next_node())
    }

    fn durable_folders(&self) -> BTreeMap<NodeId, FolderNode> {
        let copy =
            |folder: &FolderNode| FolderNode { now: folder.durable.clone(), durable: folder.durable.clone() };
        self.folders.iter().map(|(node, folder)| (*node, copy(folder))).collect()
    }

    fn choose_names(&self, folders: &mut BTreeMap<NodeId, FolderNode>, rng: &mut Rng) {
        for change in &self.names_pending {
            match &change.kind {
                NameChangeKind::Set { place, node } => {
                    if rng.bool() {
                        set(folders, place, *node);
                    }
                }
                NameChangeKind::Remove { place } => {
                    if rng.bool() {
                        remove(folders, place);
                    }
                }
                NameChangeKind::Move { from, to, node, target_durable } => {
                    let kept = *target_durable || rng.bool();
                    if kept && !*target_durable {
                        set(folders, to, *node);
                    }
                    // Inside one folder the move is one change; between two, the old name may remain.
                    if kept && (from.0 == to.0 || rng.bool()) && leads_to(folders, from, *node) {
                        remove(folders, from);
                    }
                }
            }
        }
    }
}

fn set(folders: &mut BTreeMap<NodeId, FolderNode>, place: &(NodeId, String), node: NodeId) {
    if let Some(folder) = folders.get_mut(&place.0) {
        folder.now.insert(place.1.clone(), node);
        folder.durable.insert(place.1.clone(), node);
    }
}

fn remove(folders: &mut BTreeMap<NodeId, FolderNode>, place: &(NodeId, String)) {
    if let Some(folder) = folders.get_mut(&place.0) {
        folder.now.remove(&place.1);
        folder.durable.remove(&place.1);
    }
}

fn leads_to(folders: &BTreeMap<NodeId, FolderNode>, place: &(NodeId, String), node: NodeId) -> bool {
    folders.get(&place.0).and_then(|folder| folder.now.get(&place.1)) == Some(&node)
}

/// The nodes that can be reached from the disk's own folder.
fn reached(folders: &BTreeMap<NodeId, FolderNode>) -> BTreeSet<NodeId> {
    let mut reached = BTreeSet::from([ROOT]);
    let mut open = vec![ROOT];
    while let Some(folder) = open.pop().and_then(|node| folders.get(&node)) {
        for node in folder.now.values() {
            if reached.insert(*node) && folders.contains_key(node) {
                open.push(*node);
            }
        }
    }
    reached
}

fn choose_bytes(file: &FileNode, rng: &mut Rng) -> Vec<u8> {
    let mut bytes = file.durable.clone();
    for change in &file.pending {
        match (rng.u8(0..4), change) {
            (0, _) => {}
            (1, ByteChange::Write { offset, bytes: written }) => {
                let torn_at = rng.usize(0..=written.len());
                overwrite(&mut bytes, *offset, written.get(..torn_at).unwrap_or_default());
            }
            (2, ByteChange::Write { offset, bytes: written }) => {
                tear_sectors(&mut bytes, *offset, written, rng);
            }
            (_, whole) => whole.apply(&mut bytes),
        }
    }
    bytes
}

/// The new length is kept, and of the bytes some sectors; a new sector that is lost is zeros.
fn tear_sectors(bytes: &mut Vec<u8>, offset: u64, written: &[u8], rng: &mut Rng) {
    let end = usize::try_from(offset).unwrap_or(usize::MAX).saturating_add(written.len());
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    for (index, sector) in written.chunks(SECTOR).enumerate() {
        if rng.bool() {
            overwrite(bytes, offset + (index * SECTOR) as u64, sector);
        }
    }
}
