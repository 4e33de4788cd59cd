//! Opening the ports, and closing them gently.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ownsight_gate::Gate;
use ownsight_ingest::Ingest;
use ownsight_upload::Uploads;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::api::{Lasting, Streams};
use crate::config::ServerConfig;
use crate::listener::{Deadlines, Ending, Port, TlsError, tls};
use crate::state::AppState;
use crate::{metrics, routes};

/// Archives that are written at once.
const EXPORTS_MAX: usize = 8;
/// Connections to the metrics' port.
pub(crate) const METRICS_CONNECTIONS_MAX: usize = 16;

/// Starts servers.
#[derive(Debug)]
pub struct Server;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened at.
    #[error("cannot listen at {address}: choose another address or port, or end what uses it")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A server that runs. Dropped, it ends at once; [`Self::shutdown`] lets it finish.
#[derive(Debug)]
pub struct RunningServer {
    addr: SocketAddr,
    metrics_addr: Option<SocketAddr>,
    ending: Ending,
    tasks: TaskTracker,
    upkeep: JoinHandle<()>,
    shutdown_max: Duration,
    pinned: bool,
}

impl Server {
    /// Opens the ports and serves until [`RunningServer::shutdown`].
    ///
    /// Installs the recorder of metrics if nobody has; who wants to count what happens before calls
    /// [`metrics::install`] earlier.
    pub async fn start(
        config: ServerConfig,
        gate: Gate,
        ingest: Ingest,
    ) -> Result<RunningServer, StartError> {
        if let Err(error) = metrics::install() {
            tracing::warn!(%error, "another recorder of metrics is in place: `/metrics` stays empty");
        }
        let tls = config.tls.as_ref().map(tls::read).transpose()?;
        let pin = tls.as_ref().and_then(|tls| tls.pin);
        if let Some(pin) = pin {
            gate.set_server_pin(pin);
        }
        let tls = tls.map(|tls| tls.acceptor);
        let main = listen(config.listen).await?;
        let metrics_listener = match config.metrics_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let addr = address(&main, config.listen)?;
        let metrics_addr = match (&metrics_listener, config.metrics_listen) {
            (Some(listener), Some(asked)) => Some(address(listener, asked)?),
            _ => None,
        };
        let (ending, tasks) = (Ending::default(), TaskTracker::new());
        let (deadlines, shutdown_max) = (Deadlines::of(&config), config.shutdown_max);
        let connections = Arc::new(Semaphore::new(config.connections_max.max(1)));
        let encrypted = tls.is_some();
        let state = AppState {
            gate,
            uploads: Uploads::new(ingest.clone()),
            ingest,
            streams: Streams::new(Lasting::Streams, config.streams_max),
            exports: Streams::new(Lasting::Exports, EXPORTS_MAX),
            config: Arc::new(config),
            stopping: ending.stopping.clone(),
        };
        let port = |listener, router, tls, connections| Port {
            listener,
            router,
            tls,
            connections,
            deadlines,
            ending: ending.clone(),
            tasks: tasks.clone(),
        };
        tasks.spawn(port(main, routes::router(&state), tls, connections).serve());
        if let Some(listener) = metrics_listener {
            let connections = Arc::new(Semaphore::new(METRICS_CONNECTIONS_MAX));
            tasks.spawn(port(listener, metrics::router(), None, connections).serve());
        }
        let upkeep = tokio::spawn(metrics::upkeep());
        tracing::info!(%addr, ?metrics_addr, encrypted, "serving");
        Ok(RunningServer { addr, metrics_addr, ending, tasks, upkeep, shutdown_max, pinned: pin.is_some() })
    }
}

impl RunningServer {
    /// Where people and devices are answered.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where metrics are answered.
    pub const fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics_addr
    }

    /// Whether devices know this server by the key of its certificate, which no authority vouches for, and so at whatever
    /// address.
    pub const fn is_pinned(&self) -> bool {
        self.pinned
    }

    /// Takes no more connections, lets requests that are under way end, and drops those that take longer than
    /// the configured time.
    ///
    /// Cancel-safe: a dropped call drops all connections.
    pub async fn shutdown(self) {
        self.ending.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(self.shutdown_max, self.tasks.wait()).await.is_err() {
            let connections = self.tasks.len();
            tracing::warn!(connections, "connections that took too long to end were dropped");
            self.ending.dropped.cancel();
            self.tasks.wait().await;
        }
        tracing::info!("stopped serving");
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.ending.stopping.cancel();
        self.ending.dropped.cancel();
        self.upkeep.abort();
    }
}

pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

pub(crate) fn address(listener: &TcpListener, asked: SocketAddr) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|source| StartError::Listen { address: asked, source })
}
