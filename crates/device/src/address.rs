//! The server's address, as a person types it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use reqwest::Url;

/// Where a server is: `https://host[:port][/path]`, or `http://` for this machine and private networks.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerAddress(Url);

/// Why a text is not taken as a server's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServerAddressError {
    /// It is no address of the web.
    #[error("write the server's address as https://host or https://host:port")]
    Malformed,
    /// User name, password, query or fragment stand in it.
    #[error("the server's address holds more than a host, a port and a path")]
    TooMuch,
    /// It is unencrypted, and not on this machine or in a private network.
    #[error(
        "http:// is only for localhost and private addresses such as 192.168.1.20, where nobody else listens: \
         use https://"
    )]
    Unencrypted,
}

impl ServerAddress {
    /// Whether calls to it are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The address of a call: `path` has no slash at its begin.
    pub(crate) fn call(&self, path: &str) -> String {
        format!("{}/device/v1/{path}", self.0.as_str().trim_end_matches('/'))
    }
}

impl FromStr for ServerAddress {
    type Err = ServerAddressError;

    fn from_str(text: &str) -> Result<Self, ServerAddressError> {
        let url = Url::parse(text.trim()).map_err(|_| ServerAddressError::Malformed)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(ServerAddressError::Malformed);
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(ServerAddressError::TooMuch);
        }
        if url.scheme() == "http" && !is_near(url.host_str().unwrap_or("")) {
            return Err(ServerAddressError::Unencrypted);
        }
        Ok(Self(url))
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerAddress({self})")
    }
}

impl serde::Serialize for ServerAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for ServerAddress {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether a host is this machine or in a private network. Names other than `localhost` are not: who answers
/// for a name can change.
fn is_near(host: &str) -> bool {
    if host == "localhost" {
        return true;
    }
    match host.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(IpAddr::V4(address)) => is_near_v4(address),
        Ok(IpAddr::V6(address)) => is_near_v6(address),
        Err(_) => false,
    }
}

fn is_near_v4(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_private() || address.is_link_local()
}

fn is_near_v6(address: Ipv6Addr) -> bool {
    match address.to_ipv4_mapped() {
        Some(mapped) => is_near_v4(mapped),
        None => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unencrypted_only_nearby() {
        for near in [
            "http://localhost:8080",
            "http://127.0.0.1:1",
            "http://192.168.1.20/",
            "http://10.1.2.3",
            "http://[::1]:80",
            "http://[fd00::1]",
            "https://cameras.example",
            "https://203.0.113.9:8443/ownsight",
        ] {
            assert!(near.parse::<ServerAddress>().is_ok(), "{near}");
        }
        for (text, error) in [
            ("http://cameras.example", ServerAddressError::Unencrypted),
            ("http://localhost.example", ServerAddressError::Unencrypted),
            ("http://203.0.113.9", ServerAddressError::Unencrypted),
            ("http://[2001:db8::1]", ServerAddressError::Unencrypted),
            ("http://[::ffff:203.0.113.9]", ServerAddressError::Unencrypted),
            ("cameras.example", ServerAddressError::Malformed),
            ("rtsp://10.0.0.1/", ServerAddressError::Malformed),
            ("https://me:secret@cameras.example", ServerAddressError::TooMuch),
            ("https://cameras.example/?a=1", ServerAddressError::TooMuch),
        ] {
            assert_eq!(text.parse::<ServerAddress>(), Err(error), "{text}");
        }
    }

    #[test]
    fn calls_keep_the_path() {
        let address: ServerAddress = "https://a.example/ownsight/".parse().unwrap();
        assert_eq!(address.call("reports"), "https://a.example/ownsight/device/v1/reports");
        assert_eq!(address.to_string(), "https://a.example/ownsight");
    }
}
