//! `/metrics` of a process that is no server: an agent's, about the cameras of its one home.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::config::ServerConfig;
use crate::listener::{Deadlines, Ending, Port};
use crate::metrics::TEXT_FORMAT;
use crate::server::{METRICS_CONNECTIONS_MAX, StartError, address, listen};

/// A port that answers `GET /metrics`, and nothing else. Dropped, it ends at once.
#[derive(Debug)]
pub struct MetricsServer {
    addr: SocketAddr,
    ending: Ending,
}

impl MetricsServer {
    /// Answers with what `render` yields. It has no sign-in: whoever calls this keeps it on loopback.
    ///
    /// Cancel-safe: a dropped call has opened nothing.
    pub async fn start(
        at: SocketAddr,
        render: impl Fn() -> String + Clone + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        let listener = listen(at).await?;
        let addr = address(&listener, at)?;
        let answer = async move || ([(CONTENT_TYPE, TEXT_FORMAT)], render());
        let ending = Ending::default();
        let port = Port {
            listener,
            router: Router::new().route("/metrics", get(answer)),
            tls: None,
            connections: Arc::new(Semaphore::new(METRICS_CONNECTIONS_MAX)),
            deadlines: Deadlines::of(&ServerConfig::at(at)),
            ending: ending.clone(),
            tasks: TaskTracker::new(),
        };
        tokio::spawn(port.serve());
        Ok(Self { addr, ending })
    }

    /// Where it answers.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        self.ending.stopping.cancel();
        self.ending.dropped.cancel();
    }
}
