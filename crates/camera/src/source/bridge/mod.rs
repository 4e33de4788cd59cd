//! Between the RTSP library and a camera that is spoken to with TLS.
//!
//! The library has no TLS, and makes its own connection by an address. It is given one of this process, behind which
//! is the camera: `rtsp://127.0.0.1:<port>/<secret>`. The secret stands for the camera's address in the request for a
//! description; all other addresses come from the camera, and are the camera's own on both sides. The password is
//! given here, and the library has none: it could not make a Digest of an address that it does not know.
//!
//! Whoever else of this machine connects there does not know the secret, and gets nothing. Once the library has, the
//! port is closed.

mod framing;
mod message;
mod pump;
mod sign_in;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use data_encoding::HEXLOWER;
use ownsight_model::CameraFault;
use rustls::crypto::aws_lc_rs::default_provider;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use self::framing::{Framing, Next};
use self::pump::Pump;
use self::sign_in::PasswordGiver;
use super::connection::Connection;
use super::fault::Fault;
use super::reach::SignIn;
use crate::config::Credentials;

/// Longest wait for the library. It connects at once.
const COME_MAX: Duration = Duration::from_secs(10);
/// Longest wait for the first request of who has connected.
const ASK_MAX: Duration = Duration::from_secs(1);

/// A camera's connection, to be had at an address of this process by who knows it. Ends when the library lets go, with
/// a word to the camera; before [`keep`](Self::keep) when it is dropped, without one.
#[derive(Debug)]
pub(super) struct Bridge {
    url: Url,
    fault: Arc<Mutex<Option<Fault>>>,
    task: JoinHandle<()>,
    kept: bool,
}

impl Bridge {
    /// Makes a connection to the camera at `real` one that the library can use. Given `asks`, how the camera has asked
    /// for a password, it gives one in no weaker way.
    pub(super) async fn to(
        real: &Url,
        camera: Connection,
        credentials: Option<&Credentials>,
        asks: SignIn,
    ) -> Result<Self, Fault> {
        let broken = |what: &str| {
            Fault::new(CameraFault::Broken, format!("no connection within this machine: {what}"))
        };
        let mut secret = [0; 16];
        default_provider().secure_random.fill(&mut secret).map_err(|_| broken("no random numbers"))?;
        let listening = async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let port = listener.local_addr()?.port();
            std::io::Result::Ok((listener, port))
        };
        let (listener, port) = listening.await.map_err(|error| broken(&error.to_string()))?;
        let here = format!("rtsp://127.0.0.1:{port}/{}", HEXLOWER.encode(&secret));
        let url = Url::parse(&here).map_err(|error| broken(&error.to_string()))?;
        let password = PasswordGiver::new(credentials.cloned(), asks == SignIn::Digest);
        let fault = Arc::new(Mutex::new(None));
        let told = Arc::clone(&fault);
        let real = real.to_string();
        let task = tokio::spawn(async move {
            let Some((library, received)) = admit(listener, &here).await else { return };
            let mut pump = Pump::new(camera, library, received, here, real, password);
            if let Err(fault) = pump.run().await {
                *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
            }
            // The library sees the end only now, and finds what was told.
            pump.close().await;
        });
        Ok(Self { url, fault, task, kept: false })
    }

    /// The address for the library.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Why it has ended, where that is more than the end of a connection.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The camera has described its streams: from now on there may be a session to be ended.
    pub(super) fn keep(mut self) -> Self {
        self.kept = true;
        self
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        if !self.kept {
            self.task.abort();
        }
    }
}

/// Waits for the one connection whose first request is for this address. Others are closed.
async fn admit(listener: TcpListener, here: &str) -> Option<(TcpStream, BytesMut)> {
    let until = Instant::now() + COME_MAX;
    while let Ok(Ok((mut connection, peer))) = timeout_at(until, listener.accept()).await {
        if !peer.ip().is_loopback() {
            continue;
        }
        if let Ok(Some(received)) = timeout(ASK_MAX, first_request(&mut connection, here)).await {
            // Without it, pictures would wait for one another.
            let _ = connection.set_nodelay(true);
            return Some((connection, received));
        }
    }
    None
}

/// What has come, if it begins with a request for this address.
async fn first_request(connection: &mut TcpStream, here: &str) -> Option<BytesMut> {
    let mut received = BytesMut::with_capacity(1024);
    loop {
        if connection.read_buf(&mut received).await.ok()? == 0 {
            return None;
        }
        match Framing::default().next(&mut received.clone()) {
            Ok(Next::Message(message)) => {
                let (_, uri) = message.head.request()?;
                return (uri == here).then_some(received);
            }
            Ok(Next::More) => {}
            Ok(Next::Data(_)) | Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests;
