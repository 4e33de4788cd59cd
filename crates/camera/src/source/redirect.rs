//! Cameras that answer with another address (RFC 2326, 11.3). They are followed on their own host only: whoever
//! answers there is held against what the camera is known by, and what a camera says is no reason to give another
//! machine its password.

use std::net::IpAddr;

use ownsight_model::CameraFault;
use url::{Host, Url};

use super::connection::{Connection, WITH_TLS};
use super::fault::Fault;
use super::reach::{Answer, ask};

/// Most redirections in a row.
const REDIRECTS_MAX: usize = 3;

/// Where a description is, and what is answered there to who has no password.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) url: Url,
    pub(crate) answer: Answer,
}

/// Whether an answer sends its asker to another address.
pub(super) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 305 | 307 | 308)
}

/// Asks for a description without credentials, and again where the camera redirects to on its own host. Cancel safe.
///
/// Fails with [`CameraFault::Refused`] if, and only if, the camera redirects and is not followed.
pub(crate) async fn find(given: &Url) -> Result<Found, Fault> {
    let mut url = given.clone();
    for _ in 0..=REDIRECTS_MAX {
        let mut connection = Connection::open(&url).await?;
        let answer = ask(&mut connection, "DESCRIBE", &url, 1).await?;
        if !is_redirect(answer.status) {
            return Ok(Found { url, answer });
        }
        url = target(given, &url, connection.peer(), &answer)?;
    }
    Err(Fault::new(CameraFault::Refused, format!("it redirects more than {REDIRECTS_MAX} times")))
}

/// Where a redirection leads to, if it may be followed.
fn target(given: &Url, url: &Url, peer: IpAddr, answer: &Answer) -> Result<Url, Fault> {
    let status = answer.status;
    let refused = |what: &str| Fault::new(CameraFault::Refused, format!("{status}: it redirects {what}"));
    let Some(location) = &answer.location else { return Err(refused("without saying where to")) };
    let target = url.join(location).map_err(|_| refused("to what is no address"))?;
    let scheme = target.scheme();
    if !matches!(scheme, "rtsp" | WITH_TLS) || target.host().is_none() {
        return Err(refused(&format!("to {scheme}, which is not RTSP")));
    }
    // Whether there is TLS is what a person typed, and nothing that a camera says.
    if scheme != given.scheme() {
        let (to, what) = match scheme {
            WITH_TLS => ("with TLS", "enter that address"),
            _ => ("without TLS", "it would be spoken to without encryption"),
        };
        return Err(refused(&format!("to {scheme}://, {to}, and is not followed: {what}")));
    }
    if !is_host(&target, peer) && !same_host(&target, given) {
        // Without the path: it may hold a token.
        let host = target.host_str().unwrap_or_default();
        let port = target.port().map(|port| format!(":{port}")).unwrap_or_default();
        return Err(refused(&format!(
            "to {scheme}://{host}{port}, another host, and is not followed: enter that address if it is your camera's"
        )));
    }
    without_credentials(target).ok_or_else(|| refused("to what is no address"))
}

/// Whether an address names this machine by its number.
fn is_host(url: &Url, peer: IpAddr) -> bool {
    match url.host() {
        // An IPv4 address is a name like any other in addresses that are not the web's.
        Some(Host::Domain(name)) => name.parse() == Ok(peer),
        Some(Host::Ipv4(ip)) => peer == IpAddr::V4(ip),
        Some(Host::Ipv6(ip)) => peer == IpAddr::V6(ip),
        None => false,
    }
}

fn same_host(one: &Url, other: &Url) -> bool {
    match (one.host_str(), other.host_str()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    }
}

/// Ours are given, if asked for, and no others.
fn without_credentials(mut url: Url) -> Option<Url> {
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SignIn;

    fn led(given: &str, peer: &str, location: Option<&str>) -> Result<String, String> {
        let answer = Answer {
            status: 302,
            challenges: Vec::new(),
            sign_in: SignIn::Clear,
            server: None,
            location: location.map(str::to_owned),
            key: None,
        };
        let given = Url::parse(given).unwrap();
        match target(&given, &given, peer.parse().unwrap(), &answer) {
            Ok(url) => Ok(url.to_string()),
            Err(fault) => Err(fault.detail),
        }
    }

    #[test]
    fn only_the_same_host_is_followed() {
        for (given, peer, location, expected) in [
            ("rtsp://10.0.0.2/a", "10.0.0.2", "rtsp://10.0.0.2:8554/b?c=1", "rtsp://10.0.0.2:8554/b?c=1"),
            ("rtsp://10.0.0.2:8554/a", "10.0.0.2", "/b", "rtsp://10.0.0.2:8554/b"),
            ("rtsp://cam.lan/a", "10.0.0.2", "rtsp://CAM.lan/b", "rtsp://CAM.lan/b"),
            ("rtsp://cam.lan/a", "10.0.0.2", "rtsp://10.0.0.2/b", "rtsp://10.0.0.2/b"),
            ("rtsp://cam.lan/a", "fd00::2", "rtsp://[fd00::2]/b", "rtsp://[fd00::2]/b"),
            ("rtsp://10.0.0.2/a", "10.0.0.2", "rtsp://admin:12345@10.0.0.2/b", "rtsp://10.0.0.2/b"),
        ] {
            let expected = expected.to_lowercase();
            assert_eq!(
                led(given, peer, Some(location)).map(|url| url.to_lowercase()),
                Ok(expected),
                "{location}"
            );
        }
        for (location, told) in [
            (Some("rtsp://10.0.0.3/token=secret"), "rtsp://10.0.0.3, another host"),
            (Some("rtsp://10.0.0.2.example:7/b"), "rtsp://10.0.0.2.example:7, another host"),
            (Some("rtsp://10.0.0.2@10.0.0.3/b"), "rtsp://10.0.0.3, another host"),
            (Some("rtsps://10.0.0.2/b"), "to rtsps://, with TLS"),
            (Some("http://10.0.0.2/b"), "to http, which is not RTSP"),
            (Some("rtsp:b"), "to rtsp, which is not RTSP"),
            (Some("rtsp://[::"), "no address"),
            (None, "without saying where to"),
        ] {
            let detail = led("rtsp://10.0.0.2/a", "10.0.0.2", location).unwrap_err();
            assert!(detail.contains(told) && detail.starts_with("302: "), "{location:?}: {detail}");
            assert!(!detail.contains("secret"), "{detail}");
        }
        let down = led("rtsps://10.0.0.2/a", "10.0.0.2", Some("rtsp://10.0.0.2/b")).unwrap_err();
        assert!(down.contains("to rtsp://, without TLS"), "{down}");
        let on = led("rtsps://10.0.0.2/a", "10.0.0.2", Some("rtsps://10.0.0.2:8322/b"));
        assert_eq!(on.as_deref(), Ok("rtsps://10.0.0.2:8322/b"));
    }
}
