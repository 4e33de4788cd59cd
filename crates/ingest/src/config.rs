//! The limits of what is taken in, and how often what is kept is held to its limits.

use std::time::Duration;

/// Limits. The defaults are for production.
#[derive(Debug, Clone)]
pub struct IngestConfig {
    /// Most bytes of one event.
    pub event_bytes_max: u64,
    /// Events that are taken in at once; beyond it callers come back.
    pub uploads_max: usize,
    /// Events that one device sends at once.
    pub device_uploads_max: usize,
    /// Events that one device may send each second over time: enough to empty a queue after an outage.
    pub device_events_per_second: u32,
    /// Events that one device may send in one go.
    pub device_events_burst: u32,
    /// Pairing requests of one network address each second over time.
    pub peer_pairings_per_second: u32,
    /// Pairing requests of one network address in one go.
    pub peer_pairings_burst: u32,
    /// How long a delivery may send nothing.
    pub idle_max: Duration,
    /// How long a delivery may take in all, beside the time for its bytes at `bytes_per_second_min`.
    pub upload_grace: Duration,
    /// The slowest delivery that is borne.
    pub bytes_per_second_min: u64,
    /// How long a plain upload may take to say in its first line what it is.
    pub plain_line_max: Duration,
    /// How long a plain upload may be waited for in all, beside the time for the bytes that came so far.
    pub plain_grace: Duration,
    /// How long a delivery waits for another one of the same event.
    pub claim_wait_max: Duration,
    /// How long a device waits for its object to be durable, before it is told to come back. It goes on meanwhile.
    pub commit_max: Duration,
    /// How far ahead of this machine's clock an event may be.
    pub ahead_max: Duration,
    /// How long ago an event may have begun. Less than `tombstones_kept`, so that what was erased stays erased.
    pub age_max: Duration,
    /// How long an erased event's id is remembered.
    pub tombstones_kept: Duration,
    /// Pause between two rounds of retention.
    pub retention_interval: Duration,
    /// Events that are erased in one step of retention.
    pub erase_batch: u32,
}

const DAY: Duration = Duration::from_hours(24);

impl Default for IngestConfig {
    fn default() -> Self {
        Self {
            event_bytes_max: 64 << 20,
            uploads_max: 64,
            device_uploads_max: 4,
            device_events_per_second: 20,
            device_events_burst: 400,
            peer_pairings_per_second: 1,
            peer_pairings_burst: 60,
            idle_max: Duration::from_secs(30),
            upload_grace: Duration::from_secs(90),
            bytes_per_second_min: 16 << 10,
            plain_line_max: Duration::from_secs(10),
            plain_grace: Duration::from_secs(30),
            claim_wait_max: Duration::from_secs(20),
            commit_max: Duration::from_mins(1),
            ahead_max: Duration::from_hours(1),
            age_max: DAY * 31,
            tombstones_kept: DAY * 32,
            retention_interval: Duration::from_mins(1),
            erase_batch: 128,
        }
    }
}

impl IngestConfig {
    /// How long a delivery of so many bytes may take.
    pub(crate) fn upload_max(&self, bytes: u64) -> Duration {
        self.upload_grace + Duration::from_secs(bytes / self.bytes_per_second_min.max(1))
    }
}
