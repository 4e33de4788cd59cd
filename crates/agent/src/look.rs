//! Looks: a call for cameras in this machine's networks, or a question to one that speaks ONVIF, each once.
//!
//! What is found is sealed to the look's draft and reported as it comes; the latest report counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ownsight_device::{AssignedLook, CameraSealer, Configuration, DeviceHandle, LookOf, OnvifSource};
use ownsight_model::{AskedCamera, FoundCamera, LookReport, OnvifFault, TestId};
use ownsight_onvif::{Around, Login, OnvifCamera, Password, discover};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet, spawn_blocking};

/// Looks that run at the same time.
const AT_ONCE: usize = 2;
/// Cameras on their way to a report.
const FOUND_QUEUE: usize = 8;

/// Runs each look of a configuration once. After a restart it runs again, if it has not ended: nothing that it did
/// before changed anything.
#[derive(Debug)]
pub(crate) struct Looks {
    handle: DeviceHandle,
    begun: BTreeMap<TestId, AbortHandle>,
    permits: Arc<Semaphore>,
    tasks: JoinSet<()>,
    /// Where to call, in tests; `None`: in all networks of this machine.
    around: Option<Around>,
}

impl Looks {
    pub(crate) fn new(handle: DeviceHandle, around: Option<Around>) -> Self {
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        Self { handle, begun: BTreeMap::new(), permits, tasks: JoinSet::new(), around }
    }

    /// Begins the looks of a configuration that were not begun before, and ends those that it does not have any more: nobody
    /// waits for what they would find.
    pub(crate) fn apply(&mut self, configuration: &Configuration) {
        while self.tasks.try_join_next().is_some() {}
        let assigned: BTreeSet<_> = configuration.looks.iter().map(|look| look.look).collect();
        self.begun.retain(|look, task| {
            let goes_on = assigned.contains(look);
            if !goes_on {
                task.abort();
            }
            goes_on
        });
        for look in &configuration.looks {
            if self.begun.contains_key(&look.look) {
                continue;
            }
            let one = OneLook {
                handle: self.handle.clone(),
                sealer: configuration.sealer(&look.camera),
                around: self.around.clone(),
                look: look.clone(),
            };
            let permits = Arc::clone(&self.permits);
            let task = self.tasks.spawn(async move {
                // The semaphore is never closed.
                let Ok(_permit) = permits.acquire().await else { return };
                one.run().await;
            });
            self.begun.insert(look.look, task);
        }
    }
}

struct OneLook {
    handle: DeviceHandle,
    sealer: CameraSealer,
    around: Option<Around>,
    look: AssignedLook,
}

impl OneLook {
    async fn run(self) {
        tracing::info!(look.id = %self.look.look, "looks for cameras");
        match &self.look.of {
            LookOf::Around => self.look_around().await,
            LookOf::Camera(source) => match ask(source).await {
                Ok(asked) => self.report(Vec::new(), Some(asked), None, true),
                Err(fault) => self.report(Vec::new(), None, Some(fault), true),
            },
        }
    }

    async fn look_around(&self) {
        self.report(Vec::new(), None, None, false);
        let around = match self.around.clone() {
            Some(around) => Ok(around),
            // An error is that it panicked.
            None => match spawn_blocking(Around::this_machine).await {
                Ok(around) => around,
                Err(_) => return self.report(Vec::new(), None, Some(OnvifFault::NoNetwork), true),
            },
        };
        let (sender, mut cameras) = mpsc::channel(FOUND_QUEUE);
        let calling = async {
            let called = match around {
                Ok(around) => discover(&around, &sender).await,
                Err(error) => Err(error),
            };
            drop(sender);
            called
        };
        let reported = async {
            let mut found: Vec<FoundCamera> = Vec::new();
            while let Some(camera) = cameras.recv().await {
                found.push(camera);
                self.report(found.clone(), None, None, false);
            }
            found
        };
        let (called, found) = tokio::join!(calling, reported);
        let fault = called.err().map(|error| {
            tracing::warn!(look.id = %self.look.look, %error, "nobody could be called");
            OnvifFault::NoNetwork
        });
        self.report(found, None, fault, true);
    }

    fn report(
        &self,
        found: Vec<FoundCamera>,
        asked: Option<AskedCamera>,
        fault: Option<OnvifFault>,
        done: bool,
    ) {
        let report = LookReport { look: self.look.look, at: self.handle.now(), found, asked, fault };
        self.handle.report_look(&self.sealer, &report, done);
    }
}

/// Asks a camera that somebody of the home chose for its streams.
async fn ask(source: &OnvifSource) -> Result<AskedCamera, OnvifFault> {
    let login = (!source.user.is_empty())
        .then(|| Login { user: source.user.clone(), password: Password::new(&source.password) });
    let asked = async { OnvifCamera::connect(&source.service, login).await?.ask().await };
    asked.await.map_err(|error| {
        tracing::info!(%error, "a camera that was asked over ONVIF gave no streams");
        error.fault()
    })
}
