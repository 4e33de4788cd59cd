//! Event keys that were opened, kept for the next opening: one event is opened for its thumbnail, its video and each range of
//! that, and the two X25519 operations of each time are most of what a decision costs.
//!
//! No opening leans on it: session, grant and camera secret are read and opened in each call, and what is kept lies under the
//! camera secret, bound to event and header. A wrong entry does not open; it is alarmed, dropped, and the header's own wrap opened.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ownsight_model::{CameraId, EventId};
use ownsight_seal::{CameraSecret, EventOpener, OpenError, VerifiedEvent};

use crate::alarm;

/// Most keys that are kept: some 200 bytes each.
const KEYS_MAX: usize = 4096;
/// For how long one is kept: an erased event's is gone by then, too.
const KEPT_FOR: Duration = Duration::from_mins(10);

type Event = (CameraId, EventId);

/// Bounded by count and time.
#[derive(Default)]
pub(crate) struct KeptKeys {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    sealed: HashMap<Event, Vec<u8>>,
    /// Oldest first. What was forgotten meanwhile is skipped.
    kept_at: VecDeque<(Instant, Event)>,
}

impl KeptKeys {
    /// Opens an event's key: by what was kept of it, else by its header, and keeps it then.
    pub(crate) fn open(
        &self,
        secret: &CameraSecret,
        verified: &VerifiedEvent,
        now: Instant,
    ) -> Result<EventOpener, OpenError> {
        let event = (verified.ids().scope.camera, verified.ids().event);
        let kept = self.lock().sealed.get(&event).cloned();
        if let Some(kept) = kept {
            match secret.open_kept_event(verified.clone(), &kept) {
                Ok(opener) => return Ok(opener),
                Err(error) => {
                    alarm::raise(&error, "opening an event's key that was kept");
                    self.forget([event]);
                }
            }
        }
        let opener = secret.open_event(verified.clone())?;
        self.keep(event, secret.keep_event(&opener), now);
        Ok(opener)
    }

    /// Drops what is kept of erased events.
    pub(crate) fn forget(&self, events: impl IntoIterator<Item = Event>) {
        let mut inner = self.lock();
        for event in events {
            inner.sealed.remove(&event);
        }
    }

    fn keep(&self, event: Event, sealed: Vec<u8>, now: Instant) {
        let mut inner = self.lock();
        while let Some((kept_at, oldest)) = inner.kept_at.front().copied()
            && (now.saturating_duration_since(kept_at) >= KEPT_FOR || inner.kept_at.len() >= KEYS_MAX)
        {
            inner.kept_at.pop_front();
            inner.sealed.remove(&oldest);
        }
        inner.kept_at.push_back((now, event));
        inner.sealed.insert(event, sealed);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change under the lock is complete in itself.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use ownsight_model::{
        CameraEpoch, DeviceId, HomeEpoch, HomeId, InstallationId, Label, LabelSource, SectionKind, TenureId,
        Timestamp,
    };
    use ownsight_seal::{
        CameraPlace, CameraSalt, CameraSealer, ControlKey, HEADER_BYTES, Header, HomeScope, Trailer,
    };

    use super::*;

    struct Sealed {
        secret: CameraSecret,
        sealer: CameraSealer,
    }

    impl Sealed {
        fn new() -> Self {
            let installation = InstallationId::generate();
            let scope = HomeScope { installation, home: HomeId::generate(), epoch: HomeEpoch::FIRST };
            let place = CameraPlace {
                camera: CameraId::generate(),
                tenure: TenureId::generate(),
                epoch: CameraEpoch::FIRST,
            };
            let secret = ControlKey::generate(scope).home_key().camera_secret(&CameraSalt::generate(), place);
            let device = DeviceId::generate();
            let psk = secret.device_psk(device);
            let sealer = CameraSealer::new(*secret.scope(), device, secret.public_key(), psk);
            Self { secret, sealer }
        }

        fn event(&self) -> VerifiedEvent {
            let event = EventId::generate();
            let mut sealing = self.sealer.begin(event, Timestamp::now(), Vec::new()).unwrap();
            sealing.section(SectionKind::Thumbnail, &mut b"a picture".as_slice()).unwrap();
            let (object, length) =
                sealing.finish(Timestamp::now(), Label::Motion, LabelSource::Agent).unwrap();
            let header = Header::parse(object.first_chunk::<HEADER_BYTES>().unwrap()).unwrap();
            let trailer = Trailer::length_of(*object.last_chunk().unwrap()).unwrap();
            let trailer = Trailer::parse(&object[object.len() - trailer..], length).unwrap();
            self.secret.verify_event(header, trailer).unwrap()
        }
    }

    fn is_kept(keys: &KeptKeys, event: &VerifiedEvent) -> bool {
        keys.lock().sealed.contains_key(&(event.ids().scope.camera, event.ids().event))
    }

    #[test]
    fn what_was_opened_is_kept_for_a_while_and_forgotten_with_its_event() {
        let (keys, camera, now) = (KeptKeys::default(), Sealed::new(), Instant::now());
        let (first, second) = (camera.event(), camera.event());
        keys.open(&camera.secret, &first, now).unwrap();
        keys.open(&camera.secret, &first, now).unwrap();
        assert_eq!(keys.lock().kept_at.len(), 1, "opened by what was kept");
        keys.forget([(first.ids().scope.camera, first.ids().event)]);
        assert!(!is_kept(&keys, &first));
        keys.open(&camera.secret, &first, now).unwrap();
        keys.open(&camera.secret, &second, now + KEPT_FOR).unwrap();
        assert!(!is_kept(&keys, &first) && is_kept(&keys, &second));
    }

    #[test]
    fn it_is_bounded() {
        let (keys, camera, now) = (KeptKeys::default(), Sealed::new(), Instant::now());
        for _ in 0..KEYS_MAX + 10 {
            keys.keep((CameraId::generate(), EventId::generate()), vec![0; 200], now);
        }
        keys.open(&camera.secret, &camera.event(), now).unwrap();
        let inner = keys.lock();
        assert_eq!((inner.sealed.len(), inner.kept_at.len()), (KEYS_MAX, KEYS_MAX));
    }

    #[test]
    fn a_key_that_another_event_left_is_dropped_and_the_right_one_opens() {
        let (keys, camera, other, now) = (KeptKeys::default(), Sealed::new(), Sealed::new(), Instant::now());
        let (event, of_other) = (camera.event(), other.event());
        keys.open(&other.secret, &of_other, now).unwrap();
        let wrong = keys.lock().sealed.values().next().unwrap().clone();
        let at = (event.ids().scope.camera, event.ids().event);
        keys.keep(at, wrong.clone(), now);
        keys.open(&camera.secret, &event, now).unwrap();
        assert_ne!(keys.lock().sealed[&at], wrong);
    }
}
