//! The committed vectors in `testdata/tink`: streams of Tink that this module opens, and the other way round.
//!
//! `scripts/tink-vectors.py` makes both. Sealing is deterministic once salt and nonce prefix are given, so each vector
//! is also sealed again here from its header and must come out the same, byte for byte. That is why the long ones
//! need no more than the header and the digest of the stream.

use std::{fs, path::Path};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;

use super::{HEADER_LEN, SealerCore, SegmentSize, StreamError, StreamKey, header::StreamHeader, open_all};

struct Vector {
    name: String,
    size: SegmentSize,
    key: StreamKey,
    associated_data: Vec<u8>,
    plaintext: Vec<u8>,
    header: StreamHeader,
    stream_len: u64,
    stream_sha256: Vec<u8>,
    stream: Option<Vec<u8>>,
}

fn hex(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

/// The plaintext of every vector: byte i is (31 i + 7) mod 251.
fn pattern(len: u64) -> Vec<u8> {
    (0..len).map(|i| ((31 * i + 7) % 251) as u8).collect()
}

fn vectors(sealed_by: &str) -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/tink");
    let mut all = Vec::new();
    for size in [SegmentSize::KIB_4, SegmentSize::KIB_64, SegmentSize::MIB_1] {
        let path = folder.join(format!("{sealed_by}-{}.json", size.bytes()));
        let file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(file["segment_size"], size.bytes(), "{}", path.display());
        for vector in file["vectors"].as_array().unwrap() {
            let plaintext = pattern(vector["plaintext_len"].as_u64().unwrap());
            assert_eq!(digest(&SHA256, &plaintext).as_ref(), hex(&vector["plaintext_sha256"]));
            all.push(Vector {
                name: format!("{} {}", path.display(), vector["name"]),
                size,
                key: StreamKey::new(hex(&vector["key"]).try_into().unwrap()),
                associated_data: hex(&vector["associated_data"]),
                plaintext,
                header: StreamHeader::parse(&hex(&vector["header"])).unwrap(),
                stream_len: vector["stream_len"].as_u64().unwrap(),
                stream_sha256: hex(&vector["stream_sha256"]),
                stream: vector.get("stream").map(|s| BASE64.decode(s.as_str().unwrap().as_bytes()).unwrap()),
            });
        }
    }
    all
}

/// Seals a whole stream with a given header, which only a test may do.
pub(crate) fn seal_with_header(
    key: &StreamKey,
    associated_data: &[u8],
    plaintext: &[u8],
    header: &[u8; HEADER_LEN],
) -> Vec<u8> {
    let header = StreamHeader::parse(header).unwrap();
    let mut sealer = SealerCore::with_header(key, associated_data, SegmentSize::KIB_64, &header).unwrap();
    let mut stream = Vec::new();
    sealer.push(plaintext, &mut stream).unwrap();
    sealer.finish(&mut stream).unwrap();
    stream
}

fn seal_again(vector: &Vector) -> Vec<u8> {
    let mut sealer =
        SealerCore::with_header(&vector.key, &vector.associated_data, vector.size, &vector.header).unwrap();
    let mut stream = Vec::new();
    sealer.push(&vector.plaintext, &mut stream).unwrap();
    let lengths = sealer.finish(&mut stream).unwrap();
    assert_eq!(lengths.plaintext, vector.plaintext.len() as u64);
    assert_eq!(lengths.ciphertext, stream.len() as u64);
    stream
}

/// Nine plaintext lengths for each of three segment sizes: all the borders must be there.
fn assert_complete(vectors: &[Vector]) {
    for size in [SegmentSize::KIB_4, SegmentSize::KIB_64, SegmentSize::MIB_1] {
        let s = size.bytes();
        let expected = [0, 1, s - 57, s - 56, s - 55, 2 * s - 73, 2 * s - 72, 2 * s - 71, 3 * s - 88 + 777];
        let lens: Vec<u64> =
            vectors.iter().filter(|v| v.size == size).map(|v| v.plaintext.len() as u64).collect();
        assert_eq!(lens, expected);
    }
    assert!(vectors.iter().filter(|v| v.stream.is_some()).count() >= 14);
    assert!(vectors.iter().any(|v| v.associated_data.is_empty()));
    assert!(vectors.iter().any(|v| v.associated_data.len() > 255));
}

fn check(sealed_by: &str) {
    let vectors = vectors(sealed_by);
    assert_complete(&vectors);
    for vector in &vectors {
        let name = &vector.name;
        let mut stream = seal_again(vector);
        assert_eq!(stream.len() as u64, vector.stream_len, "{name}");
        assert_eq!(digest(&SHA256, &stream).as_ref(), vector.stream_sha256, "{name}");
        if let Some(kept) = &vector.stream {
            assert!(*kept == stream, "{name}: the kept stream is another one");
        }

        let open = |associated_data: &[u8], stream: &[u8]| {
            open_all(&vector.key, associated_data, stream, vector.size)
        };
        assert!(open(&vector.associated_data, &stream).unwrap() == vector.plaintext, "{name}");
        let last = stream.len().div_ceil(vector.size.bytes() as usize) as u64 - 1;
        let refused = Err(StreamError::NotAuthentic { segment: last });
        assert_eq!(open(b"another section", &stream), refused, "{name}");
        *stream.last_mut().unwrap() ^= 1;
        assert_eq!(open(&vector.associated_data, &stream), refused, "{name}");
    }
}

#[test]
fn streams_that_tink_sealed_open_and_are_what_we_would_seal() {
    check("tink");
}

#[test]
fn streams_that_we_sealed_and_tink_opened_are_what_we_seal() {
    check("ownsight");
}
