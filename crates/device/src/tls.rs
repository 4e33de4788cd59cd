//! How a device knows its server: by public roots, or by the pin that came with its pairing.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs as provider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use serde::{Deserialize, Serialize};

/// SHA-256 of a server's public key (SubjectPublicKeyInfo, DER), or of its certificate as a whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ServerPin([u8; 32]);

impl ServerPin {
    /// The pin with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn matches(self, seen: SeenServer) -> bool {
        self.0 == seen.public_key || self.0 == seen.certificate
    }
}

impl fmt::Debug for ServerPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerPin({})", data_encoding::BASE64URL_NOPAD.encode(&self.0))
    }
}

impl Serialize for ServerPin {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&data_encoding::BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for ServerPin {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        let bytes: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("a pin is 32 bytes in base64url"))
    }
}

/// How the server of a call is known.
#[derive(Clone, Debug)]
pub(crate) enum Trust {
    /// By the certificate authorities of this machine.
    PublicRoots,
    /// By its pin; names and dates in the certificate mean nothing then.
    Pin(ServerPin),
    /// Not yet: who answers is remembered, and must turn out to be who the pairing's blob pins. Nothing secret
    /// may be sent.
    Unproven(Discovery),
}

/// Remembers who answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Discovery(Arc<Mutex<Option<SeenServer>>>);

#[derive(Clone, Copy, Debug)]
struct SeenServer {
    public_key: [u8; 32],
    certificate: [u8; 32],
}

impl Discovery {
    /// Whether the server that answered last is the one that is pinned.
    pub(crate) fn was(&self, pin: ServerPin) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|seen| pin.matches(seen))
    }
}

impl Trust {
    /// TLS settings for a server that public roots do not know; `None` if those decide.
    pub(crate) fn tls(&self) -> Result<Option<ClientConfig>, rustls::Error> {
        if matches!(self, Self::PublicRoots) {
            return Ok(None);
        }
        let provider = Arc::new(provider::default_provider());
        let verifier = Arc::new(Verifier { trust: self.clone(), provider: provider.clone() });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Some(config))
    }
}

/// Knows a server by its key. Handshake signatures are verified as ever: who answers has that key.
#[derive(Debug)]
struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let key = ParsedCertificate::try_from(end_entity)?.subject_public_key_info();
        let seen = SeenServer { public_key: sha256(&key), certificate: sha256(end_entity) };
        match &self.trust {
            Trust::Pin(pin) if pin.matches(seen) => Ok(ServerCertVerified::assertion()),
            Trust::Unproven(discovery) => {
                *discovery.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
                Ok(ServerCertVerified::assertion())
            }
            Trust::Pin(_) | Trust::PublicRoots => {
                Err(rustls::CertificateError::ApplicationVerificationFailure.into())
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut out = [0; 32];
    out.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    out
}
