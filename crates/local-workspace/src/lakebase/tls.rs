//! The self-signed certificate of an instance's TLS front.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::error::LakebaseError;
use crate::private_file;

/// A TLS acceptor for `address`; key and certificate are kept in `dir` (mode 0600).
///
/// `sslmode=require` does not look at the certificate; a client that does can be given the file.
pub(crate) fn acceptor(dir: &Path, address: Ipv4Addr) -> Result<TlsAcceptor, LakebaseError> {
    let path = dir.join(format!("tls-{address}.pem"));
    if !path.is_file() {
        let made = rcgen::generate_simple_self_signed([address.to_string()])
            .map_err(|error| certificate_error(address, &error))?;
        private_file::write(
            &path,
            format!("{}{}", made.cert.pem(), made.signing_key.serialize_pem()).as_bytes(),
        )
        .map_err(LakebaseError::file("write", &path))?;
    }
    let pem = std::fs::read(&path).map_err(LakebaseError::file("read", &path))?;
    let certificate =
        CertificateDer::from_pem_slice(&pem).map_err(|error| certificate_error(address, &error))?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| certificate_error(address, &error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| certificate_error(address, &error))?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .map_err(|error| certificate_error(address, &error))?;
    // clients since PostgreSQL 17 offer it
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificate_error(address: Ipv4Addr, reason: &dyn std::fmt::Display) -> LakebaseError {
    LakebaseError::Certificate { address: address.into(), reason: reason.to_string() }
}
