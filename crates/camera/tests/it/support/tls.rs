//! TLS in front of a camera for tests. What comes from the camera can be cut into pieces, and what its viewers say is kept.

use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Certificates of two cameras, with their keys. They have expired.
pub(crate) const CAMERA_A: &[u8] = include_bytes!("../fixtures/tls/a.pem");
pub(crate) const CAMERA_B: &[u8] = include_bytes!("../fixtures/tls/b.pem");
/// A certificate of version 1, with a key for RSA of 2,048 bits.
pub(crate) const VERSION_1: &[u8] = include_bytes!("../fixtures/tls/version-1.pem");

/// Decrypts and passes on. Runs as long as the test's runtime.
pub(crate) struct TlsFront {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<u8>>>,
    camera: Arc<Mutex<Camera>>,
}

/// What stands behind it.
struct Camera {
    port: u16,
    acceptors: Vec<TlsAcceptor>,
    connections: usize,
}

impl TlsFront {
    /// In front of a port of this machine, with the next of these certificates at each connection.
    pub(crate) async fn start(behind: u16, certificates: &[&[u8]]) -> Self {
        Self::cutting(behind, certificates, usize::MAX, rustls::ALL_VERSIONS).await
    }

    /// As [`start`](Self::start), with records of at most `piece` bytes from the camera, and some versions only.
    pub(crate) async fn cutting(
        behind: u16,
        certificates: &[&[u8]],
        piece: usize,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Self {
        let acceptors = certificates.iter().map(|pem| acceptor(pem, versions)).collect();
        let camera = Arc::new(Mutex::new(Camera { port: behind, acceptors, connections: 0 }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (kept, there) = (Arc::clone(&heard), Arc::clone(&camera));
        tokio::spawn(async move {
            loop {
                let (viewer, _) = listener.accept().await.unwrap();
                let heard = Arc::clone(&kept);
                let (acceptor, behind) = {
                    let mut camera = there.lock().unwrap();
                    camera.connections += 1;
                    let turn = (camera.connections - 1) % camera.acceptors.len();
                    (camera.acceptors[turn].clone(), camera.port)
                };
                tokio::spawn(async move {
                    let Ok(viewer) = acceptor.accept(viewer).await else { return };
                    let Ok(camera) = TcpStream::connect(("127.0.0.1", behind)).await else { return };
                    pass_on(viewer, camera, piece, &heard).await;
                });
            }
        });
        Self { port, heard, camera }
    }

    /// From now on another camera is at its address.
    pub(crate) fn becomes(&self, behind: u16, certificate: &[u8]) {
        let acceptors = vec![acceptor(certificate, rustls::ALL_VERSIONS)];
        *self.camera.lock().unwrap() = Camera { port: behind, acceptors, connections: 0 };
    }

    pub(crate) fn address(&self) -> String {
        format!("rtsps://127.0.0.1:{}/camera", self.port)
    }

    /// All that viewers have said.
    pub(crate) fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }
}

fn acceptor(pem: &[u8], versions: &[&'static rustls::SupportedProtocolVersion]) -> TlsAcceptor {
    let key = PrivateKeyDer::from_pem_slice(pem).unwrap();
    let provider = Arc::new(default_provider());
    let key = provider.key_provider.load_private_key(key).unwrap();
    // Not by `with_single_cert`, which reads certificates of version 3 only.
    let shown = CertifiedKey::new(vec![CertificateDer::from_pem_slice(pem).unwrap()], key);
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    TlsAcceptor::from(Arc::new(config))
}

/// Both ways at the same time: a viewer is heard while the camera's pieces are on their way to it.
async fn pass_on(viewer: TlsStream<TcpStream>, camera: TcpStream, piece: usize, heard: &Mutex<Vec<u8>>) {
    let (mut from_viewer, mut to_viewer) = tokio::io::split(viewer);
    let (mut from_camera, mut to_camera) = camera.into_split();
    let up = async {
        let mut said = vec![0; 4096];
        while let Ok(count @ 1..) = from_viewer.read(&mut said).await {
            heard.lock().unwrap().extend(&said[..count]);
            if to_camera.write_all(&said[..count]).await.is_err() {
                return;
            }
        }
    };
    let down = async {
        let mut answered = vec![0; 4096];
        while let Ok(count @ 1..) = from_camera.read(&mut answered).await {
            for piece in answered[..count].chunks(piece) {
                if to_viewer.write_all(piece).await.is_err() || to_viewer.flush().await.is_err() {
                    // It may have said something before it went.
                    std::future::pending::<()>().await;
                }
            }
        }
        let _ = to_viewer.shutdown().await;
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}
