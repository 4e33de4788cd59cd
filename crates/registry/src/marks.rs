//! What is noted of an event beside its row: who has opened it, and that it is none.

use ownsight_model::{AccountId, EventId, HomeId};
use rusqlite::{Connection, params};

use crate::access::Authority;
use crate::changes::ChangeKind;
use crate::columns::Columns;
use crate::error::Step;
use crate::sql::{rows, run};
use crate::{Registry, RegistryError};

/// What was noted of an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventMarks {
    /// Whether this account has opened it.
    pub opened: bool,
    /// Whether somebody who manages its home said that it is none.
    pub not_event: bool,
}

impl Registry {
    /// Notes that an account has opened an event that a live grant or share of it finds; otherwise nothing.
    pub async fn mark_opened(&self, account: AccountId, event: EventId) -> Result<(), RegistryError> {
        self.engine
            .write(move |tx| {
                let sql = "INSERT INTO opened (home, event, account)
                           SELECT e.home, e.id, g.account FROM grants g JOIN events e ON e.home = g.home
                           WHERE g.account = ?1 AND g.revoked_at IS NULL AND e.id = ?2 AND e.erased_at IS NULL
                           UNION SELECT e.home, e.id, p.account FROM shares p
                           JOIN events e ON e.home = p.home AND e.id = ?2 AND e.erased_at IS NULL
                           JOIN share_epochs q ON q.share = p.id AND q.camera = e.camera AND q.tenure = e.tenure
                             AND q.home_epoch = e.home_epoch AND q.camera_epoch = e.camera_epoch
                           WHERE p.account = ?1 AND p.revoked_at IS NULL
                           ON CONFLICT DO NOTHING RETURNING home";
                let parameters = params![account.as_bytes(), event.as_bytes()];
                for home in rows(tx, "opened", sql, parameters, |c| c.id("home"))? {
                    tx.changed(home, ChangeKind::Events);
                }
                Ok(())
            })
            .await
    }

    /// Notes that an event of the grant's home is none, or that it is one after all. Whether there is such an event.
    pub async fn mark_not_event(
        &self,
        authority: &Authority,
        event: EventId,
        not_event: bool,
    ) -> Result<bool, RegistryError> {
        let at = not_event.then_some(authority.now.as_micros());
        self.authorised_write(authority, move |tx, asker| {
            let home = asker.home()?;
            // Said again, it stays as of when it was said.
            let sql = "UPDATE events SET not_event_at = iif(?3 IS NULL, NULL, ifnull(not_event_at, ?3))
                       WHERE home = ?1 AND id = ?2 AND erased_at IS NULL AND still = 0";
            let found = run(tx, sql, params![home.as_bytes(), event.as_bytes(), at])? > 0;
            if found {
                tx.changed(home, ChangeKind::Events);
                tx.changed(home, ChangeKind::Cameras);
            }
            Ok(found)
        })
        .await
    }
}

/// What was noted of an event: the columns behind its row.
pub(crate) fn marks(c: &mut Columns<'_, '_>) -> Step<EventMarks> {
    Ok(EventMarks { opened: c.of("opened").flag("event")?, not_event: c.of("events").flag("not_event_at")? })
}

/// Forgets that anybody opened this event.
pub(crate) fn forget_opened(connection: &Connection, home: HomeId, event: EventId) -> Step<()> {
    let sql = "DELETE FROM opened WHERE home = ?1 AND event = ?2";
    run(connection, sql, params![home.as_bytes(), event.as_bytes()])?;
    Ok(())
}
