//! Prints how fast streams seal and open on one core: `cargo run --release -p ownsight-seal --example stream_speed`.
//!
//! Each figure is the median of seven runs, each 32 times 2 MiB that lie in the processor's cache, key derivation and
//! copies included. `seal` goes through `SealerCore` in portions of 256 KiB; `open` copies each segment to a buffer
//! and opens it there; `cipher` is AES-256-GCM alone, in place with one key, which nothing here can exceed.

use std::{hint::black_box, time::Instant};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ownsight_seal::stream::{HEADER_LEN, SealerCore, SegmentSize, StreamKey, UnprovenOpener, seal_all};

const RUNS: usize = 7;
const ROUNDS: u32 = 32;
const LEN: usize = 2 << 20;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let key = StreamKey::new([42; StreamKey::LEN]);
    let plaintext: Vec<u8> = (0..LEN).map(|i| (i * 31 + 7) as u8).collect();
    println!("{:>10}  {:>10}  {:>10}  {:>10}", "segment", "seal", "open", "cipher");
    for size in [SegmentSize::KIB_4, SegmentSize::KIB_64, SegmentSize::MIB_1] {
        let stream = seal_all(&key, b"speed", &plaintext, size)?;
        let sealed = median(|| seal(&key, &plaintext, size))?;
        let opened = median(|| open(&key, &stream, size))?;
        let alone = median(|| cipher(size))?;
        println!("{:>10}  {sealed:>5.1} GB/s  {opened:>5.1} GB/s  {alone:>5.1} GB/s", size.bytes());
    }
    Ok(())
}

fn seal(key: &StreamKey, plaintext: &[u8], size: SegmentSize) -> Outcome<()> {
    let mut sealer = SealerCore::new(key, b"speed", size)?;
    let mut out = Vec::with_capacity(2 << 20);
    for portion in plaintext.chunks(256 << 10) {
        out.clear();
        sealer.push(portion, &mut out)?;
        black_box(&out);
    }
    black_box(sealer.finish(&mut out)?);
    Ok(())
}

fn open(key: &StreamKey, stream: &[u8], size: SegmentSize) -> Outcome<()> {
    let header = stream.get(..HEADER_LEN).ok_or("no header")?;
    let unproven = UnprovenOpener::new(key, b"speed", header, stream.len() as u64, size)?;
    let layout = *unproven.layout();
    let sealed = |segment| -> Outcome<&[u8]> {
        let place = layout.ciphertext_range(segment)?;
        Ok(stream.get(place.start as usize..place.end as usize).ok_or("no such segment")?)
    };
    let mut buffer = sealed(layout.last_segment())?.to_vec();
    let (opener, _) = unproven.prove(&mut buffer)?;
    for segment in 0..layout.segments() {
        buffer.clear();
        buffer.extend_from_slice(sealed(segment)?);
        black_box(opener.open_segment(segment, &mut buffer)?);
    }
    Ok(())
}

fn cipher(size: SegmentSize) -> Outcome<()> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[42; 32])?);
    let mut buffer = vec![0; size.bytes() as usize];
    for _ in 0..LEN / buffer.len() {
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut buffer)?;
        black_box(tag.as_ref());
    }
    Ok(())
}

/// GB (10^9 bytes) a second.
fn median(mut run: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
    let mut rates = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            run()?;
        }
        rates.push(f64::from(ROUNDS) * LEN as f64 / start.elapsed().as_secs_f64() / 1e9);
    }
    rates.sort_by(f64::total_cmp);
    Ok(rates.get(RUNS / 2).copied().unwrap_or_default())
}
