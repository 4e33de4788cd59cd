//! Limits on rate and number: token buckets by key, and a count of what is under way for each device.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ownsight_model::DeviceId;

/// Beyond so many keys, those that have all their tokens back are forgotten.
const KEYS_MAX: usize = 20_000;

/// Token buckets: each key has `burst` tokens, and gets `per_second` back.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    per_second: f64,
    burst: f64,
    keys: Mutex<HashMap<K, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl<K: Eq + Hash> Buckets<K> {
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        let (per_second, burst) = (f64::from(per_second.max(1)), f64::from(burst.max(1)));
        Self { per_second, burst, keys: Mutex::default() }
    }

    /// Takes a token, or says how long it takes until there is one.
    pub(crate) fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= KEYS_MAX && !keys.contains_key(&key) {
            keys.retain(|_, bucket| self.tokens(*bucket, now) < self.burst);
            if keys.len() >= KEYS_MAX {
                return Err(Duration::from_secs(1));
            }
        }
        let bucket = keys.entry(key).or_insert(Bucket { tokens: self.burst, at: now });
        let tokens = self.tokens(*bucket, now);
        if tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - tokens) / self.per_second));
        }
        *bucket = Bucket { tokens: tokens - 1.0, at: now };
        Ok(())
    }

    fn tokens(&self, bucket: Bucket, now: Instant) -> f64 {
        let back = now.saturating_duration_since(bucket.at).as_secs_f64() * self.per_second;
        (bucket.tokens + back).min(self.burst)
    }
}

/// How many events each device is sending.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeviceUploads {
    devices: Arc<Mutex<HashMap<DeviceId, usize>>>,
}

/// One event under way; ends when dropped.
#[derive(Debug)]
pub(crate) struct DeviceUpload {
    device: DeviceId,
    uploads: DeviceUploads,
}

impl DeviceUploads {
    /// `None` if the device sends `max` events already.
    pub(crate) fn begin(&self, device: DeviceId, max: usize) -> Option<DeviceUpload> {
        let mut devices = self.lock();
        let count = devices.entry(device).or_default();
        if *count >= max.max(1) {
            return None;
        }
        *count += 1;
        Some(DeviceUpload { device, uploads: self.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DeviceId, usize>> {
        // A count is changed in one step: it is right after a panic of who held the lock.
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for DeviceUpload {
    fn drop(&mut self) {
        let mut devices = self.uploads.lock();
        if let Some(count) = devices.get_mut(&self.device) {
            *count -= 1;
            if *count == 0 {
                devices.remove(&self.device);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_run_out_and_come_back() {
        let buckets = Buckets::new(2, 3);
        let start = Instant::now();
        for _ in 0..3 {
            buckets.take('a', start).unwrap();
        }
        let wait = buckets.take('a', start).unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        buckets.take('b', start).unwrap();
        buckets.take('a', start + wait).unwrap();
        assert!(buckets.take('a', start + wait).is_err());
    }

    #[test]
    fn keys_are_bounded() {
        let buckets = Buckets::new(1, 1);
        let start = Instant::now();
        for key in 0..KEYS_MAX {
            buckets.take(key, start).unwrap();
        }
        assert!(buckets.take(KEYS_MAX, start).is_err(), "no room for one more");
        buckets.take(KEYS_MAX, start + Duration::from_secs(2)).unwrap();
        assert_eq!(buckets.keys.lock().unwrap().len(), 1, "the others had their tokens back");
    }

    #[test]
    fn a_device_has_a_number_of_uploads_at_once() {
        let uploads = DeviceUploads::default();
        let (one, other) = (DeviceId::generate(), DeviceId::generate());
        let held: Vec<_> = (0..2).map(|_| uploads.begin(one, 2).unwrap()).collect();
        assert!(uploads.begin(one, 2).is_none());
        assert!(uploads.begin(other, 2).is_some());
        drop(held);
        assert!(uploads.begin(one, 2).is_some());
        assert!(uploads.lock().is_empty(), "nothing stays behind");
    }
}
