//! The limit on tries to sign in: per e-mail address and per network address, in memory.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ownsight_model::Email;

/// Failed tries that are free, then one more each `PER_TRY`.
const BURST_EMAIL: u32 = 10;
const BURST_PEER: u32 = 30;
const PER_TRY: Duration = Duration::from_secs(30);
/// Most buckets in memory; beyond it full buckets of others are forgotten first.
const BUCKETS_MAX: usize = 50_000;

/// Counts failed tries in leaky buckets. Keys are hashed with a secret of this process: no address is kept.
pub(crate) struct Throttle {
    hasher: RandomState,
    buckets: Mutex<HashMap<u64, Bucket>>,
}

struct Bucket {
    level: f64,
    at: Instant,
}

impl Bucket {
    fn level_at(&self, now: Instant) -> f64 {
        let leaked = now.saturating_duration_since(self.at).as_secs_f64() / PER_TRY.as_secs_f64();
        (self.level - leaked).max(0.0)
    }
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self { hasher: RandomState::new(), buckets: Mutex::new(HashMap::new()) }
    }

    fn keys(&self, email: &Email, peer: IpAddr) -> [(u64, u32); 2] {
        let peer = match peer {
            // One household has a /64 to choose from.
            IpAddr::V6(address) => IpAddr::from((u128::from(address) >> 64 << 64).to_be_bytes()),
            v4 @ IpAddr::V4(_) => v4,
        };
        [
            (self.hasher.hash_one(("email", email)), BURST_EMAIL),
            (self.hasher.hash_one(("peer", peer)), BURST_PEER),
        ]
    }

    /// Counts a try before it is made; gives back how long to wait if there were too many.
    ///
    /// Counting first bounds tries that are under way at once.
    pub(crate) fn begin(&self, email: &Email, peer: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = self.keys(email, peer);
        for (key, burst) in keys {
            let level = buckets.get(&key).map_or(0.0, |bucket| bucket.level_at(now));
            let over = level + 1.0 - f64::from(burst);
            if over > 0.0 {
                return Err(PER_TRY.mul_f64(over.min(1e6)));
            }
        }
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, bucket| bucket.level_at(now) > 0.0);
            if buckets.len() >= BUCKETS_MAX {
                return Err(PER_TRY);
            }
        }
        for (key, _) in keys {
            let bucket = buckets.entry(key).or_insert(Bucket { level: 0.0, at: now });
            *bucket = Bucket { level: bucket.level_at(now) + 1.0, at: now };
        }
        Ok(())
    }

    /// Takes back a try that was right.
    pub(crate) fn succeeded(&self, email: &Email, peer: IpAddr, now: Instant) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, _) in self.keys(email, peer) {
            if let Some(bucket) = buckets.get_mut(&key) {
                *bucket = Bucket { level: (bucket.level_at(now) - 1.0).max(0.0), at: now };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An address of which all free tries have failed, just now.
    fn tried_out() -> (Throttle, Email, IpAddr, Instant) {
        let throttle = Throttle::new();
        let email = Email::parse("a@b.org").unwrap();
        let peer = IpAddr::from([127, 0, 0, 1]);
        let start = Instant::now();
        for _ in 0..BURST_EMAIL {
            throttle.begin(&email, peer, start).unwrap();
        }
        (throttle, email, peer, start)
    }

    #[test]
    fn failed_tries_run_out_and_come_back_with_time() {
        let (throttle, email, peer, start) = tried_out();
        let wait = throttle.begin(&email, peer, start).unwrap_err();
        assert!(wait <= PER_TRY, "{wait:?}");
        throttle.begin(&email, peer, start + wait + Duration::from_millis(1)).unwrap();
    }

    #[test]
    fn one_try_comes_back_in_each_time_and_no_sooner() {
        let (throttle, email, peer, start) = tried_out();
        assert!(throttle.begin(&email, peer, start + PER_TRY / 2).is_err());
        for tries in 1..=3 {
            throttle.begin(&email, peer, start + PER_TRY * tries).unwrap();
            assert!(throttle.begin(&email, peer, start + PER_TRY * tries).is_err());
        }
    }

    #[test]
    fn a_household_of_many_addresses_is_one() {
        let throttle = Throttle::new();
        let now = Instant::now();
        let address = |network: u16, host: u16| IpAddr::from([0x2001, 0xdb8, 0, network, 0, 0, 1, host]);
        let mut tried = 0;
        let mut begin = |peer| {
            tried += 1;
            throttle.begin(&Email::parse(&format!("{tried}@b.org")).unwrap(), peer, now)
        };
        for host in 0..BURST_PEER as u16 {
            begin(address(7, host)).unwrap();
        }
        assert!(begin(address(7, 999)).is_err());
        begin(address(8, 0)).unwrap();
    }

    /// Nobody makes the server forget failed tries, nor take more memory, by trying from many addresses.
    #[test]
    fn when_all_buckets_are_taken_tries_wait_until_one_is_empty() {
        let throttle = Throttle::new();
        let start = Instant::now();
        let try_as = |number: u32, now| {
            let email = Email::parse(&format!("{number}@b.org")).unwrap();
            throttle.begin(&email, IpAddr::from(number.to_be_bytes()), now)
        };
        let full = BUCKETS_MAX as u32 / 2;
        for number in 0..full {
            try_as(number, start).unwrap();
        }
        assert_eq!(try_as(full, start), Err(PER_TRY));
        assert_eq!(try_as(0, start), Err(PER_TRY), "who tried before waits too");
        try_as(full, start + PER_TRY).unwrap();
        assert!(throttle.buckets.lock().unwrap().len() < BUCKETS_MAX);
    }

    #[test]
    fn right_tries_are_free_and_other_addresses_are_not_held_up() {
        let throttle = Throttle::new();
        let email = Email::parse("a@b.org").unwrap();
        let peer = IpAddr::from([127, 0, 0, 1]);
        let now = Instant::now();
        for _ in 0..1000 {
            throttle.begin(&email, peer, now).unwrap();
            throttle.succeeded(&email, peer, now);
        }
        for _ in 0..BURST_EMAIL {
            throttle.begin(&email, peer, now).unwrap();
        }
        throttle.begin(&Email::parse("c@d.org").unwrap(), IpAddr::from([127, 0, 0, 2]), now).unwrap();
    }
}
