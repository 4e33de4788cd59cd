//! `ownsight agent`: the cameras of one home, from a place that can reach them.

use std::io::IsTerminal as _;
use std::net::SocketAddr;

use anyhow::Context as _;
use ownsight_agent::{AgentConfig, AgentError, Figures, Invitation, Neighbours, Pairing, supervisor};
use ownsight_server::MetricsServer;
use tokio_util::sync::CancellationToken;

use crate::cli::{AgentArgs, LogArgs};
use crate::client::ask;
use crate::commands::serve::stop_signal;
use crate::{config, logging};

const VERSION: &str = concat!("ownsight agent ", env!("CARGO_PKG_VERSION"));

pub(crate) fn run(args: AgentArgs, log: &LogArgs) -> anyhow::Result<()> {
    logging::start(log, "info")?;
    let folder = match &args.data {
        Some(folder) => folder.clone(),
        None => {
            config::agent_folder().context("there is no home folder to keep data in: name one with --data")?
        }
    };
    // Before the first thread: what is confined later confines that thread only.
    ownsight_agent::confine(&folder, if args.supervised { Neighbours::Server } else { Neighbours::None });
    let cancel = CancellationToken::new();
    let mut config = AgentConfig::new(folder, VERSION);
    config.cameras.event.length_max = std::time::Duration::from_secs(args.event_max);
    config.pairing =
        if args.supervised { supervisor::listen(std::io::stdin(), cancel.clone())? } else { given(&args)? };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(run_until_stopped(config, args, cancel));
    runtime.shutdown_timeout(std::time::Duration::from_secs(3));
    outcome
}

async fn run_until_stopped(
    mut config: AgentConfig,
    args: AgentArgs,
    cancel: CancellationToken,
) -> anyhow::Result<()> {
    let (stopped, signalled) = (stop_signal()?, cancel.clone());
    tokio::spawn(async move {
        stopped.await;
        signalled.cancel();
    });
    let _metrics = match args.metrics {
        Some(at) => Some(metrics_at(at, &config.figures).await?),
        None => None,
    };
    let sure = args.supervised || args.yes;
    let confirm = move |invitation: &Invitation| sure || confirmed(invitation);
    match ownsight_agent::run(config.clone(), confirm, cancel.clone()).await {
        Err(AgentError::NotPaired) if !args.supervised && std::io::stdin().is_terminal() => {
            config.pairing = Some(ask_for_pairing(args.server)?);
            Ok(ownsight_agent::run(config, confirm, cancel).await?)
        }
        outcome => Ok(outcome?),
    }
}

/// `/metrics`, which names cameras: on loopback only.
async fn metrics_at(at: SocketAddr, figures: &Figures) -> anyhow::Result<MetricsServer> {
    if !at.ip().is_loopback() {
        anyhow::bail!(
            "`--metrics {at}` is not a loopback address: an agent's metrics name its cameras and have no sign-in; take 127.0.0.1"
        );
    }
    let figures = figures.clone();
    let metrics = MetricsServer::start(at, move || figures.render()).await;
    let metrics = metrics.with_context(|| format!("cannot answer /metrics at {at}"))?;
    tracing::info!(addr = %metrics.addr(), "/metrics about this agent's cameras");
    Ok(metrics)
}

/// The pairing that the command line names, if it names one.
fn given(args: &AgentArgs) -> anyhow::Result<Option<Pairing>> {
    match (&args.server, &args.code) {
        (Some(server), Some(code)) => Ok(Some(Pairing { server: server.parse()?, code: code.parse()? })),
        (None, Some(_)) => anyhow::bail!("name the server's address with --server"),
        (_, None) => Ok(None),
    }
}

fn ask_for_pairing(server: Option<String>) -> anyhow::Result<Pairing> {
    let server = match server {
        Some(server) => server,
        None => ask("The server's address: ")?,
    };
    let server = server.parse()?;
    let code = ask("The pairing code, from the web app under Cameras: ")?;
    Ok(Pairing { server, code: code.parse()? })
}

fn confirmed(invitation: &Invitation) -> bool {
    let leaves = if invitation.leaves {
        "This device is of a home already: it leaves that one. What it has recorded for it is still delivered there.\n"
    } else {
        ""
    };
    let question =
        format!("{leaves}This code is of the home “{}”. Is that right? Type yes: ", invitation.home_name);
    ask(&question).is_ok_and(|answer| answer.eq_ignore_ascii_case("yes"))
}
