//! TLS by files: TLS 1.2 and 1.3, HTTP/1.1.

use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rustls::ServerConfig as TlsConfig;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use webpki::EndEntityCert;

use crate::config::TlsFiles;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds nothing of its kind.
    #[error("cannot read the {what} in `{}`: give a PEM file that this process may read", path.display())]
    File {
        /// What was expected in it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: PemError,
    },
    /// Certificate and key do not belong together, or are of a kind that is not supported.
    #[error("the certificate and the key cannot be used together")]
    Unusable(#[source] rustls::Error),
}

/// What the files amount to.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// Of a certificate that vouches for itself: SHA-256 of its public key (SubjectPublicKeyInfo, DER), by which devices
    /// know the server, because no authority does.
    pub(crate) pin: Option<[u8; 32]>,
}

/// Reads the files. Blocks.
pub(crate) fn read(files: &TlsFiles) -> Result<Tls, TlsError> {
    let failed = |what, path: &PathBuf| {
        let path = path.clone();
        move |source| TlsError::File { what, path, source }
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .and_then(|chain| if chain.is_empty() { Err(PemError::NoItemsFound) } else { Ok(chain) })
        .map_err(failed("certificate", &files.certificate))?;
    let pin = chain.first().and_then(pin_of_self_signed);
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(failed("private key", &files.key))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = TlsConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(TlsError::Unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), pin })
}

fn pin_of_self_signed(certificate: &CertificateDer<'_>) -> Option<[u8; 32]> {
    let certificate = EndEntityCert::try_from(certificate).ok()?;
    if certificate.issuer() != certificate.subject() {
        return None;
    }
    digest(&SHA256, &certificate.subject_public_key_info()).as_ref().try_into().ok()
}
