//! On the record before the first byte: what opens consumes the ledger's proof.

use std::time::{Duration, Instant};

use ownsight_ledger::{Action, Entry, LedgerError, Opening, Origin, Recorded};
use ownsight_model::{HomeId, Timestamp};

use crate::access::Person;
use crate::gate::Gate;
use crate::{Credentials, GateError, alarm};

/// How long an opening may wait for the record before nothing leaves.
pub(crate) const APPEND_WAITS: Duration = Duration::from_secs(5);

impl Gate {
    /// Puts an opening on record. What comes back unlocks exactly this opening, once.
    pub(crate) async fn record(
        &self,
        credentials: &Credentials,
        person: &Person,
        home: HomeId,
        action: Action,
    ) -> Result<Unlocking, GateError> {
        let opening = Opening { account: person.scope.account, session: person.session_id(), home, action };
        let origin = if credentials.is_cookie() { Origin::WebApp } else { Origin::ApiClient };
        let entry = Entry { time: Timestamp::now(), origin, opening: opening.clone() };
        match self.ledger().append(entry, Instant::now() + APPEND_WAITS).await {
            Ok(recorded) => Ok(Unlocking { recorded, opening }),
            Err(error @ LedgerError::Unavailable) => {
                alarm::unavailable(&error, "recording an opening");
                Err(GateError::Busy)
            }
            Err(error) => Err(alarm::unavailable(&error, "recording an opening")),
        }
    }
}

/// A recorded opening together with what it was asked for.
pub(crate) struct Unlocking {
    recorded: Recorded,
    opening: Opening,
}

impl Unlocking {
    /// Consumes the proof and lets `open` run, if the record is of exactly what was asked.
    pub(crate) fn unlock<T>(self, open: impl FnOnce() -> Result<T, GateError>) -> Result<T, GateError> {
        if !self.recorded.covers(&self.opening) {
            let error = ownsight_seal::OpenError::MixUp(ownsight_seal::Purpose::Event);
            return Err(alarm::raise(&error, "comparing an opening with its record"));
        }
        open()
    }
}
