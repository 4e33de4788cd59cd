//! How the server is run: addresses, certificates, proxies and limits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How the server is run. The defaults of everything but the addresses are for production.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Where people and devices are answered. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where `/metrics` is answered; `None` for nowhere. It has no sign-in: keep it on loopback.
    pub metrics_listen: Option<SocketAddr>,
    /// Certificate and key; `None` for plain HTTP, which answers loopback and private addresses only.
    pub tls: Option<TlsFiles>,
    /// Reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<Network>,
    /// The address that people and devices use, such as `https://cameras.example.org`; `None` for the one that a
    /// request came to.
    pub public_url: Option<PublicUrl>,
    /// Connections at once; further ones wait to be accepted.
    pub connections_max: usize,
    /// Live streams of pages at once; further ones are told to come back.
    pub streams_max: usize,
    /// How long a connection may take to send a request's headers, also while it is idle between two requests.
    pub header_max: Duration,
    /// How long a TLS handshake may take.
    pub handshake_max: Duration,
    /// How long a client may take nothing of an answer that waits for it.
    pub stall_max: Duration,
    /// How long requests that are under way may take at shutdown.
    pub shutdown_max: Duration,
}

impl ServerConfig {
    /// Plain HTTP at this address, without metrics, with the default limits.
    pub fn at(listen: SocketAddr) -> Self {
        Self {
            listen,
            metrics_listen: None,
            tls: None,
            trusted_proxies: Vec::new(),
            public_url: None,
            connections_max: 4096,
            streams_max: 4096,
            header_max: Duration::from_secs(30),
            handshake_max: Duration::from_secs(10),
            stall_max: Duration::from_mins(1),
            shutdown_max: Duration::from_secs(10),
        }
    }
}

/// Files in PEM form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate with its chain, the server's own first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A network, such as `10.0.0.0/8` or `fd00::/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// A text that is not a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a network: write it as 10.0.0.0/8, fd00::/8 or 192.168.1.2")]
pub struct ParseNetworkError {
    text: String,
}

impl Network {
    /// Whether this address is in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                u32::from(own) & mask == u32::from(other) & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                u128::from(own) & mask == u128::from(other) & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, ParseNetworkError> {
        let error = || ParseNetworkError { text: text.to_owned() };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| error())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.trim().parse().map_err(|_| error())?,
            None => longest,
        };
        if prefix > longest { Err(error()) } else { Ok(Self { address, prefix }) }
    }
}

impl TryFrom<String> for Network {
    type Error = ParseNetworkError;

    fn try_from(text: String) -> Result<Self, ParseNetworkError> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        format!("{}/{}", network.address, network.prefix)
    }
}

/// The address that people and devices use: scheme, host and port, nothing behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicUrl(String);

/// A text that is not a public address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a public address: write it as https://cameras.example.org or http://192.168.1.2:8080"
)]
pub struct ParsePublicUrlError {
    text: String,
}

impl PublicUrl {
    /// The address without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PublicUrl {
    type Err = ParsePublicUrlError;

    fn from_str(text: &str) -> Result<Self, ParsePublicUrlError> {
        let error = || ParsePublicUrlError { text: text.to_owned() };
        let url = text.trim().trim_end_matches('/');
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or_else(error)?;
        let plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
        if host.is_empty() || !plain { Err(error()) } else { Ok(Self(url.to_owned())) }
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = ParsePublicUrlError;

    fn try_from(text: String) -> Result<Self, ParsePublicUrlError> {
        text.parse()
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> Self {
        url.0
    }
}

/// Whether an address is one that only this machine or its own network has: loopback, private, link-local, and
/// the space that carriers and private overlays share (RFC 6598).
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_loopback() || address.is_private() || address.is_link_local() || is_shared(address)
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || is_link_local(address),
    }
}

const fn is_shared(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 100 && second & 0b1100_0000 == 64
}

const fn is_link_local(address: Ipv6Addr) -> bool {
    address.is_unicast_link_local()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("192.168.1.2", "192.168.1.2", "192.168.1.3"),
            ("0.0.0.0/0", "8.8.8.8", "::1"),
            ("fd00::/8", "fdff::1", "fe80::1"),
            ("127.0.0.1/32", "::ffff:127.0.0.1", "127.0.0.2"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{outside}");
        }
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "a/8", "10.0.0.0/"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn public_addresses_have_no_path() {
        let url: PublicUrl = " https://cameras.example.org:8443/ ".parse().unwrap();
        assert_eq!(url.as_str(), "https://cameras.example.org:8443");
        for text in
            ["", "cameras.example.org", "https://", "https://a/b", "https://a?b", "https://u@a", "ftp://a"]
        {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_private(address.parse().unwrap()), "{address}");
        }
        for address in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1", "::ffff:8.8.8.8", "0.0.0.0"] {
            assert!(!is_private(address.parse().unwrap()), "{address}");
        }
    }
}
