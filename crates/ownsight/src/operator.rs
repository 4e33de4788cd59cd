//! The operator's socket: a Unix socket in the data folder, for the owner of the process only, that gives one-time
//! links and nothing else.
//!
//! One request a connection: a line of JSON, answered by a line of JSON.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use ownsight_gate::{Gate, GateError, LinkFor};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

const FILE_NAME: &str = "operator.sock";
const LINE_BYTES_MAX: u64 = 4096;
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
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Response {
    Link(String),
    Error(String),
}

fn path(data: &Path) -> PathBuf {
    data.join(FILE_NAME)
}

/// The page that redeems a link. The secret is in the fragment, which browsers do not send.
pub(crate) fn link_address(base_url: &str, secret: &str) -> String {
    format!("{base_url}/setup#{secret}")
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
        Ok(request) => match gate.make_link(request.into()).await {
            Ok(secret) => Response::Link(link_address(base_url, &secret)),
            Err(error) => Response::Error(explain(&error)),
        },
        Err(error) => Response::Error(format!("the request is not understood: {error}")),
    };
    let mut line = serde_json::to_vec(&response)?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    Ok(())
}

fn explain(error: &GateError) -> String {
    match error {
        GateError::NotFound => "no account has this e-mail address".to_owned(),
        GateError::LinkUsed => "there is an account already: use `account create`".to_owned(),
        other => other.to_string(),
    }
}

impl From<Request> for LinkFor {
    fn from(request: Request) -> Self {
        match request {
            Request::First => Self::First,
            Request::Account { email, local_agent } => Self::Account { email, local_agent },
            Request::Reset { email } => Self::Reset { email },
        }
    }
}

/// Asks a running server for a link: gives its address.
pub(crate) async fn ask(data: &Path, request: &Request) -> anyhow::Result<String> {
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
        BufReader::new(stream.take(LINE_BYTES_MAX)).read_line(&mut line).await?;
        match serde_json::from_str(&line).context("the server's answer is not understood")? {
            Response::Link(address) => Ok(address),
            Response::Error(error) => bail!(error),
        }
    };
    tokio::time::timeout(WAITS, exchange)
        .await
        .context("the server does not answer at its operator's socket")?
}
