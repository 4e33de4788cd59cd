//! Digest (RFC 2617, MD5, without `qop`, as small cameras do it) and Basic authentication.
//!
//! Both are weak; they are here because agents must cope with them, not to protect anything.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use md5::{Digest as _, Md5};

/// What a client must know to see a camera.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name; without `:` and `"`.
    pub user: String,
    /// The password.
    pub password: String,
    /// How it is asked for.
    pub scheme: AuthScheme,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// How a client proves that it knows the password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthScheme {
    /// RFC 2617 Digest with MD5.
    #[default]
    Digest,
    /// RFC 2617 Basic: the password itself, encoded.
    Basic,
}

/// The `WWW-Authenticate` value that asks for these credentials. `stale`: the client used a nonce of another connection.
pub(crate) fn challenge(scheme: AuthScheme, realm: &str, nonce: &str, stale: bool) -> String {
    match scheme {
        AuthScheme::Basic => format!("Basic realm=\"{realm}\""),
        AuthScheme::Digest => {
            let stale = if stale { ", stale=\"true\"" } else { "" };
            format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm=\"MD5\"{stale}")
        }
    }
}

/// A nonce for one connection. Unguessable enough for a simulator; it is not from a cryptographic source.
pub(crate) fn new_nonce() -> String {
    format!("{:032x}", fastrand::u128(..))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    Refused,
    /// A right answer to another connection's nonce.
    Stale,
}

/// Judges the `Authorization` header of a request.
pub(crate) fn verify(
    credentials: &Credentials,
    realm: &str,
    nonce: &str,
    method: &str,
    uri: &str,
    authorization: Option<&str>,
) -> Verdict {
    let Some((scheme, rest)) = authorization.and_then(|value| value.trim().split_once(' ')) else {
        return Verdict::Refused;
    };
    let accepted = match credentials.scheme {
        AuthScheme::Basic => {
            let wanted = format!("{}:{}", credentials.user, credentials.password);
            scheme.eq_ignore_ascii_case("basic") && rest.trim() == BASE64.encode(wanted.as_bytes())
        }
        AuthScheme::Digest => {
            if !scheme.eq_ignore_ascii_case("digest") {
                return Verdict::Refused;
            }
            let fields = fields(rest);
            let field = |name: &str| {
                fields.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
            };
            let (Some(user), Some(answered), Some(signed_uri), Some(response)) =
                (field("username"), field("nonce"), field("uri"), field("response"))
            else {
                return Verdict::Refused;
            };
            let expected = response_for(credentials, realm, answered, method, signed_uri);
            let right = user == credentials.user
                && field("realm") == Some(realm)
                && signed_uri == uri
                && response.eq_ignore_ascii_case(&expected);
            if right && answered != nonce {
                return Verdict::Stale;
            }
            right
        }
    };
    if accepted { Verdict::Accepted } else { Verdict::Refused }
}

fn response_for(credentials: &Credentials, realm: &str, nonce: &str, method: &str, uri: &str) -> String {
    let secret = md5_hex(&format!("{}:{realm}:{}", credentials.user, credentials.password));
    let request = md5_hex(&format!("{method}:{uri}"));
    md5_hex(&format!("{secret}:{nonce}:{request}"))
}

fn md5_hex(text: &str) -> String {
    HEXLOWER.encode(&Md5::digest(text.as_bytes()))
}

/// The `name=value` and `name="value"` fields of a header, quotes and backslashes taken off.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut rest = text.chars().peekable();
    loop {
        while rest.next_if(|c| *c == ',' || c.is_whitespace()).is_some() {}
        let mut name = String::new();
        while let Some(c) = rest.next_if(|c| *c != '=' && *c != ',') {
            name.push(c);
        }
        if rest.next_if_eq(&'=').is_none() {
            if rest.peek().is_none() {
                return fields;
            }
            continue;
        }
        let mut value = String::new();
        if rest.next_if_eq(&'"').is_some() {
            while let Some(c) = rest.next() {
                match c {
                    '"' => break,
                    '\\' => value.extend(rest.next()),
                    c => value.push(c),
                }
            }
        } else {
            while let Some(c) = rest.next_if(|c| *c != ',') {
                value.push(c);
            }
        }
        fields.push((name.trim().to_owned(), value.trim().to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REALM: &str = "ownsight-camera-sim";

    fn credentials(scheme: AuthScheme) -> Credentials {
        Credentials { user: "anna".into(), password: "s3cret, \"x\"".into(), scheme }
    }

    fn header(response: &str, nonce: &str, uri: &str) -> String {
        format!(
            "Digest username=\"anna\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\""
        )
    }

    #[test]
    fn digest_is_that_of_the_rfc() {
        // RFC 2617, 3.5, computed without `qop` (as in RFC 2069): an outside tool's value.
        let inner = md5_hex("Mufasa:testrealm@host.com:Circle Of Life");
        assert_eq!(inner, "939e7578ed9e3c518a452acee763bce9");
        assert_eq!(md5_hex("GET:/dir/index.html"), "39aff3a2bab6126f332b942af96d3366");
        assert_eq!(
            md5_hex(&format!("{inner}:dcd98b7102dd2f0e8b11d0f600bfb0c093:39aff3a2bab6126f332b942af96d3366")),
            "670fd8c2df070c60b045671b8b24ff02"
        );
    }

    #[test]
    fn only_the_right_answer_for_this_request_is_taken() {
        let credentials = credentials(AuthScheme::Digest);
        let uri = "rtsp://h/cam";
        let right = response_for(&credentials, REALM, "n", "DESCRIBE", uri);
        let judge = |method, uri, header: &str| verify(&credentials, REALM, "n", method, uri, Some(header));
        assert_eq!(judge("DESCRIBE", uri, &header(&right, "n", uri)), Verdict::Accepted);
        assert_eq!(judge("SETUP", uri, &header(&right, "n", uri)), Verdict::Refused);
        assert_eq!(judge("DESCRIBE", "rtsp://h/other", &header(&right, "n", uri)), Verdict::Refused);
        assert_eq!(judge("DESCRIBE", uri, &header("", "n", uri)), Verdict::Refused);
        assert_eq!(judge("DESCRIBE", uri, "Digest"), Verdict::Refused);
        assert_eq!(judge("DESCRIBE", uri, "Basic YW5uYTo="), Verdict::Refused);
        assert_eq!(verify(&credentials, REALM, "n", "DESCRIBE", uri, None), Verdict::Refused);
        let old = response_for(&credentials, REALM, "old", "DESCRIBE", uri);
        assert_eq!(judge("DESCRIBE", uri, &header(&old, "old", uri)), Verdict::Stale);
    }

    #[test]
    fn basic_compares_the_whole() {
        let credentials = credentials(AuthScheme::Basic);
        let header = format!("Basic {}", BASE64.encode(b"anna:s3cret, \"x\""));
        assert_eq!(verify(&credentials, REALM, "", "PLAY", "u", Some(&header)), Verdict::Accepted);
        let header = format!("Basic {}", BASE64.encode(b"anna:s3cret"));
        assert_eq!(verify(&credentials, REALM, "", "PLAY", "u", Some(&header)), Verdict::Refused);
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", credentials(AuthScheme::Digest));
        assert!(!shown.contains("s3cret") && !shown.contains("anna"), "{shown}");
    }

    proptest! {
        #[test]
        fn any_header_is_judged_without_panic(text in ".{0,200}") {
            let verdict = verify(&credentials(AuthScheme::Digest), REALM, "n", "PLAY", "u", Some(&text));
            prop_assert_eq!(verdict, Verdict::Refused);
            let _ = fields(&text);
        }
    }
}
