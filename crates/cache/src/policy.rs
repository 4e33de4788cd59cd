//! How one cache keeps what it is given, and how a caller asks.

use std::time::Duration;

/// How a [`Cache`](crate::Cache) keeps its values.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How long an entry lives, in the outer tier too. From when its source began to be read.
    pub ttl: Duration,
    /// How long it is remembered that there is no value.
    pub absent_ttl: Duration,
    /// How long this process keeps a value. Not longer than `ttl`.
    pub local_ttl: Duration,
    /// The part of a lifetime that is cut off by chance, `0.0..=1.0`, so that what was stored together does not end together.
    pub jitter: f64,
    /// What this process keeps, by the weight that values say they have, in bytes. 0 keeps nothing.
    pub local_bytes_max: u64,
    /// Larger values, once they are bytes, are loaded each time they have left this process.
    pub entry_bytes_max: usize,
    /// How long a caller may wait for the outer tier, in all.
    pub budget: Duration,
    /// How long a call may take with its load.
    pub load_max: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ttl: Duration::from_hours(1),
            absent_ttl: Duration::from_secs(10),
            local_ttl: Duration::from_mins(1),
            jitter: 0.1,
            local_bytes_max: 32 << 20,
            entry_bytes_max: 1 << 20,
            budget: Duration::from_millis(20),
            load_max: Duration::from_secs(30),
        }
    }
}

impl Policy {
    /// A lifetime with its part of chance cut off.
    pub(crate) fn jittered(&self, whole: Duration) -> Duration {
        whole.mul_f64(1.0 - self.jitter.clamp(0.0, 1.0) * fastrand::f64())
    }
}

/// How old a value may be for this caller, and how long it waits for the cache.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ask {
    pub(crate) age_max: Option<Duration>,
    pub(crate) budget: Option<Duration>,
}

impl Ask {
    /// Whatever is kept.
    pub const ANY: Self = Self { age_max: None, budget: None };

    /// Only what began to be read from its source at most so long before this call, or during it.
    #[must_use]
    pub const fn no_older_than(mut self, age: Duration) -> Self {
        self.age_max = Some(age);
        self
    }

    /// Waits for the outer tier no longer than this, in all.
    #[must_use]
    pub const fn within(mut self, budget: Duration) -> Self {
        self.budget = Some(budget);
        self
    }
}
