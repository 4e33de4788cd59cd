//! One connection, from its handshake to its last byte.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::Service as _;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::Deadlines;
use super::stall::Stalling;
use crate::http::Connection;
use crate::metrics::CONNECTIONS;

/// Bytes that are kept of a request's head, and of a body that is read.
const BUFFER_MAX: usize = 64 << 10;
/// How long the rest of a body is read and thrown away after the answer, so that the answer arrives: a socket
/// that is closed with bytes unread takes back what was sent.
const LINGER_MAX: Duration = Duration::from_secs(5);
/// How long lingering waits for more.
const LINGER_IDLE_MAX: Duration = Duration::from_secs(1);

/// A connection that was accepted.
pub(super) struct Accepted {
    pub(super) peer: SocketAddr,
    pub(super) router: Router,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) deadlines: Deadlines,
    pub(super) stopping: CancellationToken,
}

impl Accepted {
    /// Answers its requests until it ends. A failure concerns this one client only, and is a line for debugging.
    pub(super) async fn serve(self, stream: TcpStream) {
        // Answers are written whole: waiting to gather more only delays them.
        let _ = stream.set_nodelay(true);
        let Some(acceptor) = self.tls.clone() else { return self.answer(stream, false).await };
        match timeout(self.deadlines.handshake, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => self.answer(stream, true).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn answer<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S, tls: bool) {
        let connection = Connection { peer: self.peer, tls };
        let router = TowerToHyperService::new(self.router);
        let service =
            hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(connection);
                router.call(request)
            });
        let mut serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.deadlines.header)
            .max_buf_size(BUFFER_MAX)
            .serve_connection(TokioIo::new(Stalling::new(stream, self.deadlines.stall)), service);
        let mut stopping = false;
        loop {
            tokio::select! {
                ended = poll_fn(|cx| serving.poll_without_shutdown(cx)) => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended early");
                        return;
                    }
                    break;
                }
                () = self.stopping.cancelled(), if !stopping => {
                    stopping = true;
                    Pin::new(&mut serving).graceful_shutdown();
                }
            }
        }
        linger(serving.into_parts().io.into_inner()).await;
    }
}

/// Ends a connection so that what was written arrives: says that no more comes, then reads what is still on its
/// way, for a while.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    let reading = async {
        stream.shutdown().await?;
        let mut rest = vec![0; 16 << 10];
        while timeout(LINGER_IDLE_MAX, stream.read(&mut rest)).await.map_err(std::io::Error::other)?? > 0 {}
        Ok::<_, std::io::Error>(())
    };
    // However it ends, the connection is done.
    let _ = timeout(LINGER_MAX, reading).await;
}

/// Counts an open connection until dropped.
#[derive(Debug)]
pub(super) struct Open;

impl Open {
    pub(super) fn count() -> Self {
        metrics::gauge!(CONNECTIONS).increment(1.0);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!(CONNECTIONS).decrement(1.0);
    }
}
