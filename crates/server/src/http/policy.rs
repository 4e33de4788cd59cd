//! Who asks, and whether over plain HTTP: that is for this machine and its own network only.
//!
//! The caller's address is the connection's, or behind a trusted proxy the last one in `X-Forwarded-For` that is
//! not a trusted proxy's. Encrypted means: by our own TLS, or by a trusted proxy's, which then says
//! `X-Forwarded-Proto: https`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Problem;
use crate::config::{Network, is_private};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The connection on which a request came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connection {
    /// The other end.
    pub(crate) peer: SocketAddr,
    /// Whether it is encrypted by our own TLS.
    pub(crate) tls: bool,
}

/// Who asks. Each request has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The network address, for limits.
    pub(crate) address: IpAddr,
    /// Whether all of the way that is ours to know is encrypted: then cookies are `__Host-` and `Secure`.
    pub(crate) encrypted: bool,
}

/// Lets a request through with its [`Caller`], or refuses it.
pub(crate) async fn check_caller(
    State(trusted): State<Arc<[Network]>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(connection) = request.extensions().get::<Connection>().copied() else {
        // Requests come from our listener, which names the connection of each.
        return Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response();
    };
    match caller(connection, request.headers(), &trusted) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn caller(connection: Connection, headers: &HeaderMap, trusted: &[Network]) -> Result<Caller, Problem> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer = connection.peer.ip().to_canonical();
    let forwarded = forwarded_for(headers);
    if !is_trusted(peer) {
        let unknown_proxy = forwarded.iter().any(|hop| hop.is_none_or(|address| !is_private(address)));
        return if connection.tls {
            Ok(Caller { address: peer, encrypted: true })
        } else if is_private(peer) && !unknown_proxy {
            Ok(Caller { address: peer, encrypted: false })
        } else if is_private(peer) {
            Err(refused("This request came through a proxy that the server does not know.")
                .remedy("Name the proxy's address in `trusted_proxies`, and let it encrypt what it answers."))
        } else {
            Err(refused("This server answers plain HTTP from its own network only."))
        };
    }
    let encrypted = connection.tls || proto_is_https(headers);
    // The last hop that is not one of our proxies; what it did not write itself is hearsay.
    let client = forwarded.iter().rev().copied().find(|hop| hop.is_none_or(|address| !is_trusted(address)));
    let address = client.flatten().unwrap_or(peer);
    let is_local = client.is_none_or(|hop| hop.is_some_and(is_private));
    if encrypted || is_local {
        Ok(Caller { address, encrypted })
    } else {
        Err(refused("The proxy does not say that it encrypts what it answers.")
            .remedy("Let the proxy use HTTPS and send `X-Forwarded-Proto: https`."))
    }
}

fn refused(detail: &'static str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "plain-http", "Plain HTTP is for the server's own network only")
        .detail(detail)
        .remedy("Set `tls` to a certificate and its key, or put a proxy with HTTPS in front and name it in `trusted_proxies`.")
}

/// The addresses in `X-Forwarded-For`, in order; `None` for what is no address.
fn forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let values = headers.get_all(FORWARDED_FOR).into_iter();
    values
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(|hop| {
            let hop = hop.trim();
            let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
            let address = bare.parse::<IpAddr>().ok();
            address
                .or_else(|| hop.parse::<SocketAddr>().ok().map(|hop| hop.ip()))
                .map(|hop| hop.to_canonical())
        })
        .collect()
}

fn proto_is_https(headers: &HeaderMap) -> bool {
    // Only the last value is the trusted proxy's own.
    let last = headers.get_all(FORWARDED_PROTO).into_iter().next_back().and_then(|value| value.to_str().ok());
    let last = last.and_then(|value| value.rsplit(',').next());
    last.is_some_and(|value| value.trim().eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(
        peer: &str,
        tls: bool,
        headers: &[(&HeaderName, &str)],
        trusted: &[&str],
    ) -> Result<Caller, String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let trusted: Vec<Network> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let peer = SocketAddr::new(peer.parse().unwrap(), 40_000);
        caller(Connection { peer, tls }, &map, &trusted).map_err(|problem| problem.code().to_owned())
    }

    fn seen(address: &str, encrypted: bool) -> Caller {
        Caller { address: address.parse().unwrap(), encrypted }
    }

    fn refused() -> Result<Caller, String> {
        Err("plain-http".to_owned())
    }

    #[test]
    fn plain_http_is_for_the_own_network() {
        assert_eq!(ask("127.0.0.1", false, &[], &[]), Ok(seen("127.0.0.1", false)));
        assert_eq!(ask("192.168.1.9", false, &[], &[]), Ok(seen("192.168.1.9", false)));
        assert_eq!(ask("203.0.113.5", false, &[], &[]), refused());
        assert_eq!(ask("203.0.113.5", true, &[], &[]), Ok(seen("203.0.113.5", true)));
    }

    #[test]
    fn who_is_not_trusted_is_not_believed() {
        let claims = [(&FORWARDED_FOR, "127.0.0.1"), (&FORWARDED_PROTO, "https")];
        assert_eq!(ask("203.0.113.5", false, &claims, &[]), refused());
        assert_eq!(ask("203.0.113.5", true, &claims, &[]), Ok(seen("203.0.113.5", true)));
        assert_eq!(ask("203.0.113.5", false, &claims, &["127.0.0.1"]), refused());
    }

    #[test]
    fn a_proxy_that_nobody_named_is_found_out() {
        let public = [(&FORWARDED_FOR, "203.0.113.5")];
        assert_eq!(ask("127.0.0.1", false, &public, &[]), refused());
        assert_eq!(
            ask("127.0.0.1", false, &[(&FORWARDED_FOR, "10.0.0.7")], &[]),
            Ok(seen("127.0.0.1", false))
        );
    }

    #[test]
    fn a_trusted_proxy_names_the_caller() {
        let proxy = ["127.0.0.1", "10.0.0.0/8"];
        let https = (&FORWARDED_PROTO, "https");
        let hops = (&FORWARDED_FOR, "1.2.3.4, 203.0.113.5, 10.0.0.3");
        assert_eq!(ask("127.0.0.1", false, &[hops, https], &proxy), Ok(seen("203.0.113.5", true)));
        assert_eq!(ask("127.0.0.1", false, &[hops], &proxy), refused(), "it does not say that it encrypts");
        assert_eq!(ask("127.0.0.1", false, &[hops, (&FORWARDED_PROTO, "https, http")], &proxy), refused());
        let local = (&FORWARDED_FOR, "192.168.1.9");
        assert_eq!(ask("127.0.0.1", false, &[local], &proxy), Ok(seen("192.168.1.9", false)));
        assert_eq!(ask("127.0.0.1", false, &[(&FORWARDED_FOR, "nonsense")], &proxy), refused());
        assert_eq!(
            ask("127.0.0.1", false, &[], &proxy),
            Ok(seen("127.0.0.1", false)),
            "the proxy's own question"
        );
        let port = (&FORWARDED_FOR, "[2001:db8::1]:443");
        assert_eq!(ask("127.0.0.1", false, &[port, https], &proxy), Ok(seen("2001:db8::1", true)));
    }
}
