//! Messages of the channel that invalidations come by.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ownsight_cache::fuzzing::announcement(bytes));
