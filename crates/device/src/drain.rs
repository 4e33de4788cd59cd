//! Draining: what was queued under a former pairing goes to the home that it was sealed for, by that pairing's own credential, and
//! nothing else is asked of its server or told to it.
//!
//! It ends when the queue is empty, when the home wants nothing more, or [`DELIVERS`] after the pairing ended. Whatever its server
//! answers concerns this queue only.

use std::sync::Arc;
use std::time::Duration;

use ownsight_disk::DiskError;
use ownsight_model::{DeviceId, Timestamp};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::api::{Api, Refusal};
use crate::backoff::Backoff;
use crate::clock::{Clock, SavedClock};
use crate::delivery::Delivery;
use crate::error::{LoadError, StopReason};
use crate::former::{FormerPairing, FormerPairings};
use crate::pace::Pace;
use crate::place::Place;
use crate::queue::{DropRecord, Dropped, Queue};
use crate::state::Folder;
use crate::tls::Trust;

/// How long a former home takes what was recorded for it.
pub(crate) const DELIVERS: Duration = Duration::from_hours(30 * 24);
const CALL_LIMIT: Duration = Duration::from_secs(20);
/// How often the present server's time is asked for.
const CLOCK_PAUSE: Duration = Duration::from_secs(10);
/// Pause before another try when what answers at the address knows no such device: it may be somebody else's server.
const STRANGER_PAUSE: Duration = Duration::from_hours(1);

/// One former pairing that is drained.
#[derive(Debug)]
pub(crate) struct Drain {
    api: Api,
    delivery: Delivery,
    ended_at: Timestamp,
    device: DeviceId,
    place: Place,
    former: FormerPairings,
}

#[derive(Serialize)]
struct Leave {
    left_at: Timestamp,
}

/// What came of telling a server that the device has left.
enum Told {
    Yes,
    /// It takes nothing from this device.
    Refused,
    Later(Duration),
}

impl Drain {
    /// Opens a former pairing's queue. Blocks on the disk.
    pub(crate) fn open(
        folder: &Folder,
        pairing: FormerPairing,
        former: FormerPairings,
    ) -> Result<Self, LoadError> {
        // Of its own: what the former server says of the time must not move what is sealed for the present one.
        let clock = Arc::new(Clock::new(SavedClock::default()));
        let trust = pairing.server_pin.map_or(Trust::PublicRoots, Trust::Pin);
        let api = Api::new(pairing.server, &trust, clock)?.authenticated(
            pairing.device,
            &pairing.credential.0,
            &pairing.run,
        );
        let queue = Queue::open(Arc::clone(&folder.disk), pairing.place, u64::MAX, Box::new(NobodyTold))?;
        queue.keep_events_only()?;
        let delivery = Delivery {
            api: api.clone(),
            queue: Arc::new(queue),
            reports: None,
            pace: Pace::default(),
            delivered: Arc::default(),
        };
        Ok(Self {
            api,
            delivery,
            ended_at: pairing.ended_at,
            device: pairing.device,
            place: pairing.place,
            former,
        })
    }

    /// Bytes that wait.
    pub(crate) fn bytes(&self) -> u64 {
        self.delivery.queue.stats().bytes
    }

    /// Drains until nothing is left. `present` says what time it is, once the present server has: a machine's own clock may be
    /// wrong by more than what is allowed here.
    ///
    /// Cancel safety: what was not acknowledged is on disk, and the next start goes on.
    pub(crate) async fn run(self, present: &Clock) {
        let events = self.delivery.queue.stats().events;
        tracing::info!(device.id = %self.device, events, "this device was of another home: what it recorded there is delivered there");
        let over = async {
            while present.to_save().is_none() {
                sleep(CLOCK_PAUSE).await;
            }
            sleep(self.ended_at.plus(DELIVERS).since(present.now())).await;
        };
        tokio::select! {
            () = self.drain() => {}
            () = over => {}
        }
        let device = self.device;
        if let Err(error) = self.forget().await {
            tracing::error!(device.id = %device, %error, "a former pairing could not be forgotten: tried again at the next start");
        }
    }

    async fn drain(&self) {
        let mut backoff = Backoff::default();
        loop {
            match self.tell().await {
                Told::Yes => break,
                Told::Refused => return,
                Told::Later(asked) => sleep(backoff.failed(Some(asked))).await,
            }
        }
        loop {
            match self.delivery.until_empty().await {
                None | Some(StopReason::DeviceRemoved) => return,
                Some(_) => sleep(STRANGER_PAUSE).await,
            }
        }
    }

    /// Tells the server that the device has left, and when.
    async fn tell(&self) -> Told {
        let request = self.api.request(Method::POST, "leave").json(&Leave { left_at: self.ended_at });
        let answer = match self.api.send(request, CALL_LIMIT).await {
            Ok(answer) => answer,
            Err(error) => return Told::Later(error.retry_after().unwrap_or_default()),
        };
        match (answer.status, answer.refusal()) {
            // A server from before devices could leave takes deliveries of them as ever.
            (status, _) if status.is_success() || status == StatusCode::NOT_FOUND => Told::Yes,
            (_, Refusal::Stop(StopReason::DeviceLeft)) => Told::Yes,
            (_, Refusal::Stop(StopReason::DeviceRemoved)) => Told::Refused,
            (_, Refusal::Stop(_)) => Told::Later(STRANGER_PAUSE),
            (_, Refusal::Contested | Refusal::OtherProtocol | Refusal::Later) => {
                Told::Later(answer.retry_after.unwrap_or_default())
            }
        }
    }

    async fn forget(self) -> Result<(), DiskError> {
        let Self { delivery, former, device, place, .. } = self;
        let forgotten = spawn_blocking(move || {
            // Its files first: a pairing that is noted is drained again, a folder without one would stay for ever.
            let events = delivery.queue.clear()?;
            if events > 0 {
                tracing::warn!(device.id = %device, events, "a former home takes no more: what was left for it is dropped");
            }
            former.remove(place)
        });
        // It fails only while the runtime ends.
        forgotten.await.unwrap_or(Ok(()))
    }
}

/// A former queue only shrinks: nothing is dropped to make room.
struct NobodyTold;

impl DropRecord for NobodyTold {
    fn dropped(&self, event: Dropped) {
        tracing::warn!(camera.id = %event.camera, event.id = %event.event, "an event for a former home was dropped");
    }
}
