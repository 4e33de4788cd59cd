//! A connection to a camera, with TLS where its address says so.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use url::Url;

use super::fault::Fault;
use super::reach::{Reached, reach};
use super::tls::{self, TlsKey, secure};

/// The scheme of addresses whose cameras are spoken to with TLS, and never without.
pub(super) const WITH_TLS: &str = "rtsps";

/// A connection on which RTSP can be spoken.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Stream,
    /// Whose it is, with TLS.
    key: Option<TlsKey>,
    peer: IpAddr,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection {
    /// Connects to an address, and speaks TLS if it says so. Cancel safe: a dropped call leaves nothing behind.
    pub(crate) async fn open(url: &Url) -> Result<Self, Fault> {
        Self::on(reach(url).await?, url).await
    }

    /// Speaks TLS on what was reached, if the address says so. Cancel safe: a dropped call closes it.
    pub(crate) async fn on(reached: Reached, url: &Url) -> Result<Self, Fault> {
        let Reached { connection, peer, .. } = reached;
        let peer = peer.ip();
        if url.scheme() != WITH_TLS {
            return Ok(Self { stream: Stream::Plain(connection), key: None, peer });
        }
        let secured = secure(connection, url, peer).await?;
        Ok(Self { stream: Stream::Tls(Box::new(secured.stream)), key: Some(secured.key), peer })
    }

    /// Which key the camera has proved to have; `None` without TLS.
    pub(crate) fn key(&self) -> Option<TlsKey> {
        self.key
    }

    /// Whom it leads to.
    pub(crate) fn peer(&self) -> IpAddr {
        self.peer
    }

    /// The version of TLS, for people.
    pub(crate) fn tls(&self) -> Option<&'static str> {
        match &self.stream {
            Stream::Plain(_) => None,
            Stream::Tls(stream) => Some(tls::version(stream)),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
