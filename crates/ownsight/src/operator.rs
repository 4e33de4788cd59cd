//! The operator's socket: a Unix socket in the data folder, for the owner of the process only, that gives one-time
//! links, and closes and opens views. It shows nobody anything.
//!
//! One request a connection: a line of JSON, answered by a line of JSON.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use ownsight_gate::{Gate, GateError, LinkFor, LockdownFor};
use ownsight_model::{CameraId, Closable, Closed, HomeId, LockdownScope, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

const FILE_NAME: &str = "operator.sock";
const LINE_BYTES_MAX: u64 = 4096;
/// A thousand lockdowns with their reasons.
const ANSWER_BYTES_MAX: u64 = 4 << 20;
/// Lines of the record that are shown at a time.
const RECORD_MAX: usize = 500;
const WAITS: Duration = Duration::from_secs(10);

/// What an operator asks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Request {
    /// A link for the first account.
    First,
    /// A link for an account.
    Account { email: Option<String>, local_agent: bool },
    /// A link for a new password.
    Reset { email: String },
    /// A link that shows the recovery sheet.
    Sheet,
    /// A link that begins a visit of the operator in a browser.
    Visit { by: String },
    /// Ends all visits.
    EndVisits,
    /// Closes something.
    Close { of: Of, what: Vec<Closable>, reason: String, by: String },
    /// Opens it again.
    Open { of: Of, by: String },
    /// All that is closed.
    Closed,
    /// What was closed and opened again, the newest of it.
    Record,
}

/// For whom something is closed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Of {
    Installation,
    Home(HomeId),
    Camera(CameraId),
    Account(String),
}

/// Something that is closed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ClosedNow {
    pub(crate) of: LockdownScope,
    pub(crate) what: Vec<String>,
    pub(crate) since: Timestamp,
    pub(crate) reason: String,
    pub(crate) by: String,
}

/// Something that was closed or opened again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OnRecord {
    pub(crate) sequence: u64,
    pub(crate) at: Timestamp,
    pub(crate) of: LockdownScope,
    pub(crate) by: String,
    /// `None` if it was opened again.
    pub(crate) what: Option<Vec<String>>,
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Response {
    Link(String),
    /// Whether anything changed.
    Done(bool),
    Closed(Vec<ClosedNow>),
    Record(Vec<OnRecord>),
    Error(String),
}

fn path(data: &Path) -> PathBuf {
    data.join(FILE_NAME)
}

/// The page that redeems a link. The secret is in the fragment, which browsers do not send.
pub(crate) fn link_address(base_url: &str, secret: &str) -> String {
    format!("{base_url}/setup#{secret}")
}

/// The page of the operator.
fn visit_address(base_url: &str, secret: &str) -> String {
    format!("{base_url}/admin#{secret}")
}

/// Listens until cancelled. The folder is this process's alone, so a socket that is left over is stale.
pub(crate) async fn serve(
    data: &Path,
    gate: Gate,
    base_url: String,
    cancel: CancellationToken,
) -> anyhow::Result<()> {
    let path = path(data);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error)
                .with_context(|| format!("cannot replace the operator's socket {}", path.display()));
        }
        _ => {}
    }
    let listener = UnixListener::bind(&path)
        .with_context(|| format!("cannot make the operator's socket {}", path.display()))?;
    // The data folder is 0700 already: nobody reaches the socket between the two calls.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
        .with_context(|| format!("cannot close the operator's socket {} to others", path.display()))?;
    let slots = std::sync::Arc::new(Semaphore::new(8));
    loop {
        let accepted = tokio::select! {
            () = cancel.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        let Ok(slot) = slots.clone().acquire_owned().await else { break };
        let (gate, base_url) = (gate.clone(), base_url.clone());
        tokio::spawn(async move {
            let answered = tokio::time::timeout(WAITS, answer(stream, &gate, &base_url)).await;
            if !matches!(answered, Ok(Ok(()))) {
                tracing::debug!("an operator's request was not answered");
            }
            drop(slot);
        });
    }
    std::fs::remove_file(&path).ok();
    Ok(())
}

async fn answer(mut stream: UnixStream, gate: &Gate, base_url: &str) -> anyhow::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut line = String::new();
    BufReader::new(reader.take(LINE_BYTES_MAX)).read_line(&mut line).await?;
    let response = match serde_json::from_str::<Request>(&line) {
        Ok(request) => perform(request, gate, base_url).await.unwrap_or_else(Response::Error),
        Err(error) => Response::Error(format!("the request is not understood: {error}")),
    };
    let mut line = serde_json::to_vec(&response)?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    Ok(())
}

