//! `ownsight serve`: the whole server.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use ownsight_gate::{Gate, LinkFor};
use ownsight_ingest::{Ingest, IngestConfig};
use ownsight_ledger::Ledger;
use ownsight_server::{RunningServer, Server, ServerConfig, StartError};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::cli::{LogArgs, ServeArgs};
use crate::config::Config;
use crate::installation::Installation;
use crate::supervisor::Supervisor;
use crate::{logging, operator};

/// How long everything has to end in order.
const END_WAITS: Duration = Duration::from_secs(15);

pub(crate) async fn run(args: ServeArgs, log: &LogArgs) -> anyhow::Result<()> {
    logging::start(log, "info")?;
    let config = Config::load(&args)?;
    // Whoever is told that it runs may stop it at once.
    let stopped = stop_signal()?;
    let serving = Serving::start(&config, log).await?;
    if let Some(address) = &serving.first_link {
        println!("Set up the first account: {address}");
        println!(
            "The link works once, for 24 hours. `ownsight serve` prints a new one at each start until then."
        );
    }
    if serving.first_link.is_none() {
        println!("Ownsight is at {}", serving.base_url);
    }
    stopped.await;
    tracing::info!("stopping");
    serving.stop().await;
    Ok(())
}

/// A server that runs, with everything that belongs to it.
pub(crate) struct Serving {
    pub(crate) server: RunningServer,
    pub(crate) base_url: String,
    pub(crate) first_link: Option<String>,
    installation: Installation,
    cancel: CancellationToken,
    tasks: JoinSet<()>,
}

impl Serving {
    pub(crate) async fn start(config: &Config, log: &LogArgs) -> anyhow::Result<Self> {
        // Before anything can raise an alarm: the sweep may.
        ownsight_server::metrics::install().context("cannot start the metrics")?;
        let mut installation = Installation::open(config).await?;
        let ingest =
            Ingest::open(installation.registry.clone(), installation.vault.clone(), IngestConfig::default())
                .await
                .context("cannot open the way in for events")?;
        let swept = ingest.sweep().await.context("cannot sweep the folder of events")?;
        if swept.too_many {
            tracing::error!(
                "the folder of events holds many files that the registry does not know: none was removed; run `ownsight check`"
            );
        }
        let server_config = ServerConfig {
            metrics_listen: Some(config.metrics_listen),
            tls: config.tls.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
            public_url: config.public_url.clone(),
            ..ServerConfig::at(config.listen)
        };
        let started = Server::start(server_config, installation.gate.clone(), ingest.clone()).await;
        let server = started.map_err(|error| match error {
            StartError::Listen { address, source } if address == config.metrics_listen => anyhow!(source)
                .context(format!("cannot listen at {address} for /metrics: set `listen` under `[metrics]` to another port, such as 127.0.0.1:0 for any")),
            error => error.into(),
        })?;
        let base_url = config.base_url(server.addr());

        let cancel = CancellationToken::new();
        let mut tasks = JoinSet::new();
        {
            let (ingest, cancel) = (ingest.clone(), cancel.clone());
            tasks.spawn(async move { ingest.keep_limits(cancel.cancelled_owned()).await });
        }
        tasks.spawn(installation.mark.clone().follow(installation.registry.clone(), cancel.clone()));
        {
            let (data, gate) = (config.data.clone(), installation.gate.clone());
            let (base_url, cancel) = (base_url.clone(), cancel.clone());
            tasks.spawn(async move {
                if let Err(error) = operator::serve(&data, gate, base_url, cancel).await {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "no operator's socket: `ownsight account` will not work"
                    );
                }
            });
        }
        {
            let (_, unused) = tokio::sync::mpsc::channel(1);
            let pairings = std::mem::replace(&mut installation.local_pairings, unused);
            let supervisor = Supervisor {
                data: config.data.clone(),
                server_url: local_url(config, &server),
                log: log_args(log),
                event_max: config.event_max,
            };
            tasks.spawn(supervisor.run(installation.registry.clone(), pairings, cancel.clone()));
        }
        let first_link = if installation.gate.has_accounts().await? {
            None
        } else {
            let secret = installation.gate.make_link(LinkFor::First).await?;
            Some(operator::link_address(&base_url, &secret))
        };
        Ok(Self { server, base_url, first_link, installation, cancel, tasks })
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.installation.gate
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.installation.ledger
    }

    /// Ends everything in order: agents deliver what they can, then the server, then what is written.
    pub(crate) async fn stop(mut self) {
        self.cancel.cancel();
        let end = async {
            while self.tasks.join_next().await.is_some() {}
            self.server.shutdown().await;
            self.installation.ledger.close().await;
            self.installation.registry.close().await;
        };
        if tokio::time::timeout(END_WAITS, end).await.is_err() {
            tracing::warn!("not everything ended in time; nothing that was acknowledged is lost");
        }
    }
}

/// Where this machine's own agents find the server.
fn local_url(config: &Config, server: &RunningServer) -> String {
    let mut listening = server.addr();
    if config.tls.is_some() && !server.is_pinned() {
        // The certificate names the public address, and not this one.
        return config.base_url(listening);
    }
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    if listening.ip().is_unspecified() {
        listening.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    format!("{scheme}://{listening}")
}

fn log_args(log: &LogArgs) -> Vec<String> {
    let mut args = Vec::new();
    if let Some(filter) = &log.log {
        args.extend(["--log".to_owned(), filter.clone()]);
    }
    if log.log_json {
        args.push("--log-json".to_owned());
    }
    args
}

/// Ends at Ctrl-C or a service manager's word, which are listened for from this call on.
pub(crate) fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
