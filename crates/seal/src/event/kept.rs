//! An event's key, kept for who opens the event next: wrapped under the camera's secret, which that one must have opened, too.
//!
//! It spares two X25519 operations, and no step of the chain: a kept key of another event, camera, epoch or header does not open.

use zeroize::Zeroizing;

use crate::camera::CameraSecret;
use crate::canonical::Context;
use crate::error::malformed;
use crate::event::header::HeaderIds;
use crate::event::opener::{EventOpener, VerifiedEvent};
use crate::{OpenError, Purpose, wrap};

const TAG_BYTES: usize = 32;
const KEY_BYTES: usize = 32;

impl CameraSecret {
    /// Wraps the key of an event that was opened: the header's tag (32 bytes), then the key (32).
    pub fn keep_event(&self, opened: &EventOpener) -> Vec<u8> {
        let mut plaintext = Zeroizing::new(Vec::with_capacity(TAG_BYTES + KEY_BYTES));
        plaintext.extend_from_slice(opened.verified().header().tag());
        plaintext.extend_from_slice(&*opened.event_key);
        wrap::seal(&self.key, &self.kept_context(opened.verified().ids()), &plaintext)
    }

    /// Opens an event's key that was kept. What was kept for another event, or another header of the same one, is a mix-up.
    pub fn open_kept_event(&self, verified: VerifiedEvent, kept: &[u8]) -> Result<EventOpener, OpenError> {
        let plaintext = wrap::open(&self.key, &self.kept_context(verified.ids()), kept)?;
        let (tag, key) = plaintext
            .split_first_chunk::<TAG_BYTES>()
            .ok_or(malformed(Purpose::KeptEvent.label(), "its plaintext is too short"))?;
        wrap::same_id(&verified.header().tag(), &tag.as_slice(), Purpose::KeptEvent)?;
        let key: [u8; KEY_BYTES] = key.try_into().map_err(|_| {
            malformed(Purpose::KeptEvent.label(), "its plaintext has not the length of a key")
        })?;
        Ok(EventOpener::new(Zeroizing::new(key), verified))
    }

    /// From this secret's own scope, not from what the header says.
    fn kept_context(&self, ids: &HeaderIds) -> Context {
        let scope = self.scope().context(Purpose::KeptEvent);
        scope.device(ids.device).event(ids.event).time(ids.started_at)
    }
}
