//! The tier in this process: values that were verified, beside the key and the stamp that they were verified under.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::clock::Moment;
use crate::watch::Stamp;
use crate::{Cacheable, Key};

/// What an entry takes beside its key and its value, about.
const OVERHEAD_BYTES: u64 = 160;

/// A value with what it may be handed out under.
#[derive(Debug)]
pub(crate) struct Held<V> {
    /// Taken before it was asked for anywhere.
    pub(crate) stamp: Stamp,
    /// When its source began to be read, or before that.
    pub(crate) read_at: Moment,
    pub(crate) expires_at: Moment,
    /// `None` if it is known to be absent.
    pub(crate) value: Option<V>,
}

pub(crate) struct Local<V>(Option<Cache<Key, Arc<Held<V>>, Weigh>>);

#[derive(Debug, Clone)]
struct Weigh;

impl<V: Cacheable> Weighter<Key, Arc<Held<V>>> for Weigh {
    fn weight(&self, key: &Key, held: &Arc<Held<V>>) -> u64 {
        let value = held.value.as_ref().map_or(0, Cacheable::weight);
        OVERHEAD_BYTES + (key.as_bytes().len() + value) as u64
    }
}

impl<V: Cacheable> Local<V> {
    /// Keeps at most so many bytes, by weight; 0 keeps nothing.
    pub(crate) fn new(bytes_max: u64) -> Self {
        let items = usize::try_from(bytes_max / 1_024).unwrap_or(usize::MAX).clamp(16, 1 << 20);
        Self((bytes_max > 0).then(|| Cache::with_weighter(items, bytes_max, Weigh)))
    }

    /// Compares the whole key, not its hash.
    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Held<V>>> {
        self.0.as_ref()?.get(key)
    }

    pub(crate) fn insert(&self, key: &Key, held: Arc<Held<V>>) {
        if let Some(cache) = &self.0 {
            cache.insert(key.clone(), held);
        }
    }

    pub(crate) fn remove(&self, key: &Key) {
        if let Some(cache) = &self.0 {
            cache.remove(key);
        }
    }

    /// What it keeps now, by weight, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.as_ref().map_or(0, Cache::weight)
    }
}
