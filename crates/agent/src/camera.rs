//! One camera: its pipeline, and the one sealer for what comes out of it.

use std::time::Duration;

use ownsight_camera::{
    CameraConfig, CameraOutput, CameraPipeline, CameraStatus, Credentials, Event, MotionConfig, Stats, Still,
    Zone,
};
use ownsight_device::{AssignedCamera, CameraSealer, CameraSource, DeviceHandle, SealError};
use ownsight_model::{
    CameraId, CameraReport, CameraState, GapReason, GapReport, MotionSettings, TenureId, Timestamp,
    VideoReport, ZoneKind,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::alive::{AliveCamera, Offline};
use crate::figures::Figures;
use crate::fingerprints::Fingerprints;
use crate::run::CameraOptions;
use crate::sealing::{event_to_seal, gap_report};

/// Figures of a stream are reported so often, besides at each change of state.
const REPORT_EVERY: Duration = Duration::from_mins(1);
/// A pipeline that ended by itself, which it never should, begins again after this time.
const RESTART_PAUSE: Duration = Duration::from_secs(5);

/// What a pipeline is made of. When any of it changes, so must the pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    assigned: AssignedCamera,
    source: CameraSource,
}

impl Assignment {
    /// `None` for a camera that pushes by itself.
    pub(crate) fn of(assigned: &AssignedCamera) -> Option<Self> {
        let source = assigned.source.clone()?;
        Some(Self { assigned: assigned.clone(), source })
    }

    /// Whether the two make the same pipeline with the same sealer.
    pub(crate) fn same(&self, other: &Self) -> bool {
        let sealed_as = |this: &Self| {
            let assigned = &this.assigned;
            (
                assigned.camera,
                assigned.tenure,
                assigned.home_epoch,
                assigned.camera_epoch,
                assigned.sensitivity,
                assigned.sound,
            )
        };
        sealed_as(self) == sealed_as(other)
            && self.assigned.motion == other.assigned.motion
            && self.assigned.camera_key == other.assigned.camera_key
            && self.assigned.psk.expose() == other.assigned.psk.expose()
            && self.source.address == other.source.address
            && self.source.user == other.source.user
            && self.source.password == other.source.password
            && self.source.accepted == other.source.accepted
            && self.source.digest_only == other.source.digest_only
    }

    fn config(&self, options: &CameraOptions, fingerprints: &Fingerprints) -> CameraConfig {
        let mut config = CameraConfig::new(self.source.address.clone(), credentials(&self.source));
        config.known = fingerprints.of(&self.assigned);
        // A home's scale goes from 1 to 10, the detector's from 0 to 100.
        config.motion.sensitivity = self.assigned.sensitivity.clamp(1, 10) * 10;
        motion_settings(&self.assigned.motion, &mut config.motion);
        config.sound = self.assigned.sound;
        config.still_interval = options.still_interval;
        config.event = options.event.clone();
        if !self.assigned.motion.quieting {
            config.event.quieting = None;
        }
        config
    }
}

/// What a home says of motion, as the detector takes it.
fn motion_settings(settings: &MotionSettings, config: &mut MotionConfig) {
    let corner = |[x, y]: &[u16; 2]| (f32::from(*x) / 1_000.0, f32::from(*y) / 1_000.0);
    for zone in &settings.zones {
        let zones = match zone.kind {
            ZoneKind::Include => &mut config.include,
            ZoneKind::Exclude => &mut config.exclude,
        };
        zones.push(Zone { corners: zone.corners.iter().map(corner).collect() });
    }
    config.size_min = f32::from(settings.size_min) / 1_000.0;
    config.start_after = Duration::from_millis(settings.lasts_min_ms.into());
}

/// What a camera wants to hear; `None` if it asks for nothing.
pub(crate) fn credentials(source: &CameraSource) -> Option<Credentials> {
    let some = !source.user.is_empty() || !source.password.is_empty();
    some.then(|| {
        let credentials = Credentials::new(source.user.clone(), source.password.clone());
        if source.digest_only { credentials.by_digest_only() } else { credentials }
    })
}

