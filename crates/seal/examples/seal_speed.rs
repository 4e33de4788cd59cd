//! Prints what the steps of the key chain cost on one core:
//! `cargo run --release -p ownsight-seal --example seal_speed`.
//!
//! Each figure is the median of seven runs. `wraps` is a home's text sealed or opened; `verify_event` is header and
//! trailer of one event, as for each row of a list; `open_event` is the HPKE step that comes before the first picture,
//! `kept` what takes its place once the event was opened; `seal` is a whole object with a clip of 2 MiB into memory, key derivations and HPKE included.

use std::hint::black_box;
use std::time::Instant;

use ownsight_model::{
    CameraEpoch, CameraId, DeviceId, EventId, HomeEpoch, HomeId, InstallationId, Label, LabelSource,
    SectionKind, TenureId, Timestamp,
};
use ownsight_seal::{
    CameraPlace, CameraSalt, CameraSealer, ControlKey, HEADER_BYTES, Header, HomeScope, Trailer,
};

const RUNS: usize = 7;
const CLIP_BYTES: usize = 2 << 20;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let scope = HomeScope {
        installation: InstallationId::generate(),
        home: HomeId::generate(),
        epoch: HomeEpoch::FIRST,
    };
    let place =
        CameraPlace { camera: CameraId::generate(), tenure: TenureId::generate(), epoch: CameraEpoch::FIRST };
    let key = ControlKey::generate(scope).home_key();
    let secret = key.camera_secret(&CameraSalt::generate(), place);
    let device = DeviceId::generate();
    let sealer = CameraSealer::new(*secret.scope(), device, secret.public_key(), secret.device_psk(device));

    let text = br#"{"name":"Mill Yard 7","zone":"Europe/Berlin"}"#;
    let row = key.seal_text(text);
    let per_seal = median(10_000, || {
        black_box(key.seal_text(text));
        Ok(())
    })?;
    let per_open = median(10_000, || {
        black_box(key.open_text(&row)?);
        Ok(())
    })?;
    println!("wraps          {:>9.0} sealed/s   {:>9.0} opened/s", 1.0 / per_seal, 1.0 / per_open);

    let clip = vec![42; CLIP_BYTES];
    let object = seal(&sealer, &clip, Vec::new())?;
    let (header, trailer) = ends(&object)?;
    let verify = median(10_000, || {
        black_box(secret.verify_event(header.clone(), trailer.clone())?);
        Ok(())
    })?;
    let verified = secret.verify_event(header.clone(), trailer.clone())?;
    let open = median(1_000, || {
        black_box(secret.open_event(verified.clone())?);
        Ok(())
    })?;
    let kept = secret.keep_event(&secret.open_event(verified.clone())?);
    let open_kept = median(10_000, || {
        black_box(secret.open_kept_event(verified.clone(), &kept)?);
        Ok(())
    })?;
    println!("verify_event   {:>9.1} µs", verify * 1e6);
    println!("open_event     {:>9.1} µs", open * 1e6);
    println!("kept           {:>9.1} µs", open_kept * 1e6);

    let mut buffer = Vec::with_capacity(object.len());
    let whole = median(50, || {
        buffer = seal(&sealer, &clip, std::mem::take(&mut buffer))?;
        Ok(())
    })?;
    println!("seal           {:>9.0} MB/s", CLIP_BYTES as f64 / whole / 1e6);
    Ok(())
}

/// Seals an object with one clip into `out`, whose memory is used again.
fn seal(sealer: &CameraSealer, clip: &[u8], mut out: Vec<u8>) -> Outcome<Vec<u8>> {
    out.clear();
    let now = Timestamp::now();
    let mut event = sealer.begin(EventId::generate(), now, out)?;
    event.section(SectionKind::Clip, &mut &*clip)?;
    Ok(event.finish(now, Label::Motion, LabelSource::Agent)?.0)
}

fn ends(object: &[u8]) -> Outcome<(Header, Trailer)> {
    let header = Header::parse(object.first_chunk::<HEADER_BYTES>().ok_or("no header")?)?;
    let length = Trailer::length_of(*object.last_chunk().ok_or("no trailer")?)?;
    let trailer =
        object.len().checked_sub(length).and_then(|start| object.get(start..)).ok_or("no trailer")?;
    Ok((header, Trailer::parse(trailer, object.len() as u64)?))
}

/// Seconds that one round takes: the median of [`RUNS`] runs.
fn median(rounds: u32, mut round: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
    let mut seconds = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        for _ in 0..rounds {
            round()?;
        }
        seconds.push(start.elapsed().as_secs_f64() / f64::from(rounds));
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds.get(RUNS / 2).copied().unwrap_or(f64::NAN))
}
