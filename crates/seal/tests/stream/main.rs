//! Streams, through what the crate shows: a module each for changed streams, for properties over random input and for
//! reading from a file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests may fail the test"
)]

mod changed;
mod properties;
mod reading;

use ownsight_seal::stream::{SegmentSize, StreamError, StreamKey, open_all, seal_all};

/// Segments small enough for many of them in a short stream: 24 and then 64 bytes of plaintext.
fn small() -> SegmentSize {
    SegmentSize::new(80).unwrap()
}

fn key(byte: u8) -> StreamKey {
    StreamKey::new([byte; StreamKey::LEN])
}

fn plaintext(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 + 7) as u8).collect()
}

fn sealed(len: usize, size: SegmentSize) -> Vec<u8> {
    seal_all(&key(1), b"thumbnail", &plaintext(len), size).unwrap()
}

fn open(stream: &[u8], size: SegmentSize) -> Result<Vec<u8>, StreamError> {
    open_all(&key(1), b"thumbnail", stream, size)
}

#[test]
fn keys_and_openers_show_nothing_of_a_key() {
    use ownsight_seal::stream::{SealerCore, StreamReader, StreamSealer, UnprovenOpener};
    let key = StreamKey::new([0xab; StreamKey::LEN]);
    let stream = seal_all(&key, b"", b"plaintext", SegmentSize::KIB_64).unwrap();
    let sealer = SealerCore::new(&key, b"", SegmentSize::KIB_64).unwrap();
    let writer = StreamSealer::new(Vec::new(), &key, b"", SegmentSize::KIB_64).unwrap();
    let source = std::io::Cursor::new(stream.clone());
    let reader = StreamReader::new(source, 0..stream.len() as u64, &key, b"", SegmentSize::KIB_64).unwrap();
    let unproven =
        UnprovenOpener::new(&key, b"", &stream[..40], stream.len() as u64, SegmentSize::KIB_64).unwrap();
    let before = format!("{key:?} {sealer:?} {writer:?} {reader:?} {unproven:?}");
    let mut last = stream[40..].to_vec();
    let (opener, _) = unproven.prove(&mut last).unwrap();
    let shown = format!("{before} {opener:?}");
    for secret in ["171", "ab, ab", "abab", "ABAB"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    for name in [
        "StreamKey(",
        "SealerCore {",
        "StreamSealer {",
        "StreamReader {",
        "UnprovenOpener {",
        " StreamOpener {",
    ] {
        assert!(shown.contains(name), "{name} is not in {shown}");
    }
}
