//! The thread that looks at frames.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::CameraConfig;
use crate::outbox::Outbox;
use crate::recorder::{Recorded, Recorder};

use super::feed::{Fed, Inlet};
use super::{Counters, add};

/// Begins the thread. It ends by itself when the feed is gone, and closes the outbox then.
pub(super) fn spawn(
    inlet: Inlet,
    config: CameraConfig,
    outbox: Arc<Outbox>,
    counters: Arc<Counters>,
    still_wanted: Arc<AtomicBool>,
) {
    tokio::task::spawn_blocking(move || {
        run(inlet, &config, &outbox, &counters, &still_wanted);
        outbox.close();
    });
}

fn run(
    mut inlet: Inlet,
    config: &CameraConfig,
    outbox: &Outbox,
    counters: &Counters,
    still_wanted: &AtomicBool,
) {
    let new_recorder = || Recorder::new(config.motion.clone(), config.event.clone(), config.still_interval);
    let mut recorder = new_recorder();
    let mut undecoded = 0;
    let mut ended = false;
    while !ended {
        let fed = inlet.next().unwrap_or_else(|| {
            // Whatever the reason: an event that is going on ends here.
            ended = true;
            Fed::Interrupt
        });
        if still_wanted.swap(false, Ordering::Relaxed) {
            recorder.request_still();
        }
        // A bug that some camera's bytes bring to light costs this camera's running event, and is counted.
        let looked = catch_unwind(AssertUnwindSafe(|| match &fed {
            Fed::Frame(unit, sounds) => {
                for sound in sounds {
                    recorder.sound(sound);
                }
                recorder.frame(unit)
            }
            Fed::Interrupt => recorder.interrupt(),
        }));
        let found = looked.unwrap_or_else(|_| {
            tracing::error!(camera.host = config.address.authority(), "looking at a frame failed");
            add(&counters.restarts, 1);
            recorder = new_recorder();
            undecoded = 0;
            Vec::new()
        });
        if let Some(error) = recorder.take_decoder_error() {
            tracing::warn!(camera.host = config.address.authority(), %error, "a camera's pictures cannot be looked at");
            counters.no_decoder.store(true, Ordering::Relaxed);
        }
        let now = recorder.stats().undecoded;
        add(&counters.undecoded, now.saturating_sub(undecoded));
        undecoded = now;
        counters.quieted.set(recorder.quieted_since());
        hand_out(found, config, outbox, counters);
    }
}

fn hand_out(found: Vec<Recorded>, config: &CameraConfig, outbox: &Outbox, counters: &Counters) {
    for recorded in found {
        match recorded {
            Recorded::Still(still) => outbox.still(still),
            Recorded::Event(event) => {
                add(&counters.events, 1);
                if !outbox.event(event) {
                    tracing::warn!(
                        camera.host = config.address.authority(),
                        "an event is lost: nobody takes events"
                    );
                    add(&counters.events_lost, 1);
                }
            }
        }
    }
}
