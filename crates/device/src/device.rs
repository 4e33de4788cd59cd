//! A device with its folder, and the tasks that make it run.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use futures_util::future::join_all;
use ownsight_disk::Disk;
use ownsight_seal::{Configuration, PairingScope};
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::api::Api;
use crate::clock::{CLOCK_FILE, Clock, SavedClock};
use crate::configuration::{Poll, ServerState};
use crate::delivery::Delivery;
use crate::drain::Drain;
use crate::error::{LoadError, PairError, StopReason};
use crate::files::DeviceFiles;
use crate::former::FormerPairings;
use crate::handle::{DeviceHandle, Shared};
use crate::pace::Pace;
use crate::pairing::{self, Invitation, PairingRequest};
use crate::queue::Queue;
use crate::report::{self, Reports};
use crate::run::Run;
use crate::state::{Folder, State};
use crate::tls::Trust;

const CLOCK_EVERY: Duration = Duration::from_mins(1);
/// The queue's part of the disk, if nobody says otherwise: one in so many bytes.
const QUEUE_PART: u64 = 10;
/// Objects that are sealed at the same time.
const SEALING_MAX: usize = 2;

/// A paired device. Its folder is held until the device and all its parts are dropped.
#[derive(Debug)]
pub struct Device {
    folder: Folder,
    state: State,
}

/// What may be chosen about a running device.
#[derive(Debug, Clone)]
pub struct DeviceOptions {
    /// The program and its version, as reported: such as `ownsight agent 0.1.0`.
    pub version: String,
    /// Most bytes in the queue before the oldest events are dropped. `None`: a tenth of the disk. At least 64 MiB.
    pub queue_bytes_max: Option<u64>,
}

/// A device's tasks. Nothing is sent or received before [`DeviceRunner::run`].
#[derive(Debug)]
pub struct DeviceRunner {
    poll: Poll,
    sender: report::Sender,
    delivery: Delivery,
    drains: Vec<Drain>,
    configuration: watch::Sender<Option<Arc<Configuration>>>,
    clock: Arc<Clock>,
    folder: Folder,
}

/// A device's newest configuration; `None` before the first.
pub type ConfigurationReceiver = watch::Receiver<Option<Arc<Configuration>>>;

impl Device {
    /// Pairs a device with the home that a code leads to, and keeps the pairing in `folder` (made if missing).
    ///
    /// `confirm` is shown the home and says whether to go on; it may block, as a question to a person does.
    /// The home's people complete the pairing by opening the web app; until then the running device waits.
    ///
    /// Cancel safety: dropped before it has confirmed it leaves nothing; later the folder may hold a pairing,
    /// which is completed by running it, or replaced by pairing again.
    pub async fn pair(
        folder: &Path,
        request: PairingRequest,
        confirm: impl FnOnce(&Invitation) -> bool + Send,
    ) -> Result<Self, PairError> {
        let folder = pairing::open_folder(folder).await?;
        let (folder, state) = pairing::pair(folder, request, confirm).await?;
        Ok(Self { folder, state })
    }

