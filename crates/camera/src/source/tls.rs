//! TLS with a camera. What counts is its key: it must have it, and it must be the one that it is known by.
//!
//! Names, dates and signers of certificates are not looked at: no authority knows a camera, and a clock that was set
//! back makes no stranger of it. Who is let in by its key is up to [`Guard`](crate::fingerprint::Guard).

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use data_encoding::BASE64_NOPAD;
use ownsight_model::CameraFault;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs as provider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Host, Url};
use webpki::RawPublicKeyEntity;

use super::certificate::public_key;
use super::fault::Fault;
use super::reach::ANSWER_MAX;

/// How a key begins in writing.
const PREFIX: &str = "SHA256:";

/// What a camera proves to have: the SHA-256 of its public key (`SubjectPublicKeyInfo`). In writing as SSH shows keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TlsKey([u8; 32]);

impl TlsKey {
    fn of(key: &SubjectPublicKeyInfoDer<'_>) -> Self {
        Self(Sha256::digest(key).into())
    }

    #[cfg(test)]
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for TlsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", BASE64_NOPAD.encode(&self.0))
    }
}

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoTlsKey;

impl FromStr for TlsKey {
    type Err = NoTlsKey;

    fn from_str(text: &str) -> Result<Self, NoTlsKey> {
        let digits = text.strip_prefix(PREFIX).ok_or(NoTlsKey)?;
        let bytes = BASE64_NOPAD.decode(digits.as_bytes()).map_err(|_| NoTlsKey)?;
        bytes.try_into().map(Self).map_err(|_| NoTlsKey)
    }
}

/// A connection with TLS, and whose it is.
pub(super) struct Secured {
    pub(super) stream: TlsStream<TcpStream>,
    pub(super) key: TlsKey,
}

/// Speaks TLS on a connection that was made to this address. Cancel safe: a dropped call closes it.
pub(super) async fn secure(connection: TcpStream, url: &Url, peer: IpAddr) -> Result<Secured, Fault> {
    let config = CONFIG.clone().map_err(|error| failed(error.to_string()))?;
    let shaking = TlsConnector::from(config).connect(name(url, peer), connection);
    let stream = match timeout(ANSWER_MAX, shaking).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(of_handshake(&error)),
        Err(_) => {
            let seconds = ANSWER_MAX.as_secs();
            return Err(failed(format!(
                "no answer to TLS in {seconds} s: it may not speak TLS at this port"
            )));
        }
    };
    let (_, session) = stream.get_ref();
    let certificate = session.peer_certificates().and_then(|all| all.first());
    match certificate.and_then(public_key) {
        Some(key) => Ok(Secured { key: TlsKey::of(&key), stream }),
        None => Err(failed("it shows no certificate that can be read")),
    }
}

/// The version that was agreed on, for people.
pub(super) fn version(stream: &TlsStream<TcpStream>) -> &'static str {
    match stream.get_ref().1.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS",
    }
}

/// What the camera is called in the handshake. It decides nothing; some recorders choose a certificate by it.
fn name(url: &Url, peer: IpAddr) -> ServerName<'static> {
    match url.host() {
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).ok(),
        _ => None,
    }
    .unwrap_or_else(|| peer.into())
}

/// No session is taken up again: each connection proves the key anew.
static CONFIG: LazyLock<Result<Arc<ClientConfig>, rustls::Error>> = LazyLock::new(|| {
    let provider = Arc::new(provider::default_provider());
    let verifier = Arc::new(HasItsKey(Arc::clone(&provider)));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
});

/// Lets any certificate pass whose key the other side proves to have.
#[derive(Debug)]
struct HasItsKey(Arc<CryptoProvider>);

impl ServerCertVerifier for HasItsKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        key_of(end_entity).map(|_| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let key = key_of(certificate)?;
        let key = RawPublicKeyEntity::try_from(&key).map_err(|_| CertificateError::BadEncoding)?;
        // TLS 1.2 does not say which curve a scheme means: each is tried.
        let known = self.0.signature_verification_algorithms.mapping;
        let algorithms = known.iter().find(|(scheme, _)| *scheme == signed.scheme);
        for algorithm in algorithms.into_iter().flat_map(|(_, algorithms)| *algorithms) {
            if key.verify_signature(*algorithm, message, signed.signature()).is_ok() {
                return Ok(HandshakeSignatureValid::assertion());
            }
        }
        Err(CertificateError::BadSignature.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &key_of(certificate)?, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn key_of(certificate: &CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'static>, rustls::Error> {
    public_key(certificate).ok_or_else(|| CertificateError::BadEncoding.into())
}

fn failed(detail: impl Into<String>) -> Fault {
    Fault::new(CameraFault::TlsFailed, detail)
}

fn of_handshake(error: &io::Error) -> Fault {
    use AlertDescription::{HandshakeFailure, InsufficientSecurity, ProtocolVersion};
    use rustls::Error;
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    failed(match tls {
        Some(Error::InvalidMessage(_)) => "it does not speak TLS at this port: use its port for RTSP over TLS, mostly 322, or rtsp:// if it has none".to_owned(),
        Some(Error::AlertReceived(ProtocolVersion | HandshakeFailure | InsufficientSecurity) | Error::PeerIncompatible(_)) => {
            format!("it knows neither TLS 1.2 nor 1.3 with ciphers of today: update its firmware ({error})")
        }
        Some(Error::InvalidCertificate(CertificateError::BadSignature)) => {
            "it does not prove its key, or that is too weak: RSA needs 2,048 bits".to_owned()
        }
        Some(Error::InvalidCertificate(_)) => format!("its certificate cannot be read ({error})"),
        None if error.kind() == io::ErrorKind::UnexpectedEof || error.kind() == io::ErrorKind::ConnectionReset => {
            "it closed the connection in the TLS handshake: it may not speak TLS at this port".to_owned()
        }
        _ => format!("the TLS handshake failed: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_writing_are_read_again() {
        let key = TlsKey::from_bytes(std::array::from_fn(|index| index as u8 * 7));
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!(key.to_string().len(), 50);
        for wrong in ["", "SHA256:", "SHA256:AAAA", &key.to_string()[1..], &format!("{key}=")] {
            assert_eq!(wrong.parse::<TlsKey>(), Err(NoTlsKey), "{wrong}");
        }
    }
}
