//! A device's next configuration, by long poll.

use std::time::Duration;

use ownsight_model::Timestamp;
use ownsight_registry::RegistryError;
use tokio::time::{Instant, timeout_at};

use crate::error::spread;
use crate::{AuthenticateError, DeviceCallError, DeviceIdentity, Ingest};

/// The longest that a device may wait for its next configuration.
pub const WAIT_MAX: Duration = Duration::from_secs(30);

/// A configuration: sealed to the device, and opaque here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextConfiguration {
    /// Its serial number: one more than the one that is in use.
    pub serial: u64,
    /// What only the device opens.
    pub sealed: Vec<u8>,
    /// The serial number of the latest one.
    pub latest: u64,
}

impl Ingest {
    /// The configuration after number `after`, which the device says is in use; `None` when there is none within
    /// `wait` (at most [`WAIT_MAX`]).
    ///
    /// Cancel-safe: a dropped call has noted that the device called and what it uses, or not.
    pub async fn configuration(
        &self,
        identity: &DeviceIdentity,
        after: u64,
        wait: Duration,
    ) -> Result<Option<NextConfiguration>, DeviceCallError> {
        let deadline = Instant::now() + wait.min(WAIT_MAX);
        let device = identity.device();
        // Subscribed before the first look: a configuration that is made in between wakes us.
        let mut woken = self.inner.wakes.subscribe(identity.home());
        self.touch(identity).await;
        loop {
            let next = self.inner.registry.next_configuration(device, after).await;
            if let Some((serial, sealed, latest)) = next.map_err(|error| unavailable(&error))? {
                return Ok(Some(NextConfiguration { serial, sealed, latest }));
            }
            match timeout_at(deadline, woken.changed()).await {
                Err(_) => return Ok(None),
                // The registry is closing: the next call will not be answered either.
                Ok(Err(_)) => return Err(DeviceCallError::Busy { retry_after: spread(2, 10) }),
                Ok(Ok(())) => {}
            }
            self.still(identity).await.map_err(|error| not_any_more(&error))?;
        }
    }

    /// Notes that a device called. A failure is the log's only: the device's call counts, not the note.
    pub(crate) async fn touch(&self, identity: &DeviceIdentity) {
        let noted = self.inner.registry.touch_device(identity.device(), Timestamp::now(), None).await;
        if let Err(error) = noted {
            tracing::warn!(device.id = %identity.device(), %error, "could not note that a device called");
        }
    }
}

fn not_any_more(error: &AuthenticateError) -> DeviceCallError {
    match error {
        AuthenticateError::Contested { retry_after } => {
            DeviceCallError::Contested { retry_after: *retry_after }
        }
        AuthenticateError::Left => DeviceCallError::Left,
        AuthenticateError::Removed
        | AuthenticateError::Unknown
        | AuthenticateError::NoRun
        | AuthenticateError::Waiting => DeviceCallError::Removed,
        AuthenticateError::Busy { retry_after } => DeviceCallError::Busy { retry_after: *retry_after },
    }
}

/// What a device is told of a registry's error.
pub(crate) fn unavailable(error: &RegistryError) -> DeviceCallError {
    match error {
        RegistryError::DiskFull => DeviceCallError::DiskFull { retry_after: spread(30, 90) },
        RegistryError::NotFound => DeviceCallError::Removed,
        _ => {
            tracing::warn!(%error, "the registry did not answer a device");
            DeviceCallError::Busy { retry_after: spread(2, 10) }
        }
    }
}
