//! The negative control of the tests in `stream`: with the barrier off, a mixed-up stream opens.
//!
//! A binary of its own, because the switch is the whole process's. Needs the feature `barriers`.
#![cfg(feature = "barriers")]

use ownsight_seal::{
    barriers::Barrier,
    stream::{SegmentSize, StreamError, StreamKey, open_all, seal_all},
};

#[test]
fn without_the_barrier_another_home_reads_the_stream() {
    let (ours, theirs) = (StreamKey::new([1; 32]), StreamKey::new([2; 32]));
    let plaintext = vec![42; 100_000];
    let seal = || seal_all(&theirs, b"their clip", &plaintext, SegmentSize::KIB_64).unwrap();
    let open = |stream: &[u8]| open_all(&ours, b"our clip", stream, SegmentSize::KIB_64);

    let sealed = seal();
    assert!(!sealed.windows(32).any(|bytes| bytes == &plaintext[..32]));
    assert_eq!(open(&sealed), Err(StreamError::NotAuthentic { segment: 1 }));

    Barrier::Stream.set(false);
    let leaked = seal();
    assert_eq!(leaked.len(), sealed.len());
    assert!(open(&leaked).unwrap() == plaintext);
    assert!(open(&leaked[..99]).is_ok(), "not even a cut is noticed");

    Barrier::Stream.set(true);
    assert_eq!(open(&leaked), Err(StreamError::NotAuthentic { segment: 1 }));
}
