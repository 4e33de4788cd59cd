//! Memory for a delivery does not depend on its length: the largest event is streamed in, in a process of its own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

#[path = "it/household.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod household;

use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use ownsight_disk::RealDisk;
use ownsight_ingest::{Declared, Ingest, IngestConfig};
use ownsight_model::{EventId, Label, LabelSource, SectionKind, Timestamp};
use ownsight_registry::{Registry, RegistryOptions};
use ownsight_vault::{Vault, VaultConfig};

use household::Household;

const CHUNK: usize = 64 << 10;

/// The most memory that this process has held at once, in kilobytes.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_event_of_64_mib_takes_the_memory_of_a_few_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::open(folder.path().join("registry.db"), RegistryOptions::default()).unwrap();
    let installation = household::install(&registry).await;
    std::fs::create_dir(folder.path().join("events")).unwrap();
    let disk = Arc::new(RealDisk::open(&folder.path().join("events")).unwrap());
    let config = VaultConfig { floor_percent: 0, floor_bytes: 0, reserve_bytes: 0, ..VaultConfig::default() };
    let vault = Vault::start(disk, config).await.unwrap();
    let ingest = Ingest::open(registry.clone(), vault, IngestConfig::default()).await.unwrap();
    let home = Household::settle(&registry, installation).await;
    let camera = home.camera(&registry).await;
    let identity = home.identity(&ingest).await;

    let mut peaks = Vec::new();
    for clip_bytes in [1 << 20, (64 << 20) - (64 << 10)] {
        let path = folder.path().join("object");
        let event = EventId::generate();
        let started_at = Timestamp::now().minus(Duration::from_mins(1));
        let out = BufWriter::new(File::create(&path).unwrap());
        let mut sealing = camera.sealer.begin(event, started_at, out).unwrap();
        sealing.section(SectionKind::Clip, &mut std::io::repeat(7).take(clip_bytes)).unwrap();
        let (mut out, length) = sealing
            .finish(started_at.plus(Duration::from_secs(12)), Label::Motion, LabelSource::Agent)
            .unwrap();
        out.flush().unwrap();
        let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        let mut file = File::open(&path).unwrap();
        let mut chunk = vec![0; CHUNK];
        loop {
            match file.read(&mut chunk).unwrap() {
                0 => break,
                read => digest.update(&chunk[..read]),
            }
        }
        let declared = Declared { length, digest: digest.finish().as_ref().try_into().unwrap() };
        let body = stream::unfold(File::open(&path).unwrap(), |mut file| async {
            let mut chunk = vec![0; CHUNK];
            let read = file.read(&mut chunk).unwrap();
            chunk.truncate(read);
            (read > 0).then(|| (Ok::<_, std::io::Error>(Bytes::from(chunk)), file))
        });
        let receipt =
            ingest.store_event(&identity, camera.id, event, declared, Box::pin(body)).await.unwrap();
        assert_eq!(receipt.bytes, length);
        peaks.push(peak_kib());
    }
    let [small, large] = peaks[..] else { panic!() };
    // The kernel counts pages for each core by itself: the peak that it shows may be some pages lower a moment later.
    let more = large.saturating_sub(small);
    assert!(more < 4 << 10, "64 MiB took {more} KiB more than 1 MiB");
}
