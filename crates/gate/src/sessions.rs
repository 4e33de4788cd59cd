//! An account's sessions: seeing and ending them one by one. A sign-in that nobody looked at yet is told of.

use ownsight_model::{SessionId, Timestamp};

use crate::gate::{Gate, registry_error};
use crate::rights::Needs;
use crate::{Answer, Credentials, GateError, alarm, views};

impl Gate {
    /// The account's sessions, newest first.
    pub async fn sessions(&self, credentials: &Credentials) -> Result<Answer<views::Sessions>, GateError> {
        let now = Timestamp::now();
        let rows = self.registry().sessions(credentials.find(), now).await.map_err(registry_error)?;
        let rows = rows.ok_or(GateError::SignedOut)?;
        let person = self.open_person(credentials, rows.session, &rows.account, Needs::SignIn)?;
        let mut sessions = Vec::with_capacity(rows.data.len());
        let mut unverified = 0;
        for row in rows.data {
            let text = match row.text.as_slice() {
                [] => Ok(None),
                sealed => person.key.open_session_text(person.scope, row.id, sealed).map(Some),
            };
            match text {
                Ok(text) => sessions.push(views::SessionInList {
                    id: row.id,
                    kind: if row.kind == ownsight_seal::SessionKind::Cookie.code() {
                        "cookie"
                    } else {
                        "bearer"
                    },
                    client: text.map(|text| String::from_utf8_lossy(&text).into_owned()),
                    created_at: row.created_at,
                    expires_at: row.expires_at,
                    this: row.id == person.session_id(),
                    noticed: row.noticed,
                }),
                Err(error) => {
                    alarm::raise(&error, "opening a session's program");
                    unverified += 1;
                }
            }
        }
        Ok(Answer::new(credentials, views::Sessions { sessions, unverified }))
    }

    /// Ends one of the account's sessions at once.
    pub async fn end_session(&self, credentials: &Credentials, session: SessionId) -> Result<(), GateError> {
        let rows = self.session_rows(credentials).await?;
        let person = self.open_person(credentials, rows.session, &rows.account, Needs::SignIn)?;
        self.registry().end_own_session(&person.authority()?, session).await.map_err(registry_error)
    }

    /// Says that the person knows of all present sessions but this one.
    pub async fn notice_sessions(&self, credentials: &Credentials) -> Result<(), GateError> {
        let rows = self.session_rows(credentials).await?;
        let person = self.open_person(credentials, rows.session, &rows.account, Needs::SignIn)?;
        self.registry().notice_sessions(&person.authority()?).await.map_err(registry_error)
    }
}