/// A camera that is watched.
#[derive(Debug)]
pub(crate) struct WatchedCamera {
    assignment: Assignment,
    offline: watch::Receiver<Option<Offline>>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl WatchedCamera {
    /// Begins to watch, once `before` has ended: a camera has one pipeline at a time.
    pub(crate) fn start(
        handle: DeviceHandle,
        sealer: CameraSealer,
        assignment: Assignment,
        options: &CameraOptions,
        fingerprints: &Fingerprints,
        figures: &Figures,
        before: Option<JoinHandle<()>>,
    ) -> Self {
        let (offline_sender, offline) = watch::channel(None);
        let stop = CancellationToken::new();
        let config = assignment.config(options, fingerprints);
        let mut pipeline_task = PipelineTask {
            handle,
            sealer,
            figures: figures.clone(),
            offline: offline_sender,
            video: None,
            reported: None,
            status: None,
            quieted: None,
        };
        let task = tokio::spawn({
            let stop = stop.clone();
            async move {
                if let Some(before) = before {
                    // It ends within the time that a pipeline takes to stop; an error is that it panicked.
                    let _ = before.await;
                }
                while !stop.is_cancelled() {
                    pipeline_task.run(config.clone(), &stop).await;
                    if stop.run_until_cancelled(sleep(RESTART_PAUSE)).await.is_some() {
                        tracing::error!("a camera's pipeline ended by itself: it begins again");
                    }
                }
            }
        });
        Self { assignment, offline, stop, task }
    }

    pub(crate) fn assignment(&self) -> &Assignment {
        &self.assignment
    }

    /// Whether its task has ended although nobody told it to.
    pub(crate) fn has_failed(&self) -> bool {
        self.task.is_finished()
    }

    pub(crate) fn alive(&self) -> AliveCamera {
        let assigned = &self.assignment.assigned;
        AliveCamera { camera: assigned.camera, tenure: assigned.tenure, offline: *self.offline.borrow() }
    }

    pub(crate) fn tenure(&self) -> TenureId {
        self.assignment.assigned.tenure
    }

    /// Tells it to end: an event that is going on is sealed first. The task ends within some ten seconds.
    pub(crate) fn stop(self) -> JoinHandle<()> {
        self.stop.cancel();
        self.task
    }
}

/// Owns a pipeline's outputs and their sealer.
struct PipelineTask {
    handle: DeviceHandle,
    sealer: CameraSealer,
    figures: Figures,
    offline: watch::Sender<Option<Offline>>,
    video: Option<VideoReport>,
    reported: Option<Instant>,
    status: Option<CameraStatus>,
    /// Since when it is quieted, by this machine's clock.
    quieted: Option<Timestamp>,
}

impl PipelineTask {
    async fn run(&mut self, config: CameraConfig, stop: &CancellationToken) {
        let (pipeline, mut outputs) = CameraPipeline::spawn(config);
        let stopping = async {
            stop.cancelled().await;
            pipeline.stop().await;
        };
        tokio::pin!(stopping);
        let mut stopped = false;
        loop {
            tokio::select! {
                output = outputs.recv() => match output {
                    Some(output) => self.take(output).await,
                    None => {
                        // A next pipeline begins to count anew.
                        self.quiet(None).await;
                        return;
                    }
                },
                () = &mut stopping, if !stopped => stopped = true,
            }
        }
    }

    async fn take(&mut self, output: CameraOutput) {
        match output {
            CameraOutput::Status(status) => self.status(status),
            CameraOutput::Gap(gap) => {
                let report = gap_report(&self.handle, self.sealer.scope().camera, &gap);
                self.report_gap(report).await;
            }
            CameraOutput::Event(event) => self.event(*event).await,
            CameraOutput::Still(still) => self.still(still).await,
            CameraOutput::Stats(stats) => self.stats(&stats).await,
        }
    }

    fn status(&mut self, status: CameraStatus) {
        let since = self.handle.server_time(status.since);
        let offline = match status.state {
            CameraState::Offline(fault) => Some(Offline { since, fault }),
            CameraState::Connecting | CameraState::Records => None,
        };
        if status.state != CameraState::Records {
            self.video = None;
        }
        let camera = self.sealer.scope().camera;
        tracing::info!(camera.id = %camera, state = ?status.state, detail = status.detail, "camera");
        self.offline.send_replace(offline);
        self.figures.status(camera, status.state, since);
        self.status = Some(status);
        self.report();
    }

    fn report(&mut self) {
        let Some(status) = &self.status else { return };
        let report = CameraReport {
            camera: self.sealer.scope().camera,
            at: self.handle.now(),
            state: status.state,
            since: self.handle.server_time(status.since),
            // Of a camera at which nothing moved yet the size is not known, and its rates are.
            video: self.video.filter(|video| video.width > 0 || video.fps > 0.0),
            another: status.another.clone(),
            quieted_since: self.quieted.map(|since| self.handle.server_time(since)),
        };
        self.handle.report_camera(&self.sealer, &report);
        self.reported = Some(Instant::now());
    }

