//! Signing in and out.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{Email, SessionId, Timestamp};
use ownsight_registry::{PasswordRow, SessionRow};
use ownsight_seal::{AccountKey, AccountScope, OpenError, SessionKind, SessionSecret};
use zeroize::Zeroizing;

use crate::credentials::half;
use crate::gate::{Gate, registry_error};
use crate::password::{HashParams, Password};
use crate::rights::Needs;
use crate::{Credentials, GateError, alarm, program};

/// How long a session lasts, whatever is done in it.
const SESSION_LASTS: Duration = Duration::from_hours(30 * 24);

/// Who signs in so soon after making the account is who made it: there is nobody to be told.
const FRESH: Duration = Duration::from_mins(10);

/// A new session: what its client must keep.
pub struct SignedIn {
    server_half: Zeroizing<String>,
    credentials: Credentials,
    expires_at: Timestamp,
}

impl SignedIn {
    /// The server's half, as a cookie's value or bearer token.
    pub fn server_half(&self) -> &str {
        &self.server_half
    }

    /// The credentials that the next request will bring.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// When the session ends.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignedIn(…)")
    }
}

/// Who signs in, and how its session's secret will travel.
#[derive(Debug)]
pub enum Client<'a> {
    /// A browser, with the half that its page made: 32 bytes as base64url without padding.
    Browser {
        /// The page's half.
        page_half: &'a str,
    },
    /// An API client, with a half of its own if it likes.
    Api {
        /// The client's half.
        client_half: Option<&'a str>,
    },
}

impl Gate {
    /// Signs in by e-mail address and password. `program` is what the client says that it is (`User-Agent`). Takes the time of one password hash, whether there is such an account or not.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &Password,
        client: Client<'_>,
        program: Option<&str>,
        peer: IpAddr,
    ) -> Result<SignedIn, GateError> {
        let (kind, client_half) = match client {
            Client::Browser { page_half } => {
                let half = half(page_half).ok_or_else(|| malformed_half("page_half"))?;
                (SessionKind::Cookie, Some(*half))
            }
            Client::Api { client_half: Some(text) } => {
                (SessionKind::Bearer, Some(*half(text).ok_or_else(|| malformed_half("client_half"))?))
            }
            Client::Api { client_half: None } => (SessionKind::Bearer, None),
        };
        // What is no address is nobody's: the same answer as a wrong password.
        let email = Email::parse(email).map_err(|_| GateError::WrongCredentials)?;
        let (scope, key) = self.try_password(&email, password, peer).await?;
        self.throttle().succeeded(&email, peer, Instant::now());
        let secret = SessionSecret::generate(self.installation(), kind, client_half);
        let account = self.registry().account_by_email(&email).await.map_err(registry_error)?;
        let fresh = account.is_some_and(|account| Timestamp::now().since(account.created_at) < FRESH);
        self.begin_session(secret, scope, &key, program, fresh).await
    }

    /// One try at an account's password, counted as failed until the caller says that it succeeded. A hash that found no
    /// room tried nothing, and does not count.
    pub(crate) async fn try_password(
        &self,
        email: &Email,
        password: &Password,
        peer: IpAddr,
    ) -> Result<(AccountScope, AccountKey), GateError> {
        self.throttle()
            .begin(email, peer, Instant::now())
            .map_err(|retry_after| GateError::TooManyTries { retry_after })?;
        let opened = self.open_by_password(email, password).await;
        if matches!(opened, Err(GateError::Busy)) {
            self.throttle().succeeded(email, peer, Instant::now());
        }
        opened
    }

    async fn open_by_password(
        &self,
        email: &Email,
        password: &Password,
    ) -> Result<(AccountScope, AccountKey), GateError> {
        let row = self.registry().password(email).await.map_err(registry_error)?;
        let params = row.as_ref().and_then(|row| HashParams::parse(&row.params));
        let known = params.is_some();
        let hash = self.hasher().hash(password, params.unwrap_or_else(HashParams::generate)).await?;
        let row = row.filter(|_| known).ok_or(GateError::WrongCredentials)?;
        match hash.open(self.installation(), email, &row.wrap) {
            Ok((account, key)) => Ok((AccountScope { installation: self.installation(), account }, key)),
            // Another password and another account's row look alike; either way nothing opens.
            Err(OpenError::MixUp(_)) => Err(GateError::WrongCredentials),
            Err(error) => Err(alarm::raise(&error, "opening an account by password")),
        }
    }

    async fn begin_session(
        &self,
        secret: SessionSecret,
        scope: AccountScope,
        key: &AccountKey,
        program: Option<&str>,
        noticed: bool,
    ) -> Result<SignedIn, GateError> {
        let id = SessionId::generate();
        let now = Timestamp::now();
        let expires_at = now.plus(SESSION_LASTS);
        let row = SessionRow {
            find: secret.find(),
            id,
            account: scope.account,
            kind: secret.kind().code(),
            created_at: now,
            expires_at,
            wrap: secret.seal(id, expires_at, scope.account, key),
            text: program
                .and_then(program::name)
                .map(|name| key.seal_session_text(scope, id, name.as_bytes()))
                .unwrap_or_default(),
            noticed,
            rights: None,
            used_at: None,
        };
        self.registry().insert_session(row).await.map_err(registry_error)?;
        let server_half = Zeroizing::new(BASE64URL_NOPAD.encode(secret.server_half()));
        Ok(SignedIn { server_half, credentials: Credentials { secret }, expires_at })
    }

    /// Ends the session of these credentials; also one that ended already. A token does not end itself.
    pub async fn sign_out(&self, credentials: &Credentials) -> Result<(), GateError> {
        credentials.is_no_token()?;
        self.registry().end_session(credentials.find()).await.map_err(registry_error)?;
        Ok(())
    }

    /// Ends all sessions and tokens of the account, this one too.
    pub async fn sign_out_everywhere(&self, credentials: &Credentials) -> Result<(), GateError> {
        let rows = self.session_rows(credentials).await?;
        let person = self.open_person(credentials, rows.session, &rows.account, Needs::SignIn)?;
        self.registry().end_sessions(person.scope.account, None).await.map_err(registry_error)?;
        Ok(())
    }

    /// Wraps an account's key under a password.
    pub(crate) async fn wrap_under_password(
        &self,
        scope: AccountScope,
        email: &Email,
        key: &AccountKey,
        password: &Password,
    ) -> Result<PasswordRow, GateError> {
        password.strong()?;
        let params = HashParams::generate();
        let text = params.to_text();
        let hash = self.hasher().hash(password, params).await?;
        Ok(PasswordRow { email: email.clone(), params: text, wrap: hash.seal(scope, email, key) })
    }
}

fn malformed_half(field: &'static str) -> GateError {
    GateError::invalid(field, "32 random bytes as base64url without padding are expected")
}
