//! A server, a home and a paired device in a temporary folder: everything goes over HTTP on loopback, as for anybody.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use ownsight_device::{
    CameraSealer, Device, DeviceHandle, DeviceKind, DeviceOptions, EventToSeal, Outcome, PairingRequest,
    SectionToSeal, StopReason,
};
use ownsight_model::{EventId, Label, LabelSource, MotionTrack, SectionKind};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cli::LogArgs;
use crate::client::Client;
use crate::commands::serve::Serving;
use crate::config::Config;

const EMAIL: &str = "bench@example.org";
const PASSWORD: &str = "a password for the bench";
/// A thumbnail of 640 pixels has some 30 kB.
const THUMBNAIL_BYTES: usize = 30_000;

pub(super) struct Stage {
    pub(super) serving: Serving,
    pub(super) client: Client,
    pub(super) home: String,
    handle: DeviceHandle,
    sealer: CameraSealer,
    shutdown: CancellationToken,
    device: JoinHandle<Result<(), StopReason>>,
    _folder: tempfile::TempDir,
}

impl Stage {
    pub(super) async fn build(log: &LogArgs) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("ownsight-bench-").tempdir()?;
        let serving = Serving::start(&Config::beside(folder.path(), 0)?, log).await?;
        let (client, home) = first_account(&serving.base_url, serving.first_link.as_deref()).await?;

        let pairing =
            client.post(&format!("/api/v1/homes/{home}/devices"), json!({ "name": "bench" })).await?;
        let code = pairing.get("code").and_then(Value::as_str).context("the server gave no code")?;
        let request = PairingRequest {
            server: serving.base_url.parse()?,
            code: code.parse()?,
            kind: DeviceKind::Agent,
            version: concat!("ownsight bench ", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        let device = Device::pair(&folder.path().join("device"), request, |_| true).await?;
        let options = DeviceOptions { version: "ownsight bench".to_owned(), queue_bytes_max: Some(1 << 30) };
        let (handle, runner) = device.start(options)?;
        let shutdown = CancellationToken::new();
        let device = tokio::spawn(runner.run(shutdown.clone()));
        let device_id =
            pairing.get("device_id").and_then(Value::as_str).context("the server gave no device")?;
        let path = format!("/api/v1/devices/{device_id}");
        wait_for("the device's pairing", async || {
            let device = client.get(&path).await?;
            Ok((device.get("state").and_then(Value::as_str) != Some("waiting")).then_some(()))
        })
        .await?;
        let camera = json!({ "name": "bench", "address": "rtsp://camera.invalid/1", "device_id": device_id });
        client.post(&format!("/api/v1/homes/{home}/cameras"), camera).await?;
        let sealer = wait_for("the camera's configuration", async || {
            let newest = handle.configuration().borrow().clone();
            Ok(newest.and_then(|newest| newest.cameras.first().map(|camera| newest.sealer(camera))))
        })
        .await?;
        handle.clock_known().await;
        Ok(Self { serving, client, home, handle, sealer, shutdown, device, _folder: folder })
    }

    /// Seals an event now; it is delivered by and by.
    pub(super) async fn seal(&self, clip_bytes: usize) -> anyhow::Result<(EventId, ownsight_device::Queued)> {
        let event = EventId::generate();
        let started_at = self.handle.now().minus(Duration::from_secs(12));
        let track = MotionTrack {
            began_ms: 3_000,
            ended_ms: 9_000,
            width: 1280,
            height: 720,
            frames: 120,
            samples: (0..120).map(|frame| (frame * 100, 90)).collect(),
        };
        let queued = self
            .handle
            .seal_event(
                &self.sealer,
                EventToSeal {
                    event,
                    started_at,
                    ended_at: started_at.plus(Duration::from_secs(12)),
                    sections: vec![
                        SectionToSeal::bytes(SectionKind::Thumbnail, Bytes::from(vec![7; THUMBNAIL_BYTES])),
                        SectionToSeal::bytes(SectionKind::Clip, Bytes::from(vec![9; clip_bytes])),
                        SectionToSeal::bytes(SectionKind::Motion, track.encode().into()),
                    ],
                    label: Label::Motion,
                    label_source: LabelSource::Camera,
                },
            )
            .await?;
        Ok((event, queued))
    }

    /// Seals so many events and waits until the server has them.
    pub(super) async fn deliver(&self, events: usize, clip_bytes: usize) -> anyhow::Result<Vec<EventId>> {
        let mut delivered = Vec::with_capacity(events);
        for _ in 0..events {
            let (event, queued) = self.seal(clip_bytes).await?;
            match queued.outcome().await {
                Some(Outcome::Delivered) => delivered.push(event),
                other => bail!("an event was not delivered: {other:?}"),
            }
        }
        Ok(delivered)
    }

    pub(super) async fn end(self) {
        self.shutdown.cancel();
        if let Ok(Err(reason)) = self.device.await {
            tracing::warn!(%reason, "the bench's device was stopped");
        }
        self.serving.stop().await;
    }
}

/// Makes the first account by its one-time link, and signs in.
pub(super) async fn first_account(url: &str, link: Option<&str>) -> anyhow::Result<(Client, String)> {
    let secret =
        link.and_then(|link| link.split_once('#')).context("there is no link for the first account")?.1;
    let body = json!({ "secret": secret, "email": EMAIL, "password": PASSWORD, "home_name": "Bench" });
    let made = Client::anonymous(url)?.post("/api/v1/links/redeem", body).await?;
    let home = made.get("home_id").and_then(Value::as_str).context("the server made no home")?.to_owned();
    Ok((Client::sign_in(url, EMAIL, PASSWORD).await?, home))
}

/// Asks again and again, for half a minute.
pub(super) async fn wait_for<T>(
    what: &str,
    mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    for _ in 0..600 {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("did not come about in 30 s: {what}")
}

/// Runs `workers` tasks that take numbers below `count` until there are none left.
pub(super) async fn in_parallel<F>(
    count: usize,
    workers: usize,
    work: impl Fn(usize) -> F + Send + Sync + 'static,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let (next, work) = (Arc::new(std::sync::atomic::AtomicUsize::new(0)), Arc::new(work));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..workers {
        let (next, work) = (Arc::clone(&next), Arc::clone(&work));
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(());
                }
                work(number).await?;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.context("a task of the bench failed")??;
    }
    Ok(())
}
