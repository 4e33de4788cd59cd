//! The task that makes a camera's frames in time, as long as somebody listens.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until};

use super::hub::Camera;
use super::settings::{Scene, Source};
use crate::media::footage::Footage;
use crate::media::source::{Frame, LiveSettings, LiveSource, OriginalSource, Place, SourceError, Wish};

/// Frames that are overdue by less are made up for, in quick succession; beyond that they are left out.
const LATE_MAX: Duration = Duration::from_secs(2);
/// After the codec failed, which it never should.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Runs until it is dropped. Decoder and encoder exist only while somebody listens; the camera's clock goes on, its
/// place in the footage and its sequence number wait.
pub(crate) async fn run(camera: Arc<Camera>, footage: &'static Footage) {
    let mut place = Place { position: camera.settings.view.start, sequence: 0 };
    loop {
        while !camera.is_watched() {
            camera.wait_for_listener().await;
        }
        tracing::debug!(camera = camera.settings.path, "somebody listens");
        let ended = match camera.settings.source {
            Source::Live => play_live(&camera, footage, &mut place).await,
            Source::Original => play_original(&camera, footage, &mut place).await,
        };
        match ended {
            Ok(()) => tracing::debug!(camera = camera.settings.path, "nobody listens any more"),
            Err(error) => {
                log_failure(&camera, &error);
                camera.drop_listeners();
                sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    }
}

fn log_failure(camera: &Camera, error: &(dyn std::error::Error + 'static)) {
    tracing::error!(camera = camera.settings.path, error, "the camera broke and begins again");
}

async fn play_live(camera: &Camera, footage: &'static Footage, place: &mut Place) -> Result<(), SourceError> {
    let settings = LiveSettings {
        view: camera.settings.view,
        fps: camera.settings.fps,
        watermark: camera.settings.watermark,
        loop_end: footage.loop_end(camera.settings.loop_frames),
    };
    let from = *place;
    let mut source = blocking(move || LiveSource::new(settings, footage, from).map(Box::new)).await?;
    let mut tick = camera.clock.next_tick(Instant::now());
    while camera.is_watched() {
        tick = wait_for(camera, tick).await;
        let timestamp = camera.clock.timestamp(tick);
        let (still, sigma) = match camera.scene() {
            Scene::Footage => (false, camera.settings.noise),
            Scene::StillWithNoise { sigma } => (true, sigma),
        };
        let wish = Wish { force_key: camera.take_key_wish(), still, noise: sigma };
        let made;
        (source, made) = blocking(move || {
            let made = source.next(timestamp, wish);
            (source, made)
        })
        .await;
        camera.send(&made?);
        *place = source.place();
        tick += 1;
    }
    Ok(())
}

async fn play_original(
    camera: &Camera,
    footage: &'static Footage,
    place: &mut Place,
) -> Result<(), SourceError> {
    let mut source = OriginalSource::new(footage, footage.loop_end(camera.settings.loop_frames), *place);
    let mut tick = camera.clock.next_tick(Instant::now());
    while camera.is_watched() {
        tick = wait_for(camera, tick).await;
        if let Some((delay, frame)) = source.next() {
            let timestamp = camera.clock.timestamp(tick + u64::from(delay));
            camera.send(&Arc::new(Frame { timestamp, ..frame }));
        }
        place.position = source.position();
        tick += 1;
    }
    Ok(())
}

/// Waits until frame `tick` is due; answers the frame that is to be made now, a later one if this is long overdue.
async fn wait_for(camera: &Camera, tick: u64) -> u64 {
    let now = Instant::now();
    let tick = if camera.clock.due(tick) + LATE_MAX < now { camera.clock.next_tick(now) } else { tick };
    sleep_until(camera.clock.due(tick)).await;
    tick
}

/// Runs work that costs CPU on the blocking pool. If the future is dropped, the work ends by itself soon after.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only when the runtime shuts down, and then nobody polls this any more.
            Err(_) => std::future::pending().await,
        },
    }
}