async fn perform(request: Request, gate: &Gate, base_url: &str) -> Result<Response, String> {
    let link = match request {
        Request::First => LinkFor::First,
        Request::Account { email, local_agent } => LinkFor::Account { email, local_agent },
        Request::Reset { email } => LinkFor::Reset { email },
        Request::Sheet => LinkFor::Sheet,
        Request::Visit { by } => {
            let link = gate.make_link(LinkFor::Operator { by }).await.map_err(|error| error.to_string())?;
            return Ok(Response::Link(visit_address(base_url, &link)));
        }
        Request::EndVisits => {
            let ended = gate.end_visits().await.map_err(|error| error.to_string())?;
            return Ok(Response::Done(ended > 0));
        }
        Request::Close { of, what, reason, by } => {
            let closed = Closed::of(what).ok_or("name what is to be closed")?;
            let begun = gate.lock_down(&of.into(), closed, &reason, &by).await;
            return begun.map(|()| Response::Done(true)).map_err(|error| match error {
                GateError::NotFound => "there is no such home, camera or account".to_owned(),
                GateError::Conflict => {
                    "1,000 lockdowns are live: lift some, or close a home or everything".to_owned()
                }
                other => other.to_string(),
            });
        }
        Request::Open { of, by } => {
            let lifted = gate.lift_lockdown(&of.into(), &by).await;
            return lifted.map(Response::Done).map_err(|error| match error {
                GateError::Busy => {
                    "the record cannot take it, so it stays closed: see the log, and try again".to_owned()
                }
                GateError::Conflict => "somebody closed it anew at the same moment".to_owned(),
                other => other.to_string(),
            });
        }
        Request::Closed => {
            let closed = gate.lockdowns().await.map_err(|error| error.to_string())?;
            let rows = closed.into_iter().map(|(of, lockdown)| ClosedNow {
                of,
                what: lockdown.closes.iter().map(|word| (*word).to_owned()).collect(),
                since: lockdown.since,
                reason: lockdown.reason,
                by: lockdown.by,
            });
            return Ok(Response::Closed(rows.collect()));
        }
        Request::Record => {
            let record = gate.lockdown_record(None, RECORD_MAX).await.map_err(|error| error.to_string())?;
            let lines = record.into_iter().map(|notice| OnRecord {
                sequence: notice.sequence,
                at: notice.at,
                of: notice.of,
                by: notice.by,
                what: notice.closes.map(|closes| closes.into_iter().map(str::to_owned).collect()),
                reason: notice.reason,
            });
            return Ok(Response::Record(lines.collect()));
        }
    };
    match gate.make_link(link).await {
        Ok(secret) => Ok(Response::Link(link_address(base_url, &secret))),
        Err(GateError::NotFound) => Err("no account has this e-mail address".to_owned()),
        Err(GateError::LinkUsed) => Err("there is an account already: use `account create`".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

impl From<Of> for LockdownFor {
    fn from(of: Of) -> Self {
        match of {
            Of::Installation => Self::Installation,
            Of::Home(home) => Self::Home(home),
            Of::Camera(camera) => Self::Camera(camera),
            Of::Account(email) => Self::Account(email),
        }
    }
}

/// Asks a running server for a link: gives its address.
pub(crate) async fn ask_for_link(data: &Path, request: &Request) -> anyhow::Result<String> {
    match ask(data, request).await? {
        Response::Link(address) => Ok(address),
        _ => bail!("the server's answer is of another kind than what was asked for"),
    }
}

/// Asks a running server.
pub(crate) async fn ask(data: &Path, request: &Request) -> anyhow::Result<Response> {
    let path = path(data);
    let exchange = async {
        let mut stream = UnixStream::connect(&path).await.with_context(|| {
            format!(
                "no server answers at {}: start it with `ownsight serve`, or name its folder with --data",
                path.display()
            )
        })?;
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        let mut line = String::new();
        BufReader::new(stream.take(ANSWER_BYTES_MAX)).read_line(&mut line).await?;
        match serde_json::from_str(&line).context("the server's answer is not understood")? {
            Response::Error(error) => bail!(error),
            answer => Ok(answer),
        }
    };
    tokio::time::timeout(WAITS, exchange)
        .await
        .context("the server does not answer at its operator's socket")?
}
