//! Objects, bytes and small steps that the tests share.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use ownsight_disk::Disk;
use ownsight_model::{CameraId, EventId, HomeId};
use ownsight_vault::{ObjectRef, StoreError, Stored, Vault, VaultConfig};

/// Small limits, and every look at the space is a fresh one.
pub(crate) fn config() -> VaultConfig {
    VaultConfig {
        floor_percent: 0,
        floor_bytes: 0,
        reserve_bytes: 0,
        probe_interval: Duration::ZERO,
        write_buffer_bytes: 1000,
        erase_bytes: 64,
        ..VaultConfig::default()
    }
}

/// The object with these numbers.
pub(crate) fn object(home: u8, camera: u8, event: u8) -> ObjectRef {
    let bytes =
        |kind: u8, number: u8| [1, 0x92, 0x03, 0xc4, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, kind, number];
    // Events with numbers from 100 lie in another folder than those below.
    let mut event_bytes = bytes(3, event);
    event_bytes[2] += (event / 100) << 4;
    ObjectRef {
        home: HomeId::from_bytes(bytes(1, home)),
        camera: CameraId::from_bytes(bytes(2, camera)),
        event: EventId::from_bytes(event_bytes),
    }
}

/// The object's file, by the layout that the vault documents.
pub(crate) fn file_of(object: ObjectRef) -> PathBuf {
    let event = object.event.to_string();
    PathBuf::from(format!("{}/{}/{}/{event}.own", object.home, object.camera, &event[..5]))
}

/// Bytes without zeros that differ for each seed.
pub(crate) fn content(len: usize, seed: u64) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..len).map(|_| rng.u8(1..)).collect()
}

/// Stores an object in chunks that do not fit the buffer.
pub(crate) async fn store(vault: &Vault, object: ObjectRef, content: &[u8]) -> Result<Stored, StoreError> {
    let mut writer = vault.begin(object).await?;
    for chunk in content.chunks(700) {
        writer.write(chunk).await?;
    }
    writer.commit().await
}

/// All bytes of an object.
pub(crate) async fn read(vault: &Vault, object: ObjectRef) -> Vec<u8> {
    let reader = vault.open(object).await.unwrap();
    reader.read_at(0, usize::try_from(reader.len()).unwrap()).await.unwrap().to_vec()
}

/// All bytes of a file, past the vault.
pub(crate) fn raw(disk: &dyn Disk, object: ObjectRef) -> Option<Vec<u8>> {
    let file = disk.open(&file_of(object)).ok()?;
    let mut bytes = vec![0; usize::try_from(file.file_len().unwrap()).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    Some(bytes)
}

/// Runs a test's steps. There is one thread for blocking work, so that its order is always the same.
pub(crate) fn run<T>(steps: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
    runtime.unwrap().block_on(steps)
}

/// Polls a call once and drops it, while the one thread for blocking work is busy. Says whether the call was
/// still under way; its work, if it has any, begins after this.
pub(crate) fn poll_and_drop(call: impl Future) -> bool {
    let (release, busy) = std::sync::mpsc::channel::<()>();
    drop(tokio::task::spawn_blocking(move || busy.recv()));
    let pending = {
        let mut call = pin!(call);
        call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
    };
    drop(release);
    pending
}

/// Waits until the condition holds; fails after ten seconds with what was waited for.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain: {what}");
}

pub(crate) async fn start(disk: &(impl Disk + Clone + 'static), config: VaultConfig) -> Vault {
    Vault::start(Arc::new(disk.clone()), config).await.unwrap()
}
