//! The vault's limits.

use std::time::Duration;

/// Limits of a vault. The defaults are for production.
#[derive(Debug, Clone)]
pub struct VaultConfig {
    /// Free space that footage leaves, in percent of the disk; the larger of this and `floor_bytes` counts.
    pub floor_percent: u8,
    /// Free space that footage leaves, in bytes.
    pub floor_bytes: u64,
    /// Size of the file that is given up when the disk is so full that deleting fails; 0 for none.
    pub reserve_bytes: u64,
    /// Free space is asked for at most this often.
    pub probe_interval: Duration,
    /// What one writer collects before it goes to the disk; its whole memory.
    pub write_buffer_bytes: usize,
    /// Writers, and deletions, that use the disk at once; others wait.
    pub parallel_writes_max: usize,
    /// Readers that use the disk at once; others wait.
    pub parallel_reads_max: usize,
    /// How much of an object's beginning is overwritten when it is erased: at least its header.
    pub erase_bytes: usize,
    /// A sweep that finds more orphans than this removes none: the registry is probably not this vault's.
    pub sweep_orphans_max: usize,
}

impl Default for VaultConfig {
    fn default() -> Self {
        Self {
            floor_percent: 5,
            floor_bytes: 2_000_000_000,
            reserve_bytes: 64 * 1024 * 1024,
            probe_interval: Duration::from_secs(1),
            write_buffer_bytes: 128 * 1024,
            parallel_writes_max: 64,
            parallel_reads_max: 64,
            erase_bytes: 4096,
            sweep_orphans_max: 10_000,
        }
    }
}
