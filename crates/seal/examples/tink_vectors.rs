//! Writes freshly sealed streams as JSON to standard output, for `scripts/tink-vectors.py` to open with Tink.
//!
//! Keys, salts and nonce prefixes are random; the plaintext's byte i is (31 i + 7) mod 251.

use std::io::Write;

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use data_encoding::{BASE64, HEXLOWER};
use ownsight_seal::stream::{HEADER_LEN, SegmentSize, StreamKey, StreamSealer};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sizes = Vec::new();
    for size in [SegmentSize::KIB_4, SegmentSize::KIB_64, SegmentSize::MIB_1] {
        let first = size.plaintext_capacity(0);
        let second = first + size.plaintext_capacity(1);
        let third = second + size.plaintext_capacity(2);
        let lens = [
            ("empty", 0),
            ("one byte", 1),
            ("one before the first border", first - 1),
            ("at the first border", first),
            ("one after the first border", first + 1),
            ("one before the second border", second - 1),
            ("at the second border", second),
            ("one after the second border", second + 1),
            ("three segments and 777 bytes", third + 777),
        ];
        let vectors = (0..).zip(lens).map(|(number, (name, len))| vector(size, number, name, len));
        let vectors = vectors.collect::<Result<Vec<Value>, _>>()?;
        sizes.push(json!({ "segment_size": size.bytes(), "vectors": vectors }));
    }
    serde_json::to_writer(std::io::stdout().lock(), &sizes)?;
    Ok(())
}

fn vector(size: SegmentSize, number: u8, name: &str, len: u64) -> Result<Value, Box<dyn std::error::Error>> {
    let mut key = [0; StreamKey::LEN];
    SystemRandom::new().fill(&mut key)?;
    // None, short, and longer than one block of the hash function.
    let associated_data = match number % 3 {
        0 => Vec::new(),
        1 => b"section".to_vec(),
        _ => (0..300_u16).map(|i| i as u8).collect(),
    };
    let plaintext: Vec<u8> = (0..len).map(|i| ((31 * i + 7) % 251) as u8).collect();

    let mut sealer = StreamSealer::new(Vec::new(), &StreamKey::new(key), &associated_data, size)?;
    sealer.write_all(&plaintext)?;
    let (stream, _) = sealer.finish()?;
    Ok(json!({
        "name": name,
        "key": HEXLOWER.encode(&key),
        "associated_data": HEXLOWER.encode(&associated_data),
        "plaintext_len": len,
        "plaintext_sha256": HEXLOWER.encode(digest(&SHA256, &plaintext).as_ref()),
        "header": HEXLOWER.encode(stream.get(..HEADER_LEN).unwrap_or_default()),
        "stream_len": stream.len(),
        "stream_sha256": HEXLOWER.encode(digest(&SHA256, &stream).as_ref()),
        "stream": BASE64.encode(&stream),
    }))
}
