//! Which invalidations this process has seen.
//!
//! A table of fixed size: a key and each of its groups have a slot by their hash. An invalidation counts its slot up; what
//! was read before, under a lower count, is not handed out any more. Two keys that share a slot are invalidated together,
//! which costs a load and is never wrong.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::key::{GROUP, KEY, hash_of};
use crate::{Group, Key, Namespace};

const SLOTS: usize = 1 << 13;

pub(crate) struct Watch {
    slots: Box<[Slot]>,
    /// All keys' slot: counted up when invalidations may have been missed.
    everything: Slot,
}

#[derive(Default)]
struct Slot {
    count: AtomicU64,
    /// Nothing from outside counts that began to be read before this, ms since 1970 (UTC).
    not_before_ms: AtomicU64,
}

/// How often a key was invalidated, itself, with a group or with everything. A sum of counts that only grow: two that are
/// equal say that nothing was invalidated in between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(u64);

/// Which slot belongs to a name: that of a key, or that of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject<'a> {
    Key(&'a [u8]),
    Group(&'a [u8]),
}

impl Watch {
    pub(crate) fn new() -> Self {
        let slots = std::iter::repeat_with(Slot::default).take(SLOTS).collect();
        Self { slots, everything: Slot::default() }
    }

    pub(crate) fn stamp(&self, namespace: &Namespace, key: &Key) -> Stamp {
        let counts = self.slots_of(namespace, key).map(|slot| slot.count.load(Ordering::SeqCst));
        Stamp(counts.fold(0, u64::wrapping_add))
    }

    /// Before when a value of this key must not have begun to be read, ms since 1970 (UTC).
    pub(crate) fn not_before_ms(&self, namespace: &Namespace, key: &Key) -> u64 {
        let times = self.slots_of(namespace, key).map(|slot| slot.not_before_ms.load(Ordering::SeqCst));
        times.max().unwrap_or_default()
    }

    /// An invalidation was seen. Whoever asks after this returns is not given what was read before it.
    pub(crate) fn invalidate(&self, namespace: &Namespace, subject: Subject<'_>, not_before_ms: u64) {
        let hash = match subject {
            Subject::Key(bytes) => hash_of(KEY, bytes),
            Subject::Group(bytes) => hash_of(GROUP, bytes),
        };
        self.slot(namespace, hash).invalidate(not_before_ms);
    }

    /// Invalidations may have been missed: nothing that is held counts any more.
    pub(crate) fn invalidate_everything(&self) {
        // What comes from outside carries its generation, which was not missed.
        self.everything.invalidate(0);
    }

    fn slots_of<'a>(&'a self, namespace: &'a Namespace, key: &'a Key) -> impl Iterator<Item = &'a Slot> {
        let groups = key.groups().iter().map(Group::hash_of_bytes);
        let hashes = std::iter::once(key.hash_of_bytes()).chain(groups);
        std::iter::once(&self.everything).chain(hashes.map(|hash| self.slot(namespace, hash)))
    }

    fn slot(&self, namespace: &Namespace, hash: u64) -> &Slot {
        self.slots.get((namespace.hash() ^ hash) as usize % SLOTS).unwrap_or(&self.everything)
    }
}

impl Slot {
    fn invalidate(&self, not_before_ms: u64) {
        self.not_before_ms.fetch_max(not_before_ms, Ordering::SeqCst);
        self.count.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace() -> Namespace {
        Namespace::new("a").unwrap()
    }

    #[test]
    fn a_key_is_stamped_anew_with_itself_its_groups_and_everything() {
        let (watch, a) = (Watch::new(), namespace());
        let group = Group::of(["g"]).unwrap();
        let key = Key::of(["k"]).unwrap().in_group(group.clone()).unwrap();
        let mut last = watch.stamp(&a, &key);
        let mut changed = |watch: &Watch| {
            let now = watch.stamp(&a, &key);
            std::mem::replace(&mut last, now) < now
        };
        assert!(!changed(&watch));
        watch.invalidate(&a, Subject::Key(key.as_bytes()), 5);
        assert!(changed(&watch));
        watch.invalidate(&a, Subject::Group(group.as_bytes()), 9);
        assert!(changed(&watch));
        assert_eq!(watch.not_before_ms(&a, &key), 9);
        watch.invalidate_everything();
        assert!(changed(&watch));
        assert_eq!(watch.not_before_ms(&a, &key), 9);
        assert!(!changed(&watch));
    }

    #[test]
    fn others_are_mostly_left_alone() {
        let (watch, a) = (Watch::new(), namespace());
        let keys = (0..1_000).map(|n: u32| Key::of([n.to_be_bytes()]).unwrap()).collect::<Vec<_>>();
        let before = keys.iter().map(|key| watch.stamp(&a, key)).collect::<Vec<_>>();
        watch.invalidate(&a, Subject::Key(Key::of(["x"]).unwrap().as_bytes()), 1);
        watch.invalidate(&Namespace::new("b").unwrap(), Subject::Key(keys[0].as_bytes()), 1);
        watch.invalidate(&a, Subject::Group(keys[0].as_bytes()), 1);
        let changed = keys.iter().zip(before).filter(|(key, before)| watch.stamp(&a, key) != *before).count();
        assert!(changed < 20, "{changed}");
        // Of these 1,000 some 115 share a slot with one of 1,000 others, in this namespace or in another; two namespaces in
        // 8,192 are as one.
        let others = (1_000..2_000).map(|n: u32| Key::of([n.to_be_bytes()]).unwrap()).collect::<Vec<_>>();
        let changed = |namespace: &str, others: &[Key]| {
            let (watch, namespace) = (Watch::new(), Namespace::new(namespace).unwrap());
            for key in others {
                watch.invalidate(&namespace, Subject::Key(key.as_bytes()), 1);
            }
            keys.iter().filter(|key| watch.stamp(&a, key) != Stamp(0)).count()
        };
        assert!(changed("a", &others) < 250);
        assert!(["c", "d", "e"].iter().any(|namespace| changed(namespace, &keys) < 250));
    }
}
