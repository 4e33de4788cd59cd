//! Entries as a server gives them: any bytes, and an honest entry that was changed.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ownsight_cache::fuzzing::any_entry(bytes);
    ownsight_cache::fuzzing::changed_entry(bytes);
});
