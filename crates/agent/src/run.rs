//! The agent as a whole: one device, a pipeline for each of its cameras, tests, and a sign of life.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use ownsight_camera::{EventConfig, Quieting};
use ownsight_device::{
    Configuration, Device, DeviceFiles, DeviceHandle, DeviceKind, DeviceOptions, DeviceRunner, Invitation,
    LoadError, PairError, PairingCode, PairingRequest, ServerAddress, StopReason,
};
use ownsight_model::CameraId;
use ownsight_onvif::Around;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::alive::{Alive, report_gaps};
use crate::camera::{Assignment, WatchedCamera};
use crate::camera_test::CameraTests;
use crate::error::AgentError;
use crate::figures::Figures;
use crate::fingerprints::Fingerprints;
use crate::look::Looks;

/// How often the sign of life is written.
const ALIVE_EVERY: Duration = Duration::from_secs(10);
/// Longest wait for cameras that were told to end.
const STOP_MAX: Duration = Duration::from_secs(15);

/// What an agent is told at its start.
#[derive(Debug, Clone)]
pub struct AgentConfig {
    /// Its own folder.
    pub folder: PathBuf,
    /// The program and its version, as reported: such as `ownsight agent 0.1.0`.
    pub version: String,
    /// A pairing to be made; `None` if the folder has one. Ignored if it was made already, or if its code is not known and the
    /// folder's pairing works.
    pub pairing: Option<Pairing>,
    /// Most bytes in its queue before the oldest events are dropped. `None`: a tenth of the disk.
    pub queue_bytes_max: Option<u64>,
    /// What is the same for all its cameras.
    pub cameras: CameraOptions,
    /// Where its figures are kept, for whoever looks at them.
    pub figures: Figures,
}

/// How an agent watches its cameras, whatever their home says of each.
#[derive(Debug, Clone)]
pub struct CameraOptions {
    /// Time between two stills of a camera. The first comes with each connection.
    pub still_interval: Duration,
    /// How events are cut.
    pub event: EventConfig,
    /// Where to call for cameras, for tests; `None`: in all networks of this machine.
    pub around: Option<Around>,
}

impl Default for CameraOptions {
    fn default() -> Self {
        let event = EventConfig { quieting: Some(Quieting::default()), ..EventConfig::default() };
        Self { still_interval: Duration::from_mins(1), event, around: None }
    }
}

/// A code, and where it came from.
#[derive(Debug, Clone)]
pub struct Pairing {
    /// The server's address.
    pub server: ServerAddress,
    /// The code from the web app.
    pub code: PairingCode,
}

impl AgentConfig {
    /// The defaults for an agent in this folder.
    pub fn new(folder: impl Into<PathBuf>, version: impl Into<String>) -> Self {
        Self {
            folder: folder.into(),
            version: version.into(),
            pairing: None,
            queue_bytes_max: None,
            cameras: CameraOptions::default(),
            figures: Figures::default(),
        }
    }
}

/// Runs an agent until `shutdown`, or until the server wants no more of it.
///
/// `confirm` is asked only if a pairing is made; it is shown the home, and may block.
///
/// After `shutdown` events that are going on are sealed, which takes some ten seconds at most. Cancel safety: a
/// dropped agent loses the events that are going on, and nothing that was queued.
pub async fn run(
    config: AgentConfig,
    confirm: impl FnOnce(&Invitation) -> bool + Send,
    shutdown: CancellationToken,
) -> Result<(), AgentError> {
    let Some(opened) = shutdown.run_until_cancelled(open(&config, confirm)).await else { return Ok(()) };
    let device = opened?;
    let files = device.files();
    let options = DeviceOptions { version: config.version.clone(), queue_bytes_max: config.queue_bytes_max };
    let started = spawn_blocking(move || device.start(options)).await;
    let (handle, runner) = started.map_err(|error| failed(&error))?.map_err(AgentError::Folder)?;
    tracing::info!(device.id = %handle.scope().device, home.id = %handle.scope().home, "the agent runs");
    let mut tasks = DeviceTask::spawn(runner);
    config.figures.of_device(&handle);
    let watching = watch_home(&handle, files, config.cameras, config.figures, &shutdown);
    tokio::select! {
        () = watching => tasks.stop().await,
        ended = tasks.ended() => ended,
    }
}

/// Opens the pairing of the folder, or makes one.
async fn open(
    config: &AgentConfig,
    confirm: impl FnOnce(&Invitation) -> bool + Send,
) -> Result<Device, AgentError> {
    if let Some(pairing) = &config.pairing {
        let request = PairingRequest {
            server: pairing.server.clone(),
            code: pairing.code.clone(),
            kind: DeviceKind::Agent,
            version: config.version.clone(),
        };
        let confirm = |invitation: &Invitation| {
            let confirmed = confirm(invitation);
            if confirmed {
                tracing::info!(home.name = invitation.home_name, "this agent joins a home");
            }
            confirmed
        };
        match Device::pair(&config.folder, request, confirm).await {
            Ok(device) => return Ok(device),
            Err(PairError::AlreadyPaired) => {
                tracing::warn!(
                    "the server does not know the code that was given, and this agent is paired already: it stays with its home"
                );
            }
            Err(error) => return Err(AgentError::Pair(error)),
        }
    }
    let folder = config.folder.clone();
    match spawn_blocking(move || Device::load(&folder)).await.map_err(|error| failed(&error))? {
        Ok(device) => Ok(device),
        Err(LoadError::NotPaired) => Err(AgentError::NotPaired),
        Err(error) => Err(AgentError::Folder(error)),
    }
}

/// The device's own task. Ended when dropped.
struct DeviceTask {
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), StopReason>>,
}

impl DeviceTask {
    fn spawn(runner: DeviceRunner) -> Self {
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(runner.run(shutdown.clone()));
        Self { shutdown, task }
    }