    /// Opens the folder of a device that was paired. Blocks on the disk.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        let folder = Folder::open(folder, false)?;
        let state = State::load(&folder)?;
        Ok(Self { folder, state })
    }

    /// Like [`Device::pair`], on a disk of any kind, which nobody else may use.
    pub async fn pair_on(
        disk: Arc<dyn Disk>,
        request: PairingRequest,
        confirm: impl FnOnce(&Invitation) -> bool + Send,
    ) -> Result<Self, PairError> {
        let (folder, state) = pairing::pair(Folder::on(disk), request, confirm).await?;
        Ok(Self { folder, state })
    }

    /// Like [`Device::load`], on a disk of any kind, which nobody else may use.
    pub fn load_on(disk: Arc<dyn Disk>) -> Result<Self, LoadError> {
        let folder = Folder::on(disk);
        let state = State::load(&folder)?;
        Ok(Self { folder, state })
    }

    /// Who it is: device, home and installation.
    pub fn scope(&self) -> PairingScope {
        self.state.scope()
    }

    /// Small files in the device's folder, for the program around it.
    pub fn files(&self) -> DeviceFiles {
        DeviceFiles::new(self.folder.clone())
    }

    /// Opens the queue and makes the device's parts: the handle seals and reports, the runner talks to the server.
    /// Blocks on the disk. Needs no runtime yet.
    pub fn start(self, options: DeviceOptions) -> Result<(DeviceHandle, DeviceRunner), LoadError> {
        let Self { folder, state } = self;
        let scope = state.scope();
        let keys = state.keys().ok_or_else(|| LoadError::Damaged {
            file: "device.json".to_owned(),
            why: "its private key is none".to_owned(),
        })?;
        let saved: SavedClock = folder.read(CLOCK_FILE)?.unwrap_or_default();
        let clock = Arc::new(Clock::new(saved));
        let trust = state.server_pin.map_or(Trust::PublicRoots, Trust::Pin);
        let run = Run::begin(&folder)?;
        let api = Api::new(state.server.clone(), &trust, Arc::clone(&clock))?.authenticated(
            state.device,
            &state.credential.0,
            &run,
        );

        let configuration = watch::Sender::new(state.configuration.clone().map(Arc::new));
        let server = watch::Sender::new(ServerState::Unknown);
        let former = FormerPairings::load(folder.clone(), state.place)?;
        let drains = former.all().into_iter().map(|pairing| Drain::open(&folder, pairing, former.clone()));
        let drains = drains.collect::<Result<Vec<_>, _>>()?;
        let bytes_max = match options.queue_bytes_max {
            Some(bytes) => bytes,
            None => folder.disk.space()?.total_bytes / QUEUE_PART,
        };
        // What waits for former homes takes from the same room.
        let bytes_max = bytes_max.saturating_sub(drains.iter().map(Drain::bytes).sum());
        let reports = Arc::new(Reports::load(folder.clone(), state.place, configuration.subscribe())?);
        let record = Box::new(Arc::clone(&reports));
        let queue = Arc::new(Queue::open(Arc::clone(&folder.disk), state.place, bytes_max, record)?);
        let delivered = Arc::new(AtomicU64::new(0));

        let handle = DeviceHandle::new(Shared {
            scope,
            clock: Arc::clone(&clock),
            queue: Arc::clone(&queue),
            reports: Arc::clone(&reports),
            configuration: configuration.subscribe(),
            server: server.subscribe(),
            delivered: Arc::clone(&delivered),
            sealing: Arc::new(Semaphore::new(SEALING_MAX)),
        });
        let sender = report::Sender {
            api: api.clone(),
            reports: Arc::clone(&reports),
            queue: Arc::clone(&queue),
            clock: Arc::clone(&clock),
            configuration: configuration.subscribe(),
            version: options.version,
        };
        let delivery = Delivery {
            api: api.clone(),
            queue,
            reports: Some(Arc::clone(&reports)),
            pace: Pace::default(),
            delivered,
        };
        let poll = Poll {
            api,
            folder: folder.clone(),
            state,
            keys,
            run,
            reports,
            configuration: configuration.clone(),
            server,
        };
        Ok((handle, DeviceRunner { poll, sender, delivery, drains, configuration, clock, folder }))
    }
}

impl DeviceRunner {
    /// Runs the device: takes configurations, delivers, reports. Ends with `Ok` soon after `shutdown`, or with the
    /// reason why the server wants no more of this device. What is queued stays on disk either way.
    ///
    /// Cancel safety: dropping it loses nothing that was queued or acknowledged.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), StopReason> {
        let Self { poll, sender, delivery, drains, configuration, clock, folder } = self;
        let serve = async {
            let ended = tokio::select! {
                reason = poll.run() => reason,
                reason = sender.run() => reason,
                reason = delivery.run() => reason,
                reason = delivery.run() => reason,
            };
            if ended == StopReason::DeviceLeft { leave(&delivery, &configuration).await } else { ended }
        };
        let former = async {
            // A home that the device joins instead has to be there first.
            let mut configured = configuration.subscribe();
            let _ = configured.wait_for(Option::is_some).await;
            join_all(drains.into_iter().map(|drain| drain.run(&clock))).await;
            std::future::pending::<()>().await;
        };
        let ended = tokio::select! {
            reason = serve => Err(reason),
            () = former => Ok(()),
            () = save_clock(&clock, &folder) => Ok(()),
            () = shutdown.cancelled() => Ok(()),
        };
        if let Err(reason) = &ended {
            tracing::error!(%reason, "the device stops");
        }
        write_clock(&clock, &folder).await;
        ended
    }
}

/// The home has removed the device, and takes what it recorded until then: it records no more, and delivers that.
async fn leave(delivery: &Delivery, configuration: &watch::Sender<Option<Arc<Configuration>>>) -> StopReason {
    tracing::warn!(
        "this device was removed from its home: it records no more, and delivers what it recorded until then"
    );
    configuration.send_modify(|newest| {
        if let Some(newest) = newest {
            let newest = Arc::make_mut(newest);
            newest.cameras.clear();
            newest.tests.clear();
        }
    });
    let queue = Arc::clone(&delivery.queue);
    if let Ok(Err(error)) = spawn_blocking(move || queue.keep_events_only()).await {
        tracing::warn!(%error, "stills that nobody waits for could not be removed from the queue");
    }
    delivery.until_empty().await.unwrap_or(StopReason::DeviceLeft)
}

async fn save_clock(clock: &Clock, folder: &Folder) {
    let mut ticks = interval(CLOCK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        write_clock(clock, folder).await;
    }
}

async fn write_clock(clock: &Clock, folder: &Folder) {
    let Some(saved) = clock.to_save() else { return };
    let folder = folder.clone();
    if let Ok(Err(error)) = spawn_blocking(move || folder.write(CLOCK_FILE, &saved)).await {
        tracing::warn!(%error, "the time cannot be kept on disk");
    }
}
