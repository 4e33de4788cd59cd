//! Gives the camera its password, in no weaker way than was judged right before.

use http_auth::{PasswordClient, PasswordParams};
use ownsight_model::CameraFault;

use super::super::fault::Fault;
use crate::config::{CLEAR_TEXT_ONLY, Credentials};

/// What answers a camera's question for a password.
pub(super) struct PasswordGiver {
    credentials: Option<Credentials>,
    /// By Digest, or not at all.
    digest_only: bool,
    client: Option<PasswordClient>,
}

/// How often a request has been asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tries {
    answered: bool,
    renewed: bool,
}

impl PasswordGiver {
    pub(super) fn new(credentials: Option<Credentials>, digest_only: bool) -> Self {
        let digest_only = digest_only || credentials.as_ref().is_some_and(Credentials::is_digest_only);
        Self { credentials, digest_only, client: None }
    }

    /// What is said of the password with a request; `None` until the camera has asked for it.
    pub(super) fn authorization(&mut self, method: &str, uri: &str, tries: &mut Tries) -> Option<String> {
        let (client, credentials) = (self.client.as_mut()?, self.credentials.as_ref()?);
        let (username, password) = credentials.expose();
        let said =
            client.respond(&PasswordParams { username, password, uri, method, body: Some(&[]) }).ok()?;
        tries.answered = true;
        Some(said)
    }

    /// Hears how a camera asks for the password of a request. Whether it is to be asked once more, with an answer.
    ///
    /// An answer that was refused is given anew once, where the camera says that only its question was too old.
    pub(super) fn hear(&mut self, offered: &str, tries: &mut Tries) -> Result<bool, Fault> {
        if self.credentials.is_none() {
            return Ok(false);
        }
        let client = PasswordClient::try_from(offered).ok();
        let (digest, stale) = match &client {
            Some(PasswordClient::Digest(digest)) => (true, digest.stale()),
            _ => (false, false),
        };
        if tries.answered && (!stale || std::mem::replace(&mut tries.renewed, true)) {
            return Ok(false);
        }
        if self.digest_only && !digest {
            return Err(Fault::new(CameraFault::Refused, CLEAR_TEXT_ONLY));
        }
        self.client = client;
        tries.answered = true;
        Ok(self.client.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = r#"Digest realm="a", nonce="1""#;
    const STALE: &str = r#"Digest realm="a", nonce="2", stale=true"#;
    const BASIC: &str = r#"Basic realm="a""#;

    fn giver(digest_only: bool) -> PasswordGiver {
        PasswordGiver::new(Some(Credentials::new("anna", "secret")), digest_only)
    }

    #[test]
    fn a_question_is_answered_once_and_once_more_if_it_was_too_old() {
        let (mut giver, mut tries) = (giver(false), Tries::default());
        assert_eq!(giver.authorization("PLAY", "rtsps://a/b", &mut tries), None);
        assert_eq!(giver.hear(DIGEST, &mut tries), Ok(true));
        let said = giver.authorization("PLAY", "rtsps://a/b", &mut tries).unwrap();
        assert!(said.starts_with("Digest ") && said.contains(r#"uri="rtsps://a/b""#), "{said}");
        assert_eq!(giver.hear(STALE, &mut tries), Ok(true));
        assert!(giver.authorization("PLAY", "rtsps://a/b", &mut tries).unwrap().contains(r#"nonce="2""#));
        assert_eq!(giver.hear(STALE, &mut tries), Ok(false));
    }

    #[test]
    fn after_a_digest_there_is_no_password_in_the_clear() {
        let (mut giver, mut tries) = (giver(false), Tries::default());
        assert_eq!(giver.hear(DIGEST, &mut tries), Ok(true));
        giver.authorization("PLAY", "u", &mut tries).unwrap();
        assert_eq!(giver.hear(BASIC, &mut tries), Ok(false));
    }

    #[test]
    fn what_is_to_be_a_digest_is_one_or_nothing() {
        let fault = giver(true).hear(BASIC, &mut Tries::default()).unwrap_err();
        assert_eq!((fault.kind, fault.detail.as_str()), (CameraFault::Refused, CLEAR_TEXT_ONLY));
        assert!(giver(true).hear("Digest realm=\"a\"", &mut Tries::default()).is_err());
        let (mut giver, mut tries) = (giver(false), Tries::default());
        assert_eq!(giver.hear(BASIC, &mut tries), Ok(true));
        assert_eq!(giver.authorization("PLAY", "u", &mut tries).unwrap(), "Basic YW5uYTpzZWNyZXQ=");
        assert_eq!(giver.hear(BASIC, &mut tries), Ok(false));
    }

    #[test]
    fn without_credentials_nothing_is_asked_again() {
        let mut giver = PasswordGiver::new(None, false);
        assert_eq!(giver.hear(DIGEST, &mut Tries::default()), Ok(false));
    }
}
