//! Answers: what the gate returns carries the tag of the session that it was opened for.

use ownsight_seal::SessionTag;

use crate::Credentials;

/// Something opened for one session. It comes out only against the credentials of that session, so that an answer
/// that lands at another request is an error and not a leak.
#[derive(Debug)]
pub struct Answer<T> {
    tag: SessionTag,
    value: T,
}

/// The answer belongs to another session: a mix-up inside the server. The alarm has been raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an answer was about to leave to another session than the one that it was opened for")]
pub struct WrongSession;

impl<T> Answer<T> {
    pub(crate) fn new(credentials: &Credentials, value: T) -> Self {
        Self::tagged(credentials.tag(), value)
    }

    pub(crate) fn tagged(tag: SessionTag, value: T) -> Self {
        Self { tag, value }
    }

    /// The value, for the session that asked.
    pub fn release(self, to: &Credentials) -> Result<T, WrongSession> {
        if self.tag.same(&to.tag()) {
            return Ok(self.value);
        }
        crate::alarm::wrong_session();
        Err(WrongSession)
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;
    use ownsight_model::InstallationId;

    use super::*;
    use crate::alarm::counted::during;

    #[test]
    fn an_answer_comes_out_for_its_own_session_only() {
        let installation = InstallationId::generate();
        let half = |byte| BASE64URL_NOPAD.encode(&[byte; 32]);
        let cookie = |server, page| Credentials::cookie(installation, &half(server), &half(page)).unwrap();
        let own = cookie(1, 2);
        let strangers = [
            cookie(3, 4),
            cookie(1, 4),
            cookie(3, 2),
            Credentials::bearer(installation, &half(1), Some(&half(2))).unwrap(),
            Credentials::cookie(InstallationId::generate(), &half(1), &half(2)).unwrap(),
        ];
        for stranger in strangers {
            let alarms = during("wrong-session", || {
                assert_eq!(Answer::new(&own, "own").release(&stranger), Err(WrongSession), "{stranger:?}");
                assert_eq!(Answer::new(&stranger, "theirs").release(&own), Err(WrongSession), "{stranger:?}");
            });
            assert_eq!(alarms, 2);
        }
        let alarms = during("wrong-session", || {
            assert_eq!(Answer::new(&own, "own").release(&cookie(1, 2)), Ok("own"));
        });
        assert_eq!(alarms, 0);
    }
}
