//! When tokens were last used: noted beside what is asked for, and never waited for.

use std::collections::HashMap;
use std::time::Duration;

use ownsight_model::{SessionId, Timestamp};
use ownsight_registry::Registry;
use tokio::sync::mpsc;

/// A use is noted as the hour in which it was.
const HOUR: Duration = Duration::from_hours(1);

/// Uses that may wait to be written; others are left out, and noted by the next one.
const WAITING_MAX: usize = 64;

/// Tokens whose last hour is remembered, so that it is written once.
const REMEMBERED_MAX: usize = 1024;

/// Takes notes of uses, and writes them one after the other.
pub(crate) struct TokenUses(mpsc::Sender<(SessionId, Timestamp)>);

impl TokenUses {
    /// Begins a task that writes what is noted; it ends with the last note-taker.
    pub(crate) fn begin(registry: Registry) -> Self {
        let (sender, mut uses) = mpsc::channel(WAITING_MAX);
        tokio::spawn(async move {
            let mut written: HashMap<SessionId, Timestamp> = HashMap::new();
            while let Some((token, hour)) = uses.recv().await {
                if written.get(&token) == Some(&hour) {
                    continue;
                }
                match registry.token_used(token, hour).await {
                    Ok(()) => {
                        if written.len() >= REMEMBERED_MAX {
                            written.clear();
                        }
                        written.insert(token, hour);
                    }
                    Err(error) => tracing::debug!(%error, "when a token was used could not be noted"),
                }
            }
        });
        Self(sender)
    }

    /// Notes that a token was used now, if it is not known to have been in this hour.
    pub(crate) fn note(&self, token: SessionId, known: Option<Timestamp>) {
        let hour = hour_of(Timestamp::now());
        if known != Some(hour) {
            // Full, or ending: it is only a note.
            let _ = self.0.try_send((token, hour));
        }
    }
}

fn hour_of(now: Timestamp) -> Timestamp {
    let hour = HOUR.as_micros() as i64;
    Timestamp::from_micros(now.as_micros().div_euclid(hour) * hour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_begins_at_its_begin() {
        let hour = HOUR.as_micros() as i64;
        for (now, begin) in [(0, 0), (hour - 1, 0), (hour, hour), (-1, -hour)] {
            assert_eq!(hour_of(Timestamp::from_micros(now)), Timestamp::from_micros(begin));
        }
    }
}
