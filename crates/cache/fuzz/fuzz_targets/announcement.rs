#![no_main]
//! Messages of the channel that invalidations come by.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ownsight_cache::fuzzing::announcement(bytes));