    async fn event(&mut self, event: Event) {
        self.size(event.width, event.height);
        let (camera, clip_bytes, frames) = (self.sealer.scope().camera, event.clip.len(), event.frames);
        let to_seal = event_to_seal(&self.handle, event);
        let (id, from, to) = (to_seal.event, to_seal.started_at, to_seal.ended_at);
        match self.handle.seal_event(&self.sealer, to_seal).await {
            Ok(queued) => {
                tracing::info!(camera.id = %camera, event.id = %id, clip_bytes, frames, sealed_bytes = queued.bytes, "event");
            }
            Err(error) => {
                log_unsealed(camera, &error, "an event could not be sealed and is lost");
                let gap = GapReport { camera, from, to: Some(to), reason: GapReason::QueueFull };
                self.report_gap(gap).await;
            }
        }
    }

    async fn still(&mut self, still: Still) {
        let at = self.handle.server_time(still.at);
        if let Err(error) = self.handle.seal_still(&self.sealer, at, still.jpeg).await {
            log_unsealed(self.sealer.scope().camera, &error, "a still could not be sealed");
        }
    }

    async fn stats(&mut self, stats: &Stats) {
        let is_first = self.video.is_none_or(|video| video.fps == 0.0);
        let size = self.video.map_or((0, 0), |video| (video.width, video.height));
        self.video = Some(VideoReport {
            width: size.0,
            height: size.1,
            fps: stats.frames_per_second,
            bits_per_second: stats.bits_per_second,
            lost_frames: stats.frames_undecoded + stats.frames_overrun,
            lost_packets: Some(stats.packets_lost),
            sound: stats.sound,
        });
        self.figures.stats(self.sealer.scope().camera, *stats);
        let quieted = self.quiet(stats.quieted_since).await;
        if is_first || quieted || self.reported.is_none_or(|reported| reported.elapsed() >= REPORT_EVERY) {
            self.report();
        }
    }

    /// Takes since when it is quieted; whether that is new. What was quieted is a gap once it is over.
    async fn quiet(&mut self, since: Option<Timestamp>) -> bool {
        if self.quieted == since {
            return false;
        }
        let camera = self.sealer.scope().camera;
        if since.is_some() {
            tracing::warn!(camera.id = %camera, "a camera makes event upon event: it is quieted");
        }
        if let Some(before) = std::mem::replace(&mut self.quieted, since) {
            tracing::info!(camera.id = %camera, "a camera is not quieted any more");
            let from = self.handle.server_time(before);
            let gap = GapReport { camera, from, to: Some(self.handle.now()), reason: GapReason::Quieted };
            self.report_gap(gap).await;
        }
        true
    }

    fn size(&mut self, width: u32, height: u32) {
        let before = VideoReport {
            width,
            height,
            fps: 0.0,
            bits_per_second: 0,
            lost_frames: 0,
            lost_packets: None,
            sound: None,
        };
        self.video = Some(VideoReport { width, height, ..self.video.unwrap_or(before) });
    }

    async fn report_gap(&self, gap: GapReport) {
        if let Err(error) = self.handle.report_gap(&self.sealer, gap).await {
            tracing::error!(camera.id = %self.sealer.scope().camera, %error, "a gap could not be kept on disk");
        }
    }
}

/// With what is behind the error: which failure of the disk it was.
fn log_unsealed(camera: CameraId, error: &SealError, what: &str) {
    let error: &dyn std::error::Error = error;
    tracing::error!(camera.id = %camera, error, "{what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_home_says_of_motion_is_what_the_detector_is_told() {
        let told = |settings: &str| {
            let mut config = MotionConfig::default();
            motion_settings(&serde_json::from_str(settings).unwrap(), &mut config);
            config
        };
        assert_eq!(told("{}"), MotionConfig::default());
        let config = told(
            r#"{"zones":[{"kind":"exclude","corners":[[0,0],[1000,0],[0,500]]},
                {"kind":"include","corners":[[250,250],[750,250],[500,1000]]}],"size_min":25,"lasts_min_ms":2000}"#,
        );
        assert_eq!(config.exclude, [Zone { corners: vec![(0.0, 0.0), (1.0, 0.0), (0.0, 0.5)] }]);
        assert_eq!(config.include, [Zone { corners: vec![(0.25, 0.25), (0.75, 0.25), (0.5, 1.0)] }]);
        assert_eq!((config.size_min, config.start_after), (0.025, Duration::from_secs(2)));
    }
}
