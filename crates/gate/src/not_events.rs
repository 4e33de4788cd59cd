//! What somebody who manages a home says to be no event: it leaves the list, and nothing of it is erased.

use ownsight_model::{Closable, EventId, Right};

use crate::event_access::{EventAccess, Wanted};
use crate::gate::{Gate, registry_error};
use crate::{Credentials, GateError};

impl Gate {
    /// Says that an event is none, or that it is one after all. For who may erase it, within its home: a share's holder has no say
    /// in what the home sees.
    pub async fn say_not_an_event(
        &self,
        credentials: &Credentials,
        event: EventId,
        not_an_event: bool,
    ) -> Result<(), GateError> {
        let found = self.find_event(credentials, event, Wanted::new(Closable::All, Right::Delete)).await?;
        let EventAccess::Home(access) = &found.access else { return Err(GateError::NotAllowed) };
        let authority = found.person.authority_to_erase(access)?;
        let marked = self.registry().mark_not_event(&authority, event, not_an_event).await;
        if marked.map_err(registry_error)? { Ok(()) } else { Err(GateError::NotFound) }
    }
}
