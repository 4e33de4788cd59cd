//! Pulls a camera for ever: connects, takes frames, waits after a fault, connects again.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use ownsight_model::CameraFault;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::config::CameraConfig;
use crate::fingerprint::Guard;
use crate::output::GapReason;
use crate::source::{Backoff, Described, Fault, Frame, parse_url};

use super::feed::{Feed, Given};
use super::health::Health;
use super::{Counters, add};

/// A connection that gave frames for this long was a good one: the next wait is short again.
const GOOD_AFTER: Duration = Duration::from_secs(30);
/// A connection with sound that broke is followed by ones without for this long: were the sound what broke it, the video
/// would be lost with it again and again.
const SILENT_FOR: Duration = Duration::from_mins(10);
/// Longest wait for a first key frame. Some cameras send one in 30 s only.
const KEY_FRAME_MAX: Duration = Duration::from_mins(1);

/// Runs until told to stop, or until the watching thread is gone.
pub(super) async fn run(
    config: CameraConfig,
    mut health: Health,
    mut feed: Feed,
    counters: Arc<Counters>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut backoff = Backoff::default();
    let mut silent_until = None;
    loop {
        let begun = Instant::now();
        // The RTSP library reads a stranger's bytes. Should it panic, this connection ends, and the next begins.
        let connection =
            AssertUnwindSafe(connection(&config, &mut health, &mut feed, &counters, &mut silent_until))
                .catch_unwind();
        let fault = tokio::select! {
            ended = connection => match ended {
                Ok(Ended::Fault(fault)) => fault,
                Ok(Ended::NobodyWatches) => break,
                Err(_) => {
                    add(&counters.restarts, 1);
                    silent_until = config.sound.then(|| Instant::now() + SILENT_FOR);
                    Fault::new(CameraFault::Broken, "reading the stream failed")
                }
            },
            _ = &mut stopped => break,
        };
        feed.interrupt();
        health.fault(&fault);
        if begun.elapsed() > GOOD_AFTER {
            backoff.reset();
        }
        let wait = backoff.next(fault.kind);
        tracing::debug!(
            camera.host = config.address.authority(),
            fault = ?fault.kind,
            detail = %fault.detail,
            wait_ms = wait.as_millis() as u64,
            "camera gives no pictures"
        );
        tokio::select! {
            () = sleep(wait) => {}
            _ = &mut stopped => break,
        }
    }
    feed.interrupt();
    health.end();
}

enum Ended {
    Fault(Fault),
    NobodyWatches,
}

/// One connection, from the first byte to the fault that ends it.
async fn connection(
    config: &CameraConfig,
    health: &mut Health,
    feed: &mut Feed,
    counters: &Counters,
    silent_until: &mut Option<Instant>,
) -> Ended {
    let guard = Guard::new(config.known.clone());
    let with_sound = config.sound && silent_until.is_none_or(|until| until <= Instant::now());
    let mut sound_asked = false;
    let connecting = async {
        let url = parse_url(&config.address)?;
        let (found, passed) = guard.unasked(&url).await?;
        let mut described = Described::connect(&found, config.credentials.as_ref()).await?;
        guard.described(passed, described.sdp()).await?;
        described.choose_video()?;
        if with_sound {
            sound_asked = described.choose_sound();
        }
        let stream = described.play().await?;
        // Without it the next connection says; until then what the one before it brought is not repeated.
        counters.sound.set(with_sound.then(|| stream.has_sound()));
        Ok::<_, Fault>(stream)
    };
    let mut stream = match connecting.await {
        Ok(stream) => stream,
        Err(fault) => {
            if sound_asked && fault.kind != CameraFault::Busy {
                *silent_until = Some(Instant::now() + SILENT_FOR);
            }
            return Ended::Fault(fault);
        }
    };
    let begun = Instant::now();
    let mut keyless_since = begun;
    loop {
        let frame = match stream.next().await {
            Ok(frame) => frame,
            Err(fault) => {
                // Which of the two was at fault is not known: the library tells one error for both.
                let young = begun.elapsed() < GOOD_AFTER
                    && matches!(fault.kind, CameraFault::Closed | CameraFault::Stalled);
                if sound_asked && (young || fault.kind == CameraFault::Broken) {
                    *silent_until = Some(Instant::now() + SILENT_FOR);
                }
                return Ended::Fault(fault);
            }
        };
        if frame.unit.key {
            keyless_since = Instant::now();
        }
        if counters.no_decoder.swap(false, Ordering::Relaxed) {
            let detail =
                "no decoder starts here; after ffmpeg was installed or upgraded the agent must start anew";
            return Ended::Fault(Fault::new(CameraFault::CodecNotSupported, detail));
        }
        match take(frame, health, feed, counters) {
            Given::Closed => return Ended::NobodyWatches,
            Given::Skipped if keyless_since.elapsed() > KEY_FRAME_MAX => {
                return Ended::Fault(Fault::new(CameraFault::NoKeyFrame, "no key frame in 60 s"));
            }
            _ => {}
        }
    }
}

/// Gives a frame on, after an interruption if it is not joined to the one before it.
fn take(frame: Frame, health: &mut Health, feed: &mut Feed, counters: &Counters) -> Given {
    add(&counters.packets_lost, u64::from(frame.lost));
    if frame.lost > 0 {
        health.pause(GapReason::Camera(CameraFault::Broken));
        feed.interrupt();
    } else if frame.jumped {
        health.pause(GapReason::Camera(CameraFault::Stalled));
        feed.interrupt();
    }
    let at = frame.unit.at;
    let given = feed.frame(frame.unit, frame.sounds);
    match given {
        Given::Joined | Given::First => health.recorded(at),
        Given::Overrun => health.pause(GapReason::Overloaded),
        Given::Skipped | Given::Closed => {}
    }
    given
}
