//! The asynchronous shell: pulls one camera for ever and hands out what is found.
//!
//! ```text
//! pull (task) ──frames──► watch (blocking thread) ──► Outbox ──► forward (task) ──► receiver
//!   connects, waits,        Recorder: decoder,         bounded,
//!   keeps the status        detector, cutter           never waits
//! ```
//!
//! Nothing behind `pull` can hold it up: frames that find no room are thrown away, counted and become a gap, so
//! that the camera's connection is always read.

mod feed;
mod health;
mod pull;
mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use ownsight_model::Timestamp;
use tokio::sync::{mpsc, oneshot, watch as watched};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use crate::config::CameraConfig;
use crate::outbox::Outbox;
use crate::output::{CameraOutput, CameraStatus, Stats};

use feed::Feed;
use health::Health;

/// Outputs that the receiver may leave waiting, besides those in the outbox.
const OUTPUTS_MAX: usize = 4;
/// Time between two figures.
const STATS_INTERVAL: Duration = Duration::from_secs(10);
/// Longest wait for the last event when a pipeline is stopped.
const STOP_MAX: Duration = Duration::from_secs(10);

/// Counts that the pipeline's parts share.
#[derive(Debug, Default)]
struct Counters {
    frames: AtomicU64,
    bytes: AtomicU64,
    packets_lost: AtomicU64,
    undecoded: AtomicU64,
    overrun: AtomicU64,
    events: AtomicU64,
    events_lost: AtomicU64,
    restarts: AtomicU64,
    sound: Known,
    quieted: Since,
    /// No decoder could be had: what comes is not looked at.
    no_decoder: AtomicBool,
}

/// Whether something is so; nothing while that is not known.
#[derive(Debug, Default)]
struct Known(AtomicU8);

impl Known {
    fn set(&self, known: Option<bool>) {
        self.0.store(known.map_or(0, |yes| 1 + u8::from(yes)), Ordering::Relaxed);
    }

    fn get(&self) -> Option<bool> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            known => Some(known > 1),
        }
    }
}

/// Since when something is so, if it is.
#[derive(Debug)]
struct Since(AtomicI64);

impl Default for Since {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

impl Since {
    fn set(&self, since: Option<Timestamp>) {
        self.0.store(since.map_or(i64::MIN, Timestamp::as_micros), Ordering::Relaxed);
    }

    fn get(&self) -> Option<Timestamp> {
        let micros = self.0.load(Ordering::Relaxed);
        (micros != i64::MIN).then(|| Timestamp::from_micros(micros))
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

/// One camera being watched. Dropping it ends everything at once, and an event that is going on is lost; see
/// [`stop`](Self::stop).
#[derive(Debug)]
pub struct CameraPipeline {
    status: watched::Receiver<CameraStatus>,
    still_wanted: Arc<AtomicBool>,
    stop: Option<oneshot::Sender<()>>,
    pull: JoinHandle<()>,
    forward: Option<JoinHandle<()>>,
}

impl CameraPipeline {
    /// Begins to watch a camera. Must be called within a Tokio runtime with time and I/O enabled; takes one thread
    /// of its pool for blocking work for as long as it lives.
    ///
    /// The receiver gets everything that is found. When it is slow, memory does not grow: at most eight events
    /// of together 64 MB wait for it, and the next is thrown away, counted in [`Stats::events_lost`] and reported
    /// as a [`Gap`](crate::Gap). When it is dropped, watching goes on for nobody; drop the pipeline too.
    pub fn spawn(config: CameraConfig) -> (Self, mpsc::Receiver<CameraOutput>) {
        let (outputs, receiver) = mpsc::channel(OUTPUTS_MAX);
        let (stop, stopped) = oneshot::channel();
        let outbox = Arc::new(Outbox::default());
        let counters = Arc::new(Counters::default());
        let still_wanted = Arc::new(AtomicBool::new(false));
        let (health, status) = Health::new(Arc::clone(&outbox));
        let (feed, inlet) = Feed::new(Arc::clone(&counters));
        watch::spawn(
            inlet,
            config.clone(),
            Arc::clone(&outbox),
            Arc::clone(&counters),
            Arc::clone(&still_wanted),
        );
        let pull = tokio::spawn(pull::run(config, health, feed, Arc::clone(&counters), stopped));
        let forward = tokio::spawn(forward(outbox, outputs, counters));
        let pipeline = Self { status, still_wanted, stop: Some(stop), pull, forward: Some(forward) };
        (pipeline, receiver)
    }

    /// The status now and its changes, the newest only. All changes come as outputs too.
    pub fn status(&self) -> watched::Receiver<CameraStatus> {
        self.status.clone()
    }

    /// The next picture that is looked at is handed out as a still: with all still it is that of the next key frame.
    pub fn request_still(&self) {
        self.still_wanted.store(true, Ordering::Relaxed);
    }

    /// Ends watching: an event that is going on ends here, and all that waits is handed out. Returns when it is,
    /// at the latest after ten seconds; keep taking outputs meanwhile.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // It fails only if pulling has ended already.
            let _ = stop.send(());
        }
        if let Some(forward) = &mut self.forward {
            let _ = timeout(STOP_MAX, forward).await;
        }
    }
}

impl Drop for CameraPipeline {
    fn drop(&mut self) {
        self.pull.abort();
        if let Some(forward) = &self.forward {
            forward.abort();
        }
    }
}

/// Hands outputs on, and figures now and then.
async fn forward(outbox: Arc<Outbox>, outputs: mpsc::Sender<CameraOutput>, counters: Arc<Counters>) {
    let mut ticks = interval_at(Instant::now() + STATS_INTERVAL, STATS_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut rates = Rates::new();
    loop {
        let output = tokio::select! {
            output = outbox.take() => output,
            _ = ticks.tick() => {
                outbox.stats(rates.stats(&counters));
                continue;
            }
        };
        let Some(output) = output else { return };
        if outputs.send(output).await.is_err() {
            // Nobody takes anything any more. What is still put into the outbox stays within its bounds.
            return;
        }
    }
}

/// Counts of the last interval.
struct Rates {
    since: Instant,
    frames: u64,
    bytes: u64,
}

impl Rates {
    fn new() -> Self {
        Self { since: Instant::now(), frames: 0, bytes: 0 }
    }

    fn stats(&mut self, counters: &Counters) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (frames, bytes) = (read(&counters.frames), read(&counters.bytes));
        let seconds = self.since.elapsed().as_secs_f64().max(0.001);
        let stats = Stats {
            frames_per_second: ((frames - self.frames) as f64 / seconds) as f32,
            bits_per_second: ((bytes - self.bytes) as f64 * 8.0 / seconds) as u64,
            frames,
            packets_lost: read(&counters.packets_lost),
            frames_undecoded: read(&counters.undecoded),
            frames_overrun: read(&counters.overrun),
            sound: counters.sound.get(),
            quieted_since: counters.quieted.get(),
            events: read(&counters.events),
            events_lost: read(&counters.events_lost),
            restarts: read(&counters.restarts),
        };
        *self = Self { since: Instant::now(), frames, bytes };
        stats
    }
}
