//! Prints how fast streams seal and open on one core, beside the cipher alone:
//! `cargo run --release -p ownsight-seal --example stream_speed`.
//!
//! Each figure is the median of fifteen runs that take turns, each 32 times 2 MiB that lie in the processor's cache. `seal`
//! takes portions of 256 KiB and gives each segment to a writer that does nothing with it, key derivation included; `cipher` beside it
//! is AES-256-GCM of the same library with one key, in place. `open` copies each segment into a buffer, as reading a file does,
//! and opens it there; its `cipher` does the same.

use std::{
    hint::black_box,
    io::{self, Write as _},
    time::Instant,
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ownsight_seal::stream::{HEADER_LEN, SegmentSize, StreamKey, StreamSealer, UnprovenOpener, seal_all};

const RUNS: usize = 15;
const ROUNDS: u32 = 32;
const LEN: usize = 2 << 20;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let key = StreamKey::new([42; StreamKey::LEN]);
    let plaintext: Vec<u8> = (0..LEN).map(|i| (i * 31 + 7) as u8).collect();
    println!(
        "{:>9}  {:>22}  {:>5}  {:>22}  {:>5}",
        "segment", "seal, cipher (GB/s)", "ratio", "open, cipher (GB/s)", "ratio"
    );
    for size in [SegmentSize::KIB_4, SegmentSize::KIB_64, SegmentSize::MIB_1] {
        let stream = seal_all(&key, b"speed", &plaintext, size)?;
        let mut runs = [const { Vec::new() }; 4];
        for _ in 0..RUNS {
            let rates = [
                rate(|| seal(&key, &plaintext, size))?,
                rate(|| cipher_seals(size))?,
                rate(|| open(&key, &stream, size))?,
                rate(|| cipher_opens(&stream, size))?,
            ];
            for (runs, rate) in runs.iter_mut().zip(rates) {
                runs.push(rate);
            }
        }
        let [seal, alone, open, opens_alone] = &runs;
        println!(
            "{:>9}  {:>22}  {:>5.2}  {:>22}  {:>5.2}",
            size.bytes(),
            format!("{:.1}, {:.1}", median(seal.clone()), median(alone.clone())),
            median(ratios(seal, alone)),
            format!("{:.1}, {:.1}", median(open.clone()), median(opens_alone.clone())),
            median(ratios(open, opens_alone)),
        );
    }
    Ok(())
}

fn seal(key: &StreamKey, plaintext: &[u8], size: SegmentSize) -> Outcome<()> {
    let mut sealer = StreamSealer::new(io::sink(), key, b"speed", size)?;
    for portion in plaintext.chunks(256 << 10) {
        sealer.write_all(black_box(portion))?;
    }
    black_box(sealer.finish()?);
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

fn alone() -> Outcome<LessSafeKey> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[42; 32])?))
}

fn cipher_seals(size: SegmentSize) -> Outcome<()> {
    let key = alone()?;
    let mut buffer = vec![0; size.bytes() as usize];
    for _ in 0..LEN / buffer.len() {
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut buffer)?;
        black_box(tag.as_ref());
    }
    Ok(())
}

/// What is opened does not authenticate, which takes as long.
fn cipher_opens(stream: &[u8], size: SegmentSize) -> Outcome<()> {
    let key = alone()?;
    let mut buffer = Vec::with_capacity(size.bytes() as usize);
    for segment in stream.chunks(size.bytes() as usize) {
        buffer.clear();
        buffer.extend_from_slice(segment);
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        black_box(key.open_in_place(nonce, Aad::empty(), &mut buffer).is_ok());
    }
    Ok(())
}

/// GB (10^9 bytes) a second.
fn rate(mut run: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
    let start = Instant::now();
    for _ in 0..ROUNDS {
        run()?;
    }
    Ok(f64::from(ROUNDS) * LEN as f64 / start.elapsed().as_secs_f64() / 1e9)
}

fn ratios(ours: &[f64], alone: &[f64]) -> Vec<f64> {
    ours.iter().zip(alone).map(|(ours, alone)| ours / alone).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