    async fn ended(&mut self) -> Result<(), AgentError> {
        Ok((&mut self.task).await.map_err(|error| failed(&error))??)
    }

    async fn stop(&mut self) -> Result<(), AgentError> {
        self.shutdown.cancel();
        self.ended().await
    }
}

impl Drop for DeviceTask {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn failed(error: &tokio::task::JoinError) -> AgentError {
    AgentError::Failed(error.to_string())
}

/// Watches what the newest configuration says, until `shutdown`.
async fn watch_home(
    handle: &DeviceHandle,
    files: DeviceFiles,
    options: CameraOptions,
    figures: Figures,
    shutdown: &CancellationToken,
) {
    let fingerprints = Fingerprints::new(files.clone());
    let (before, tests) = {
        let (handle, files, fingerprints) = (handle.clone(), files.clone(), fingerprints.clone());
        let load = move || (Alive::read(&files), CameraTests::load(handle, files, fingerprints));
        let loaded = spawn_blocking(load).await;
        // It fails only while the runtime ends.
        let Ok(loaded) = loaded else { return };
        loaded
    };
    // Nothing can be sealed before the time is known, so nothing is watched either.
    if shutdown.run_until_cancelled(handle.clock_known()).await.is_none() {
        return;
    }
    let mut home = WatchedHome {
        handle: handle.clone(),
        files,
        looks: Looks::new(handle.clone(), options.around.clone()),
        options,
        before,
        tests,
        fingerprints,
        figures,
        cameras: HashMap::new(),
    };
    let mut configurations = handle.configuration();
    let mut ticks = interval(ALIVE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let newest = configurations.borrow_and_update().clone();
        if let Some(configuration) = newest {
            home.apply(&configuration).await;
        }
        tokio::select! {
            () = shutdown.cancelled() => break,
            _ = ticks.tick() => home.alive().await,
            // Its sender is the device's task; when that ends, so does the agent.
            result = configurations.changed() => if result.is_err() { shutdown.cancelled().await },
        }
    }
    home.stop().await;
}

struct WatchedHome {
    handle: DeviceHandle,
    files: DeviceFiles,
    options: CameraOptions,
    /// The last run's sign of life, until the first configuration of this one is applied.
    before: Option<Alive>,
    tests: CameraTests,
    looks: Looks,
    fingerprints: Fingerprints,
    figures: Figures,
    cameras: HashMap<CameraId, WatchedCamera>,
}

impl WatchedHome {
    /// Makes what is watched what the configuration says. Pipelines whose making did not change go on.
    async fn apply(&mut self, configuration: &Configuration) {
        let wanted: HashMap<_, _> = configuration
            .cameras
            .iter()
            .filter_map(|assigned| Some((assigned.camera, (assigned, Assignment::of(assigned)?))))
            .collect();
        let gone: Vec<_> =
            self.cameras.keys().filter(|camera| !wanted.contains_key(*camera)).copied().collect();
        for camera in gone {
            if let Some(watched) = self.cameras.remove(&camera) {
                tracing::info!(camera.id = %camera, "no longer this agent's");
                self.figures.forget(camera);
                // It ends by itself; what it still finds is sealed as before.
                drop(watched.stop());
            }
        }
        let before = self.before.take();
        for (camera, (assigned, assignment)) in wanted {
            let running = self.cameras.get(&camera);
            if running.is_some_and(|running| running.assignment().same(&assignment) && !running.has_failed())
            {
                continue;
            }
            let sealer = configuration.sealer(assigned);
            if let Some(before) = &before {
                let gaps = before.gaps(camera, assigned.tenure, self.handle.now());
                report_gaps(&self.handle, &sealer, gaps).await;
            }
            let ended = self.cameras.remove(&camera).map(WatchedCamera::stop);
            let handle = self.handle.clone();
            self.figures.watched(camera);
            let watched = WatchedCamera::start(
                handle,
                sealer,
                assignment,
                &self.options,
                &self.fingerprints,
                &self.figures,
                ended,
            );
            tracing::info!(camera.id = %camera, tenure.id = %watched.tenure(), "watched");
            self.cameras.insert(camera, watched);
        }
        let (fingerprints, retained) = (self.fingerprints.clone(), configuration.clone());
        // It fails only while the runtime ends.
        let _ = spawn_blocking(move || fingerprints.retain(&retained)).await;
        self.tests.apply(configuration);
        self.looks.apply(configuration);
    }

    async fn alive(&self) {
        // Before the first configuration is applied there is nothing to say, and what was said must stay.
        if self.before.is_none() {
            let cameras = self.cameras.values().map(WatchedCamera::alive).collect();
            self.write_alive(Alive { at: self.handle.now(), cameras }).await;
        }
    }

    async fn write_alive(&self, alive: Alive) {
        let files = self.files.clone();
        // It fails only while the runtime ends.
        let _ = spawn_blocking(move || alive.write(&files)).await;
    }

    async fn stop(mut self) {
        let cameras: Vec<_> = self.cameras.drain().map(|(_, watched)| watched).collect();
        let mut last =
            Alive { at: self.handle.now(), cameras: cameras.iter().map(WatchedCamera::alive).collect() };
        let ended: Vec<_> = cameras.into_iter().map(WatchedCamera::stop).collect();
        let all = async {
            for task in ended {
                // An error is that it panicked, which was logged.
                let _ = task.await;
            }
        };
        if timeout(STOP_MAX, all).await.is_err() {
            tracing::warn!("not all cameras ended in time");
        }
        if self.before.is_none() {
            // Their open gaps were reported as they ended.
            last.cameras.iter_mut().for_each(|camera| camera.offline = None);
            self.write_alive(last).await;
        }
    }
}
