//! Lockdowns: what an operator has closed. Read in the same transaction as what they close; looked at after everything has
//! opened, so that who may not see something is told nothing of its lockdown either.

use ownsight_model::{CameraId, Closable, Closed, Email, HomeId, LockdownId, LockdownScope, Timestamp};
use ownsight_registry::LockdownRow;

use crate::access::Person;
use crate::gate::{Gate, registry_error};
use crate::{GateError, views};

const REASON_CHARACTERS_MAX: usize = 500;
const BY_CHARACTERS_MAX: usize = 200;

/// For whom something is closed, as an operator names it.
#[derive(Debug, Clone)]
pub enum LockdownFor {
    /// For everybody.
    Installation,
    /// For the people of a home.
    Home(HomeId),
    /// For everybody who may see a camera.
    Camera(CameraId),
    /// For the account with this e-mail address.
    Account(String),
}

impl Gate {
    /// Closes something, beside what is closed for the same scope already. Once this has returned, nothing of it opens,
    /// and what was on its way stops within a second. For the operator only: by the socket, or on a visit.
    pub async fn lock_down(
        &self,
        of: &LockdownFor,
        closes: Closed,
        reason: &str,
        by: &str,
    ) -> Result<(), GateError> {
        let row = LockdownRow {
            id: LockdownId::generate(),
            scope: self.lockdown_scope(of).await?,
            closes,
            reason: words("reason", reason, REASON_CHARACTERS_MAX)?,
            begun_by: operator_name(by)?,
            begun_at: Timestamp::now(),
        };
        let (scope, words) = (row.scope.word(), closes.words().join(", "));
        self.registry().begin_lockdown(row).await.map_err(registry_error)?;
        tracing::warn!(scope, closes = words, by, "lockdown begun");
        self.record_lockdowns().await;
        Ok(())
    }

    /// Opens again what is closed for this scope; whether anything was. On record first: if the ledger cannot take it, it stays
    /// closed. For the operator only: by the socket, or on a visit.
    pub async fn lift_lockdown(&self, of: &LockdownFor, by: &str) -> Result<bool, GateError> {
        let scope = self.lockdown_scope(of).await?;
        self.lift(scope, by).await
    }

    /// As [`Gate::lift_lockdown`], of what is closed for a scope as the list has it.
    pub(crate) async fn lift(&self, scope: LockdownScope, by: &str) -> Result<bool, GateError> {
        let by = operator_name(by)?;
        let live = self.registry().lockdowns().await.map_err(registry_error)?;
        let Some(row) = live.into_iter().find(|row| row.scope == scope) else { return Ok(false) };
        let now = Timestamp::now();
        self.record_lifting(&row, &by, now).await?;
        let lifted = self.registry().lift_lockdown(row.id, by.clone(), now).await.map_err(registry_error)?;
        if !lifted {
            // Another one took its place meanwhile: what is on record is not what is.
            self.record_lockdowns().await;
            return Err(GateError::Conflict);
        }
        tracing::warn!(scope = scope.word(), by, "lockdown lifted");
        Ok(true)
    }

    /// All that is closed now, with the ids that it is closed for. For the operator only: by the socket, or on a visit.
    pub async fn lockdowns(&self) -> Result<Vec<(LockdownScope, views::Lockdown)>, GateError> {
        let rows = self.registry().lockdowns().await.map_err(registry_error)?;
        Ok(rows.iter().map(|row| (row.scope, view(row))).collect())
    }

    async fn lockdown_scope(&self, of: &LockdownFor) -> Result<LockdownScope, GateError> {
        Ok(match of {
            LockdownFor::Installation => LockdownScope::Installation,
            LockdownFor::Home(home) => LockdownScope::Home(*home),
            LockdownFor::Camera(camera) => LockdownScope::Camera(*camera),
            LockdownFor::Account(email) => {
                let email = Email::parse(email)?;
                let account = self.registry().account_by_email(&email).await.map_err(registry_error)?;
                LockdownScope::Account(account.ok_or(GateError::NotFound)?.id)
            }
        })
    }
}

impl Person {
    /// Whether nothing closes this view: of a home, or of a camera in it.
    pub(crate) fn may(
        &self,
        wanted: Closable,
        home: Option<HomeId>,
        camera: Option<CameraId>,
    ) -> Result<(), GateError> {
        let Some(lockdowns) = &self.lockdowns else {
            tracing::error!("a view is asked for without its lockdowns: it stays closed");
            return Err(GateError::Busy);
        };
        let closed = lockdowns.iter().find(|row| {
            let concerns = match row.scope {
                LockdownScope::Installation => true,
                LockdownScope::Home(closed) => home == Some(closed),
                LockdownScope::Camera(closed) => camera == Some(closed),
                LockdownScope::Account(closed) => self.scope.account == closed,
            };
            concerns && row.closes.closes(wanted)
        });
        match closed {
            Some(row) => Err(locked_down(row)),
            None => Ok(()),
        }
    }
}

/// What a caller is told of a lockdown.
pub(crate) fn locked_down(row: &LockdownRow) -> GateError {
    GateError::LockedDown(Box::new(view(row)))
}

fn view(row: &LockdownRow) -> views::Lockdown {
    views::Lockdown {
        since: row.begun_at,
        reason: row.reason.clone(),
        by: row.begun_by.clone(),
        scope: row.scope.word(),
        closes: row.closes.words(),
    }
}

/// The name of an operator, as those whom a lockdown concerns read it.
pub(crate) fn operator_name(by: &str) -> Result<String, GateError> {
    words("by", by, BY_CHARACTERS_MAX)
}

fn words(field: &'static str, text: &str, characters_max: usize) -> Result<String, GateError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > characters_max || text.chars().any(char::is_control) {
        let why = format!("1 to {characters_max} characters in one line are expected");
        return Err(GateError::invalid(field, why));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_line_of_so_many_characters() {
        assert_eq!(words("by", " an operator ", 11).unwrap(), "an operator");
        assert_eq!(words("by", "ö", 1).unwrap(), "ö");
        for text in ["", "   ", "an operator.", "two\nlines"] {
            assert!(words("by", text, 11).is_err(), "{text}");
        }
    }
}
