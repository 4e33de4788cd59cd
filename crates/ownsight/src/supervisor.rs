//! Local agents: one child process for each home that the operator marked, started again when it ends.
//!
//! A child gets its pairing code on standard input, an empty environment, and its own folder, and ends when its
//! standard input closes: with the server, whatever way that ends.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use ownsight_gate::LocalPairing;
use ownsight_model::HomeId;
use ownsight_registry::Registry;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::installation::AGENTS;

/// A child that ran for so long has recovered: its next restart waits little again.
const RECOVERED_AFTER: Duration = Duration::from_mins(1);
const RESTART_WAITS_MAX: Duration = Duration::from_mins(1);
/// How long a child has to end after its standard input closed.
const END_WAITS: Duration = Duration::from_secs(8);

/// What a supervisor starts agents with.
#[derive(Debug, Clone)]
pub(crate) struct Supervisor {
    /// The data folder; agents are in `agents/<home>` below it.
    pub(crate) data: PathBuf,
    /// Where agents find the server.
    pub(crate) server_url: String,
    /// Log filter and form, handed on.
    pub(crate) log: Vec<String>,
    /// The longest event, in seconds.
    pub(crate) event_max: u64,
}

impl Supervisor {
    /// Runs agents until cancelled, then ends them.
    pub(crate) async fn run(
        self,
        registry: Registry,
        mut pairings: mpsc::Receiver<LocalPairing>,
        cancel: CancellationToken,
    ) {
        let mut agents = JoinSet::new();
        let mut codes: HashMap<HomeId, mpsc::Sender<Zeroizing<String>>> = HashMap::new();
        match registry.local_homes().await {
            Ok(homes) => {
                for home in homes {
                    match registry.local_device(home.id).await {
                        Ok(Some(_)) if self.folder(home.id).exists() => {
                            codes
                                .insert(home.id, self.start(&mut agents, &registry, home.id, cancel.clone()));
                        }
                        // Its owner's next request makes a pairing.
                        Ok(_) => {}
                        Err(error) => tracing::error!(%error, "cannot look for this server's agents"),
                    }
                }
            }
            Err(error) => tracing::error!(%error, "cannot look for this server's agents"),
        }
        loop {
            let pairing = tokio::select! {
                () = cancel.cancelled() => break,
                pairing = pairings.recv() => pairing,
            };
            let Some(LocalPairing { home, code }) = pairing else { break };
            let sender =
                codes.entry(home).or_insert_with(|| self.start(&mut agents, &registry, home, cancel.clone()));
            if sender.try_send(code.reveal()).is_err() {
                tracing::warn!(home.id = %home, "this server's agent is busy with a former pairing");
            }
        }
        while agents.join_next().await.is_some() {}
    }

    fn folder(&self, home: HomeId) -> PathBuf {
        self.data.join(AGENTS).join(home.to_string())
    }

    fn start(
        &self,
        agents: &mut JoinSet<()>,
        registry: &Registry,
        home: HomeId,
        cancel: CancellationToken,
    ) -> mpsc::Sender<Zeroizing<String>> {
        let (sender, codes) = mpsc::channel(1);
        agents.spawn(keep_running(self.clone(), registry.clone(), home, codes, cancel));
        sender
    }

    fn spawn(&self, folder: &Path) -> anyhow::Result<Child> {
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        Command::new(program)
            .args(&self.log)
            .arg("agent")
            .arg("--supervised")
            .arg("--event-max")
            .arg(self.event_max.to_string())
            .arg("--data")
            .arg(folder)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            // Ctrl-C reaches the server alone, which then ends its agents in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start this server's agent")
    }
}

/// Starts one home's agent again and again. A new code ends the running agent, whose pairing is over; the next one pairs in the same
/// folder, and delivers what was recorded under that pairing too, if its home takes it.
async fn keep_running(
    supervisor: Supervisor,
    registry: Registry,
    home: HomeId,
    mut codes: mpsc::Receiver<Zeroizing<String>>,
    cancel: CancellationToken,
) {
    let folder = supervisor.folder(home);
    let mut waits = Duration::from_secs(1);
    let mut code = codes.try_recv().ok();
    loop {
        let began = Instant::now();
        if code.is_none() && !folder.exists() {
            code = tokio::select! {
                () = cancel.cancelled() => return,
                received = codes.recv() => match received { Some(code) => Some(code), None => return },
            };
        }
        match supervisor.spawn(&folder) {
            Ok(mut child) => {
                let first_line = first_line(code.as_deref().map(String::as_str), &supervisor.server_url);
                let mut input = child.stdin.take();
                if let Some(input) = &mut input {
                    // A child that has ended already is seen below.
                    input.write_all(first_line.as_bytes()).await.ok();
                }
                tokio::select! {
                    () = cancel.cancelled() => {
                        drop(input);
                        end(child).await;
                        return;
                    }
                    received = codes.recv() => {
                        drop(input);
                        end(child).await;
                        code = received;
                        continue;
                    }
                    status = child.wait() => {
                        if is_gone(&registry, home).await {
                            tracing::info!(home.id = %home, "a home has no agent of this server any more");
                            discard(&folder);
                            return;
                        }
                        tracing::warn!(home.id = %home, status = ?status.ok().and_then(|status| status.code()),
                            "this server's agent ended; it is started again");
                    }
                }
            }
            Err(error) => tracing::error!(home.id = %home, error = format!("{error:#}"), "no agent"),
        }
        waits = if began.elapsed() > RECOVERED_AFTER {
            Duration::from_secs(1)
        } else {
            (waits * 2).min(RESTART_WAITS_MAX)
        };
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(waits) => {}
            received = codes.recv() => code = received,
        }
    }
}

/// Whether the server runs no agent for this home any more, because it was erased. One that cannot be looked up is there.
async fn is_gone(registry: &Registry, home: HomeId) -> bool {
    registry.local_homes().await.is_ok_and(|homes| homes.iter().all(|row| row.id != home))
}

/// Of a home that is no more nothing can be delivered.
fn discard(folder: &Path) {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::error!(%error, folder = %folder.display(), "cannot remove the folder of a former agent");
        }
        _ => {}
    }
}

/// What the agent reads first; wiped when dropped.
fn first_line(code: Option<&str>, server: &str) -> Zeroizing<String> {
    let line = match code {
        Some(code) => serde_json::json!({ "code": code, "server": server }),
        None => serde_json::json!({}),
    };
    Zeroizing::new(format!("{line}\n"))
}

async fn end(mut child: Child) {
    if tokio::time::timeout(END_WAITS, child.wait()).await.is_err() {
        tracing::warn!("this server's agent did not end in time and is killed");
        child.kill().await.ok();
    }
}
