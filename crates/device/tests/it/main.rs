//! A device against a server that keeps to the contract: over real HTTP, with a real folder.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails may panic, also in what its tests share"
)]

#[path = "../support/mod.rs"]
mod support;

mod configuration;
mod delivery;
mod former;
mod pairing;
mod report;

use bytes::Bytes;
use ownsight_device::{Device, EventToSeal, PairingCode, Queued, SealError, SectionToSeal};
use ownsight_model::{EventId, Label, LabelSource, SectionKind};
use support::{Home, Running, TestCamera, TestServer, eventually, request};

/// A paired, configured, running device with one camera.
pub(crate) struct World {
    pub(crate) server: TestServer,
    pub(crate) home: Home,
    pub(crate) camera: TestCamera,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) running: Running,
}

impl World {
    pub(crate) async fn new() -> Self {
        let server = TestServer::start();
        let mut home = Home::new("Wren's Nest");
        let folder = tempfile::tempdir().unwrap();
        let device = pair(&server, &mut home, folder.path()).await;
        let camera = home.camera();
        server.shared.publish(1, home.configure(&server.shared.public_key().unwrap(), &[&camera], &[]));
        let running = Running::start(device);
        running.configured(1).await;
        Self { server, home, camera, folder, running }
    }

    /// Seals an event of so many bytes.
    pub(crate) async fn seal(&self, bytes: usize) -> Result<Queued, SealError> {
        let handle = &self.running.handle;
        let configuration = handle.configuration().borrow().clone().unwrap();
        let sealer = configuration.sealer(&configuration.cameras[0]);
        let now = handle.now();
        let event = EventToSeal {
            event: EventId::generate(),
            started_at: now,
            ended_at: now,
            sections: vec![
                SectionToSeal::bytes(SectionKind::Thumbnail, Bytes::from_static(b"thumbnail")),
                SectionToSeal::bytes(SectionKind::Clip, vec![7; bytes].into()),
            ],
            label: Label::Motion,
            label_source: LabelSource::Agent,
        };
        handle.seal_event(&sealer, event).await
    }

    /// The object as the server has it.
    pub(crate) async fn delivered(&self, event: EventId) -> Vec<u8> {
        eventually("the delivery", || self.server.shared.object(self.camera.id(), event)).await
    }
}

/// A code that another device has used, and its server.
pub(crate) async fn used_code() -> (TestServer, PairingCode) {
    let server = TestServer::start();
    let mut home = Home::new("Fox's Den");
    let (code, blob) = home.invite(None);
    server.shared.expect(code.find(), blob, home.scope(), home.first_key());
    let elsewhere = tempfile::tempdir().unwrap();
    Device::pair(elsewhere.path(), request(&server.url(), code.clone()), |_| true).await.unwrap();
    (server, code)
}

pub(crate) async fn pair(server: &TestServer, home: &mut Home, folder: &std::path::Path) -> Device {
    let (code, blob) = home.invite(None);
    server.shared.expect(code.find(), blob, home.scope(), home.first_key());
    let device = Device::pair(folder, request(&server.url(), code), |_| true).await.unwrap();
    assert_eq!(device.scope(), home.scope());
    device
}
