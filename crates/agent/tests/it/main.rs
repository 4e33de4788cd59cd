//! An agent from a camera's RTSP stream to sealed objects at a server that keeps to the contract.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails may panic, also in what its tests share"
)]

#[path = "../../../device/tests/support/mod.rs"]
mod support;

#[path = "../../../camera/tests/it/support/tls.rs"]
#[allow(dead_code, reason = "the camera's tests use all of it")]
mod tls_front;

mod away;
mod camera_tests;
mod events;
mod looks;
mod swap;
mod zones;

use std::time::Duration;

use ownsight_agent::{AgentConfig, AgentError, Figures, Pairing};
use ownsight_camera_sim::{CameraSim, PRESETS, SimCamera};
use support::{Home, TestCamera, TestServer};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const USER: &str = "anna";
const PASSWORD: &str = "correct horse";

/// A home, a server, a camera, and a folder for the agent.
struct World {
    server: TestServer,
    home: Home,
    sim: CameraSim,
    folder: tempfile::TempDir,
    /// Where its agent calls for cameras.
    around: Option<ownsight_onvif::Around>,
}

/// An agent that runs.
struct Agent {
    figures: Figures,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), AgentError>>,
}

impl World {
    async fn new() -> Self {
        let camera = SimCamera::new(PRESETS[0].path, PRESETS[0].view).credentials(USER, PASSWORD);
        Self::with(CameraSim::builder().camera(camera).start().await.unwrap())
    }

    fn with(sim: CameraSim) -> Self {
        let server = TestServer::start();
        Self {
            server,
            home: Home::new("Wren's Nest"),
            sim,
            folder: tempfile::tempdir().unwrap(),
            around: None,
        }
    }

    /// A camera of the home at the simulated one's address.
    fn camera(&self) -> TestCamera {
        self.home.camera().at(&self.sim.url(PRESETS[0].path), USER, PASSWORD)
    }

    /// Starts an agent that pairs with a code; returns once its answer has come.
    async fn pair(&mut self) -> Agent {
        let (code, blob) = self.home.invite(None);
        self.server.shared.expect(code.find(), blob, self.home.scope(), self.home.first_key());
        let agent = self.start(Some(Pairing { server: self.server.url().parse().unwrap(), code }));
        let shared = self.server.shared.clone();
        support::eventually("the pairing's answer", || shared.public_key()).await;
        agent
    }

    fn start(&self, pairing: Option<Pairing>) -> Agent {
        let mut config = AgentConfig::new(self.folder.path(), "test agent 1");
        config.pairing = pairing;
        config.queue_bytes_max = Some(256 << 20);
        config.cameras.around.clone_from(&self.around);
        config.cameras.still_interval = Duration::from_secs(1);
        // People walk by all the time: no event may last until nobody does.
        config.cameras.event.length_max = Duration::from_secs(12);
        let (figures, shutdown) = (config.figures.clone(), CancellationToken::new());
        let task = tokio::spawn(ownsight_agent::run(config, |_| true, shutdown.clone()));
        Agent { figures, shutdown, task }
    }

    fn configure(
        &mut self,
        serial: u64,
        cameras: &[&TestCamera],
        tests: &[(ownsight_model::TestId, &TestCamera)],
    ) {
        let key = self.server.shared.public_key().unwrap();
        let sealed = self.home.configure(&key, cameras, tests);
        self.server.shared.publish(serial, sealed);
    }
}

impl Agent {
    async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(30), self.task).await.unwrap().unwrap().unwrap();
    }

    /// As kill -9 does: nothing is finished.
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}
