//! What the fuzzer reaches: the readers of outside bytes, and what must hold of each. Compiled for it alone.

use bytes::Bytes;

use crate::entry::{self, Generation, Meta, Sealing};
use crate::remote::Announcement;
use crate::{CacheSecret, Key, Namespace, Protection, Schema};

const VALUE: &[u8] = b"a value of some length, which nobody else's key opens";

fn sealing(protection: Protection) -> Sealing {
    let namespace = Namespace::new("fuzzed").expect("a namespace");
    Sealing::new(&CacheSecret::from_bytes([7; 32]), namespace, Schema::named("value", 1), protection)
}

fn key() -> Key {
    Key::of(["a", "key"]).expect("a key")
}

/// Nobody but a holder makes an entry, and an entry has one form only.
pub fn any_entry(bytes: &[u8]) {
    for protection in [Protection::Tagged, Protection::Private] {
        let sealing = sealing(protection);
        if let Ok(opened) = entry::open(&sealing, &key(), &Bytes::copy_from_slice(bytes)) {
            assert_eq!(protection, Protection::Tagged, "a private entry was guessed");
            let written = entry::write(&sealing, &key(), &opened.meta, opened.value.as_deref());
            assert_eq!(written.expect("it was written before"), bytes);
        }
    }
}

/// An honest entry opens; changed, at places and by values that the fuzzer chooses, or cut off, it does not.
pub fn changed_entry(changes: &[u8]) {
    for protection in [Protection::Tagged, Protection::Private] {
        let sealing = sealing(protection);
        let (generation, groups) = (Generation([1; 16]), Generation([2; 16]));
        let meta = Meta { read_at_ms: 1, expires_at_ms: 2, generation, groups };
        let honest = entry::write(&sealing, &key(), &meta, Some(VALUE)).expect("it is written");
        let mut changed = honest.to_vec();
        for change in changes.chunks_exact(3) {
            let [high, low, by] = change else { continue };
            let at = usize::from(u16::from_be_bytes([*high, *low]));
            if at < changed.len() {
                changed[at] ^= by;
            } else {
                // Longer, or shorter by some.
                changed.truncate(changed.len().saturating_sub(at % 7));
                changed.extend(std::iter::repeat_n(*by, at % 3));
            }
        }
        let is_honest = changed == honest;
        let opened = entry::open(&sealing, &key(), &changed.into());
        assert_eq!(opened.is_ok(), is_honest, "{opened:?}");
    }
}

/// What is read is what was said.
pub fn announcement(bytes: &[u8]) {
    if let Some(announcement) = Announcement::read(bytes) {
        assert_eq!(announcement.to_bytes(), bytes);
    }
}
