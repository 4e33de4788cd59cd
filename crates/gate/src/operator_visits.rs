//! Visits of the operator in a browser: to close views and to open them again, and for nothing else. A visit finds no home and no
//! account, and opens no key: what it wraps opens nothing, and that it opens proves both halves of its secret and its end.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{AccountId, Closed, LockdownScope, SessionId, Timestamp};
use ownsight_registry::{RegistryError, VisitRow};
use ownsight_seal::{AccountKey, SessionKind, SessionSecret};
use zeroize::Zeroizing;

use crate::credentials::half;
use crate::gate::{Gate, registry_error};
use crate::lockdown::LockdownFor;
use crate::profile::LinkContent;
use crate::{GateError, alarm, views};

/// Lines of the record that are shown at a time.
const RECORD_LINES: usize = 100;
/// How long a visit lasts; it is not made longer.
const LASTS: Duration = Duration::from_hours(1);

/// Both halves of a visit's secret, as a request brought them. Nothing of a person's takes them, and a visit takes no person's.
#[derive(Clone, Debug)]
pub struct OperatorCredentials {
    secret: SessionSecret,
}

/// A visit that has begun, with what its browser is given of it.
#[derive(Debug)]
pub struct BegunVisit {
    credentials: OperatorCredentials,
    expires_at: Timestamp,
    server_half: Zeroizing<String>,
}

impl OperatorCredentials {
    /// The value `s` of this visit, as it stands in addresses.
    pub fn page_value(&self) -> String {
        BASE64URL_NOPAD.encode(&self.secret.page_value())
    }

    /// Whether `s` is this visit's.
    pub fn page_value_is(&self, s: &str) -> bool {
        // A value of another form is compared as nothing, which is never right.
        self.secret.page_value_is(&BASE64URL_NOPAD.decode(s.as_bytes()).unwrap_or_default())
    }
}

impl BegunVisit {
    /// What its requests bring.
    pub const fn credentials(&self) -> &OperatorCredentials {
        &self.credentials
    }

    /// When it ends.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The server's half, for the cookie that only the server sets.
    pub fn server_half(&self) -> &str {
        &self.server_half
    }
}

/// A visit that its own secret has opened.
struct OpenedVisit(VisitRow);

impl Gate {
    /// From the two cookies of a browser; `None` if they do not have the form of halves.
    pub fn operator_credentials(&self, server_half: &str, page_half: &str) -> Option<OperatorCredentials> {
        let (server_half, page_half) = (half(server_half)?, half(page_half)?);
        let secret =
            SessionSecret::new(self.installation(), SessionKind::Operator, *server_half, Some(*page_half));
        Some(OperatorCredentials { secret })
    }

    /// Begins a visit by a link that is for that, once. `page_half` is the browser's own half.
    pub async fn begin_visit(&self, link: &str, page_half: &str) -> Result<BegunVisit, GateError> {
        let page_half = half(page_half)
            .ok_or_else(|| GateError::invalid("page_half", "32 bytes as base64url are expected"))?;
        let (link, content, _) = self.find_link(link).await?;
        let LinkContent::Operator { by } = content else { return Err(GateError::LinkUsed) };
        let secret = SessionSecret::generate(self.installation(), SessionKind::Operator, Some(*page_half));
        let (id, begun_at) = (SessionId::generate(), Timestamp::now());
        let expires_at = begun_at.plus(LASTS);
        let wrap = secret.seal(id, expires_at, AccountId::generate(), &AccountKey::generate());
        let row = VisitRow { id, find: secret.find(), begun_by: by, begun_at, expires_at, wrap };
        tracing::warn!(by = row.begun_by, "a visit of the operator begins");
        let begun = self.registry().begin_visit(link.find(self.installation()), row).await;
        begun.map_err(|error| match error {
            RegistryError::LinkUsed => GateError::LinkUsed,
            RegistryError::Conflict => GateError::TooMany { max: 16 },
            error => registry_error(error),
        })?;
        let server_half = Zeroizing::new(BASE64URL_NOPAD.encode(secret.server_half()));
        Ok(BegunVisit { credentials: OperatorCredentials { secret }, expires_at, server_half })
    }

    /// Whose visit this is, and until when.
    pub async fn visit(&self, operator: &OperatorCredentials) -> Result<views::Visit, GateError> {
        let OpenedVisit(row) = self.open_visit(operator).await?;
        Ok(views::Visit { by: row.begun_by, begun_at: row.begun_at, expires_at: row.expires_at })
    }

    /// Ends this visit.
    pub async fn end_visit(&self, operator: &OperatorCredentials) -> Result<(), GateError> {
        let OpenedVisit(row) = self.open_visit(operator).await?;
        self.registry().end_visit(row.id).await.map_err(registry_error)
    }

    /// Ends all visits; how many there were. For the operator's socket only.
    pub async fn end_visits(&self) -> Result<usize, GateError> {
        self.registry().end_visits().await.map_err(registry_error)
    }

    /// All that is closed now, as [`Gate::lockdowns`].
    pub async fn visit_lockdowns(
        &self,
        operator: &OperatorCredentials,
    ) -> Result<views::ClosedNow, GateError> {
        self.open_visit(operator).await?;
        let closed = self.lockdowns().await?.into_iter();
        let lockdowns = closed.map(|(of, lockdown)| {
            let views::Lockdown { since, reason, by, closes, scope: _ } = lockdown;
            views::ClosedFor { of, closes, since, reason, by }
        });
        Ok(views::ClosedNow { lockdowns: lockdowns.collect() })
    }

    /// What was closed and opened again, as [`Gate::lockdown_record`].
    pub async fn visit_record(
        &self,
        operator: &OperatorCredentials,
        before: Option<u64>,
    ) -> Result<views::LockdownRecord, GateError> {
        self.open_visit(operator).await?;
        let lines = self.lockdown_record(before, RECORD_LINES).await?;
        Ok(views::LockdownRecord { lines })
    }

    /// Closes something, as [`Gate::lock_down`], in the name of who asked for the visit.
    pub async fn visit_lock_down(
        &self,
        operator: &OperatorCredentials,
        of: &LockdownFor,
        closes: Closed,
        reason: &str,
    ) -> Result<(), GateError> {
        let OpenedVisit(row) = self.open_visit(operator).await?;
        self.lock_down(of, closes, reason, &row.begun_by).await
    }

    /// Opens something again, as [`Gate::lift_lockdown`].
    pub async fn visit_lift(
        &self,
        operator: &OperatorCredentials,
        of: LockdownScope,
    ) -> Result<bool, GateError> {
        let OpenedVisit(row) = self.open_visit(operator).await?;
        self.lift(of, &row.begun_by).await
    }

    async fn open_visit(&self, operator: &OperatorCredentials) -> Result<OpenedVisit, GateError> {
        let (find, now) = (operator.secret.find(), Timestamp::now());
        let row = self.registry().visit(find, now).await.map_err(registry_error)?;
        let row = row.ok_or(GateError::SignedOut)?;
        let opened = operator.secret.open(row.id, row.expires_at, &row.wrap);
        opened.map_err(|error| alarm::raise(&error, "opening a visit of the operator"))?;
        Ok(OpenedVisit(row))
    }
}
