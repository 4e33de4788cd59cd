//! Tokens of programs: made, seen and ended by who is signed in.

use std::net::IpAddr;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{SessionId, Timestamp, TokenRights};
use ownsight_registry::{RegistryError, SessionRow};
use ownsight_seal::{OpenError, Purpose, SessionKind, SessionSecret};
use zeroize::Zeroizing;

use crate::credentials::TOKEN_PREFIX;
use crate::gate::{Gate, registry_error};
use crate::password::Password;
use crate::rights::Needs;
use crate::{Answer, Credentials, GateError, alarm, text, views};

/// The longest time for which a token is made: a year, with a day more for zones and leap years.
const LASTS_MAX: Duration = Duration::from_hours(24 * 367);

/// What somebody asks for who makes a token.
#[derive(Debug)]
pub struct NewToken {
    /// What it is for, in the person's words.
    pub name: String,
    /// What it may do.
    pub rights: TokenRights,
    /// When it ends: within a year.
    pub expires_at: Timestamp,
    /// The account's password: a token may live longer than the session that makes it.
    pub password: Password,
}

impl Gate {
    /// The account's tokens, newest first.
    pub async fn tokens(&self, credentials: &Credentials) -> Result<Answer<views::Tokens>, GateError> {
        let now = Timestamp::now();
        let rows = self.registry().tokens(credentials.find(), now).await.map_err(registry_error)?;
        let rows = rows.ok_or(GateError::SignedOut)?;
        let person = self.open_person(credentials, rows.session, &rows.account, Needs::SignIn)?;
        let mut tokens = Vec::with_capacity(rows.data.len());
        let mut unverified = 0;
        for row in rows.data {
            let rights = row.rights.and_then(TokenRights::from_code);
            let opened = rights.ok_or(OpenError::MixUp(Purpose::ApiToken)).and_then(|rights| {
                Ok((rights, person.key.open_session_text(person.scope, row.id, &row.text)?))
            });
            match opened {
                Ok((rights, name)) => tokens.push(views::Token {
                    id: row.id,
                    name: String::from_utf8_lossy(&name).into_owned(),
                    rights,
                    created_at: row.created_at,
                    expires_at: row.expires_at,
                    used_at: row.used_at,
                }),
                Err(error) => {
                    alarm::raise(&error, "opening a token's name");
                    unverified += 1;
                }
            }
        }
        Ok(Answer::new(credentials, views::Tokens { tokens, unverified }))
    }

    /// Makes a token, and gives its text: this once. Takes the password, because a token may outlive the session.
    pub async fn create_token(
        &self,
        credentials: &Credentials,
        new: &NewToken,
        peer: IpAddr,
    ) -> Result<Answer<views::NewToken>, GateError> {
        let rows = self.session_rows(credentials).await?;
        let person = self.open_person(credentials, rows.session, &rows.account, Needs::SignIn)?;
        let name = text::name("name", &new.name)?;
        let now = Timestamp::now();
        let (expires_at, rights) = (new.expires_at, new.rights);
        if expires_at <= now || expires_at > now.plus(LASTS_MAX) {
            return Err(GateError::invalid("expires_at", "a time within the next year is expected"));
        }
        let key = self.prove_password(&person, &new.password, peer).await?;
        let secret = SessionSecret::generate(self.installation(), SessionKind::Token, None);
        let id = SessionId::generate();
        let row = SessionRow {
            find: secret.find(),
            id,
            account: person.scope.account,
            kind: secret.kind().code(),
            created_at: now,
            expires_at,
            wrap: secret.seal_token(id, expires_at, rights, person.scope.account, &key),
            text: key.seal_session_text(person.scope, id, name.as_bytes()),
            noticed: true,
            rights: Some(rights.code()),
            used_at: None,
        };
        match self.registry().create_token(&person.authority()?, row).await {
            Err(RegistryError::TooMany { max }) => return Err(GateError::TooManyTokens { max }),
            created => created.map_err(registry_error)?,
        }
        let half = Zeroizing::new(BASE64URL_NOPAD.encode(secret.server_half()));
        let token = format!("{TOKEN_PREFIX}{}", *half);
        let view = views::NewToken { id, token, name, rights, expires_at };
        Ok(Answer::new(credentials, view))
    }

    /// Ends one of the account's tokens at once, with what is on its way to it.
    pub async fn end_token(&self, credentials: &Credentials, token: SessionId) -> Result<(), GateError> {
        let rows = self.session_rows(credentials).await?;
        let person = self.open_person(credentials, rows.session, &rows.account, Needs::SignIn)?;
        self.registry().end_own_token(&person.authority()?, token).await.map_err(registry_error)
    }
}
