//! Taking connections: bounded in number, with a deadline for every step, ended gently.

mod connection;
mod stall;
pub(crate) mod tls;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::ServerConfig;

pub(crate) use tls::TlsError;

/// Pause after the system could not give a connection, such as for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Deadlines of a connection's steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    pub(crate) header: Duration,
    pub(crate) handshake: Duration,
    pub(crate) stall: Duration,
}

/// How connections end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ending {
    /// No new connections and requests; those under way are answered.
    pub(crate) stopping: CancellationToken,
    /// All connections are dropped.
    pub(crate) dropped: CancellationToken,
}

/// One port.
pub(crate) struct Port {
    pub(crate) listener: TcpListener,
    pub(crate) router: Router,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) connections: Arc<Semaphore>,
    pub(crate) deadlines: Deadlines,
    pub(crate) ending: Ending,
    pub(crate) tasks: TaskTracker,
}

impl Deadlines {
    pub(crate) const fn of(config: &ServerConfig) -> Self {
        Self { header: config.header_max, handshake: config.handshake_max, stall: config.stall_max }
    }
}

impl Port {
    /// Takes connections until the server stops. Those beyond the limit wait in the system's queue.
    pub(crate) async fn serve(self) {
        loop {
            let permit = tokio::select! {
                permit = self.connections.clone().acquire_owned() => permit,
                () = self.ending.stopping.cancelled() => return,
            };
            // The semaphore is never closed.
            let Ok(permit) = permit else { return };
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = self.ending.stopping.cancelled() => return,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let connection = connection::Accepted {
                        peer,
                        router: self.router.clone(),
                        tls: self.tls.clone(),
                        deadlines: self.deadlines,
                        stopping: self.ending.stopping.clone(),
                    };
                    let dropped = self.ending.dropped.clone();
                    self.tasks.spawn(async move {
                        let _permit = permit;
                        let _open = connection::Open::count();
                        tokio::select! {
                            () = connection.serve(stream) => {}
                            () = dropped.cancelled() => {}
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}
