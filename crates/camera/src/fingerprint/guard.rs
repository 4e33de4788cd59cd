//! Stands between a camera's answer and everything that is done with it: no password before the TLS key and the realm
//! are the known ones, no frame before the description is.

use std::sync::Arc;

use ownsight_model::{AnotherCamera, CameraFault, FingerprintDifference, FingerprintId, FingerprintPart};
use tokio::task::spawn_blocking;
use url::Url;

use super::judge::differences;
use super::{Fingerprint, Known, KnownCamera, Realms};
use crate::source::{Answer, Connection, Fault, Found, ask, find};

/// Knows a camera, or lets each one in if there is nothing to know it by.
#[derive(Clone, Debug)]
pub(crate) struct Guard(Option<Arc<dyn KnownCamera>>);

/// What was let in by its answer to who has no password.
#[derive(Debug)]
pub(crate) struct Passed(Option<Seen>);

#[derive(Debug)]
struct Seen {
    fingerprint: Fingerprint,
    /// What it must go on to be; `None`: it is learnt.
    known: Option<Fingerprint>,
}

impl Guard {
    pub(crate) fn new(camera: Option<Arc<dyn KnownCamera>>) -> Self {
        Self(camera)
    }

    /// Asks the camera without credentials, also where it redirects to, and lets it in or not. Returns where its
    /// stream is. Cancel safe.
    pub(crate) async fn unasked(&self, url: &Url) -> Result<(Found, Passed), Fault> {
        let found = find(url).await?;
        let passed = self.answered(&found).await?;
        Ok((found, passed))
    }

    /// Lets a camera in, or not, by what it answered to a description asked for without credentials. Cancel safe.
    pub(crate) async fn answered(&self, found: &Found) -> Result<Passed, Fault> {
        let Found { url, answer } = found;
        let Some(camera) = &self.0 else { return Ok(Passed(None)) };
        let mut seen = seen(answer)?;
        let (known, accepted) = look(camera).await?;
        let refused = match known {
            Known::Nothing => Vec::new(),
            Known::Is(known) => {
                if known.realms == Realms::Vary {
                    seen.realms = Realms::Vary;
                }
                let differs = differences(&known, &seen);
                if differs.is_empty() {
                    return Ok(Passed(Some(Seen { fingerprint: seen, known: Some(known) })));
                }
                differs
            }
            Known::Unreadable => vec![FingerprintDifference::new(FingerprintPart::Kept, None, None)],
        };
        // It is learnt, or accepted by name. What is another with each connection is not what it is known or named by.
        let seen = seen.steady(&self::seen(&describe(url).await?)?);
        if !refused.is_empty() && accepted != Some(seen.id()) {
            return Err(another(&seen, refused));
        }
        Ok(Passed(Some(Seen { fingerprint: seen, known: None })))
    }

    /// Lets a camera's frames in, or not, by its description, and keeps what it is known by. Cancel safe: dropped,
    /// that is kept all the same.
    pub(crate) async fn described(&self, passed: Passed, sdp: &[u8]) -> Result<(), Fault> {
        let (Some(camera), Some(Seen { fingerprint, known })) = (&self.0, passed.0) else { return Ok(()) };
        let seen = fingerprint.described(sdp);
        if let Some(known) = &known {
            let differs = differences(known, &seen);
            if !differs.is_empty() {
                let (_, accepted) = look(camera).await?;
                if accepted != Some(seen.id()) {
                    return Err(another(&seen, differs));
                }
            }
        }
        if known.as_ref() != Some(&seen) {
            let camera = Arc::clone(camera);
            spawn_blocking(move || camera.keep(&seen)).await.map_err(|_| not_looked_up())?;
        }
        Ok(())
    }
}

/// What a camera says of itself to who has no password.
async fn describe(url: &Url) -> Result<Answer, Fault> {
    let mut connection = Connection::open(url).await?;
    ask(&mut connection, "DESCRIBE", url, 1).await
}

/// Only an answer to the question says who answers: a camera that starts, or is busy, has not said yet.
fn seen(answer: &Answer) -> Result<Fingerprint, Fault> {
    match answer.status {
        200 | 401 => Ok(Fingerprint::unasked(answer)),
        status => Err(Fault::of_status(status)),
    }
}

async fn look(camera: &Arc<dyn KnownCamera>) -> Result<(Known, Option<FingerprintId>), Fault> {
    let camera = Arc::clone(camera);
    spawn_blocking(move || (camera.known(), camera.accepted())).await.map_err(|_| not_looked_up())
}

/// The runtime ends, or its keeper panicked: nothing is let in.
fn not_looked_up() -> Fault {
    Fault::new(CameraFault::Broken, "what the camera is known by could not be looked up")
}

fn another(seen: &Fingerprint, differs: Vec<FingerprintDifference>) -> Fault {
    Fault::of_another(AnotherCamera { fingerprint: seen.id(), differs })
}
