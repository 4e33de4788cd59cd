//! The device API's other side, for tests: a home with its keys, and a server that keeps to `docs/device-api.md`.
//!
//! It is no part of the product and shares no code with the real server; both are written to the same document.

#![allow(dead_code, unused_imports, reason = "each test binary uses its own part")]

mod home;
mod server;
mod tls;

use std::time::Duration;

pub(crate) use home::{Home, TestCamera};
pub(crate) use server::{Reply, TestServer};
pub(crate) use tls::{TlsFront, self_signed_pin};

use ownsight_device::{Device, DeviceHandle, DeviceKind, DeviceOptions, PairingRequest, StopReason};
use ownsight_seal::PairingCode;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Polls until `found` yields something; panics with `what` after 20 s.
pub(crate) async fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    for _ in 0..2000 {
        if let Some(value) = found() {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("did not come about: {what}");
}

pub(crate) fn request(address: &str, code: PairingCode) -> PairingRequest {
    PairingRequest {
        server: address.parse().unwrap(),
        code,
        kind: DeviceKind::Agent,
        version: "test 1".to_owned(),
    }
}

pub(crate) fn options() -> DeviceOptions {
    DeviceOptions { version: "test 1".to_owned(), queue_bytes_max: Some(256 << 20) }
}

/// A device whose tasks run.
pub(crate) struct Running {
    pub(crate) handle: DeviceHandle,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), StopReason>>,
}

impl Running {
    pub(crate) fn start(device: Device) -> Self {
        Self::start_with(device, options())
    }

    pub(crate) fn start_with(device: Device, options: DeviceOptions) -> Self {
        let (handle, runner) = device.start(options).unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(runner.run(shutdown.clone()));
        Self { handle, shutdown, task }
    }

    /// Stops it as a shutdown does.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }

    /// Ends it as kill -9 does: whatever was under way is dropped.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    /// Waits until it stops by itself, and says why.
    pub(crate) async fn stopped(self) -> StopReason {
        tokio::time::timeout(Duration::from_secs(20), self.task).await.unwrap().unwrap().unwrap_err()
    }

    pub(crate) async fn configured(&self, serial: u64) {
        let handle = self.handle.clone();
        eventually("the configuration", || (handle.stats().configuration >= serial).then_some(())).await;
    }
}
