//! Camera tests: an address is tried once, each step reported as it ends, the first picture sent sealed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ownsight_camera::{KnownCamera, Still, test_connection};
use ownsight_device::{AssignedTest, CameraSealer, Configuration, DeviceFiles, DeviceHandle};
use ownsight_model::{CameraFault, StepReport, TestId, TestReport};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use crate::camera::credentials;
use crate::fingerprints::Fingerprints;

const FILE: &str = "camera-tests";
/// Tests that run at the same time.
const AT_ONCE: usize = 2;
/// Drafts are erased after ten minutes: a still that did not arrive by then never matters.
const DELIVERY_MAX: Duration = Duration::from_mins(10);
const STEPS_MAX: usize = 8;

/// Runs each test of a configuration once.
#[derive(Debug)]
pub(crate) struct CameraTests {
    handle: DeviceHandle,
    files: DeviceFiles,
    fingerprints: Fingerprints,
    /// Tests that were begun, in this run or one before: as on disk.
    begun: Arc<Mutex<BTreeSet<TestId>>>,
    /// Those that were begun in this run.
    ours: BTreeSet<TestId>,
    permits: Arc<Semaphore>,
    tasks: JoinSet<()>,
}

impl CameraTests {
    /// Blocks on the disk.
    pub(crate) fn load(handle: DeviceHandle, files: DeviceFiles, fingerprints: Fingerprints) -> Self {
        let begun = files.read(FILE).ok().flatten().unwrap_or_default();
        Self {
            handle,
            files,
            fingerprints,
            begun: Arc::new(Mutex::new(begun)),
            ours: BTreeSet::new(),
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            tasks: JoinSet::new(),
        }
    }

    /// Begins the tests of a configuration that were not begun before.
    pub(crate) fn apply(&mut self, configuration: &Configuration) {
        while self.tasks.try_join_next().is_some() {}
        let assigned: BTreeSet<_> = configuration.tests.iter().map(|test| test.test).collect();
        self.ours.retain(|test| assigned.contains(test));
        for test in &configuration.tests {
            if !self.ours.insert(test.test) {
                continue;
            }
            let one = OneTest {
                handle: self.handle.clone(),
                sealer: configuration.sealer(&test.camera),
                known: self.fingerprints.of_test(configuration, &test.camera),
                test: test.clone(),
                steps: Vec::new(),
            };
            let (begun, files) = (Arc::clone(&self.begun), self.files.clone());
            let (permits, assigned) = (Arc::clone(&self.permits), assigned.clone());
            self.tasks.spawn(async move {
                // The semaphore is never closed.
                let Ok(_permit) = permits.acquire().await else { return };
                let id = one.test.test;
                match spawn_blocking(move || begin(&begun, &files, &assigned, id)).await {
                    Ok(true) => one.run().await,
                    // It was cut off by the agent's end. Its still may have another one's bytes: never again.
                    Ok(false) => one.report(true),
                    Err(_) => {}
                }
            });
        }
    }
}

/// Notes durably that a test begins. `false` if it began before, or if that cannot be noted.
fn begin(
    begun: &Mutex<BTreeSet<TestId>>,
    files: &DeviceFiles,
    assigned: &BTreeSet<TestId>,
    test: TestId,
) -> bool {
    // Held while writing: the file has one writer at a time.
    let mut begun = begun.lock().unwrap_or_else(PoisonError::into_inner);
    if !begun.insert(test) {
        return false;
    }
    begun.retain(|begun| assigned.contains(begun) || *begun == test);
    files
        .write(FILE, &*begun)
        .inspect_err(
            |error| tracing::error!(%error, "that a camera test begins cannot be noted: it does not run"),
        )
        .is_ok()
}

struct OneTest {
    handle: DeviceHandle,
    sealer: CameraSealer,
    known: Option<Arc<dyn KnownCamera>>,
    test: AssignedTest,
    steps: Vec<StepReport>,
}

impl OneTest {
    async fn run(mut self) {
        tracing::info!(test.id = %self.test.test, camera.id = %self.test.camera.camera, "camera test");
        if let Ok(still) = self.connect().await {
            self.deliver(still).await;
        }
        self.report(true);
    }

    /// Tries the camera, reporting each step as it ends.
    async fn connect(&mut self) -> Result<Still, CameraFault> {
        let Some(source) = self.test.camera.source.clone() else { return Err(CameraFault::NoAnswer) };
        let credentials = credentials(&source);
        let known = self.known.clone();
        let (sender, mut steps) = mpsc::channel(STEPS_MAX);
        let tried = async {
            let result = test_connection(&source.address, credentials.as_ref(), known, &sender).await;
            drop(sender);
            result
        };
        let reported = async {
            while let Some(step) = steps.recv().await {
                self.steps.push(step);
                self.report(false);
            }
        };
        tokio::join!(tried, reported).0
    }

    /// Sends the picture; returns when the server has it, or never will.
    async fn deliver(&self, still: Still) {
        let at = self.handle.server_time(still.at);
        match self.handle.seal_test_still(&self.sealer, self.test.test, at, still.jpeg).await {
            Ok(queued) => {
                if timeout(DELIVERY_MAX, queued.outcome()).await.is_err() {
                    tracing::warn!(test.id = %self.test.test, "a camera test's picture did not arrive in time");
                }
            }
            Err(error) => {
                tracing::error!(test.id = %self.test.test, %error, "a camera test's picture could not be sealed");
            }
        }
    }

    fn report(&self, done: bool) {
        let (at, steps) = (self.handle.now(), self.steps.clone());
        self.handle
            .report_test(&self.sealer, &TestReport { test: self.test.test, at, steps, done, look: None });
    }
}
