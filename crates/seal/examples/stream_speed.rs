//! Prints how fast streams seal and open on one core: `cargo run --release -p ownsight-seal --example stream_speed`.
//!
//! Each figure is the median of seven runs over 64 MiB that lie in memory, key derivation and copies included: `seal`
//! goes through `SealerCore` in portions of 256 KiB, `open` opens each segment after copying it to a buffer.

use std::{hint::black_box, time::Instant};

use ownsight_seal::stream::{
    HEADER_LEN, SealerCore, SegmentSize, StreamError, StreamKey, UnprovenOpener, seal_all,
};

const RUNS: usize = 7;
const LEN: usize = 64 << 20;

fn main() -> Result<(), StreamError> {
    let key = StreamKey::new([42; StreamKey::LEN]);
    let plaintext: Vec<u8> = (0..LEN).map(|i| (i * 31 + 7) as u8).collect();
    println!("{:>10}  {:>10}  {:>10}", "segment", "seal GB/s", "open GB/s");
    for size in [SegmentSize::KIB_4, SegmentSize::KIB_64, SegmentSize::MIB_1] {
        let seal = median(|| seal(&key, &plaintext, size))?;
        let stream = seal_all(&key, b"speed", &plaintext, size)?;
        let open = median(|| open(&key, &stream, size))?;
        println!("{:>10}  {seal:>10.1}  {open:>10.1}", size.bytes());
    }
    Ok(())
}

fn seal(key: &StreamKey, plaintext: &[u8], size: SegmentSize) -> Result<(), StreamError> {
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

fn open(key: &StreamKey, stream: &[u8], size: SegmentSize) -> Result<(), StreamError> {
    let header = stream.get(..HEADER_LEN).ok_or(StreamError::BadHeader)?;
    let unproven = UnprovenOpener::new(key, b"speed", header, stream.len() as u64, size)?;
    let layout = *unproven.layout();
    let sealed = |segment| {
        let place = layout.ciphertext_range(segment)?;
        stream.get(place.start as usize..place.end as usize).ok_or(StreamError::OutOfRange)
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

/// GB (10^9 bytes) of plaintext a second.
fn median(mut run: impl FnMut() -> Result<(), StreamError>) -> Result<f64, StreamError> {
    let mut rates = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        run()?;
        rates.push(LEN as f64 / start.elapsed().as_secs_f64() / 1e9);
    }
    rates.sort_by(f64::total_cmp);
    Ok(rates.get(RUNS / 2).copied().unwrap_or_default())
}
