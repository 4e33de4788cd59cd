//! A camera's password, which leaves only as a digest.
//!
//! [`Password`] gives nobody its text: this file makes the two digests that ONVIF knows, and there is no third way out.
//! So no PasswordText and no HTTP Basic can be written anywhere else in this part.

use data_encoding::BASE64;
use http_auth::parser::ChallengeParser;
use http_auth::{DigestClient, PasswordParams};
use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

/// A password, wiped when dropped, never shown.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// The password with this text.
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Who asks a camera.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: Password,
}

impl Login {
    /// WS-Security's PasswordDigest: `Base64(SHA-1(nonce ‖ created ‖ password))` (UsernameToken Profile 1.1, 3.1).
    pub(crate) fn token_digest(&self, nonce: &[u8], created: &str) -> String {
        let mut hash = Sha1::new();
        hash.update(nonce);
        hash.update(created.as_bytes());
        hash.update(self.password.0.as_bytes());
        BASE64.encode(&hash.finalize())
    }

    /// The `Authorization` header for a POST that answers an HTTP Digest challenge.
    pub(crate) fn answer(&self, digest: &mut HttpDigest, path: &str, body: &[u8]) -> Result<String, String> {
        digest.0.respond(&PasswordParams {
            username: &self.user,
            password: &self.password.0,
            uri: path,
            method: "POST",
            body: Some(body),
        })
    }
}

/// An HTTP Digest challenge (RFC 7616).
#[derive(Debug)]
pub(crate) struct HttpDigest(DigestClient);

/// What a camera that answered 401 asks for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// HTTP Digest.
    Digest(HttpDigest),
    /// The password itself, which it does not get.
    ClearText,
    /// Nothing that is known.
    Nothing,
}

impl Asked {
    /// Reads the values of `WWW-Authenticate`. A Digest is taken wherever it stands.
    pub(crate) fn of<'a>(headers: impl Iterator<Item = &'a str>) -> Self {
        let mut clear_text = false;
        for header in headers {
            for challenge in ChallengeParser::new(header).map_while(Result::ok) {
                if challenge.scheme.eq_ignore_ascii_case("digest") {
                    if let Ok(client) = DigestClient::try_from(&challenge) {
                        return Self::Digest(HttpDigest(client));
                    }
                } else if challenge.scheme.eq_ignore_ascii_case("basic") {
                    clear_text = true;
                }
            }
        }
        if clear_text { Self::ClearText } else { Self::Nothing }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_digest_is_that_of_the_programmers_guide() {
        // The example of ONVIF's Application Programmer's Guide, 6.1.1.3.
        let login = Login { user: "user".into(), password: Password::new("userpassword") };
        let nonce = BASE64.decode(b"LKqI6G/AikKCQrN0zqZFlg==").unwrap();
        assert_eq!(login.token_digest(&nonce, "2010-09-16T07:50:45Z"), "tuOSpGlFlIXsozq4HFNeeGeFLEI=");
    }

    #[test]
    fn basic_is_never_taken() {
        let asked = |header: &'static str| Asked::of([header].into_iter());
        assert!(matches!(asked(r#"Basic realm="cam""#), Asked::ClearText));
        let both = r#"Basic realm="cam", Digest realm="cam", nonce="1", qop="auth""#;
        assert!(matches!(asked(both), Asked::Digest(_)));
        assert!(matches!(asked("Negotiate"), Asked::Nothing));
        assert!(!format!("{:?}", Password::new("secret")).contains("secret"));
    }

    proptest! {
        #[test]
        fn any_header_is_read(header in "(Digest|Basic)?[ a-z=\",A-Z0-9]{0,80}|.{0,80}") {
            let _ = Asked::of([header.as_str()].into_iter());
        }
    }
}
