//! Invalidations that other processes made.

use std::sync::Arc;
use std::time::Duration;

use redis::Client;
use tokio::task::AbortHandle;
use tokio_stream::StreamExt;

use crate::breaker::spread;
use crate::watch::{Subject, Watch};
use crate::{Clock, Namespace};

const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
const CONNECT_MAX: Duration = Duration::from_secs(2);

/// That something was invalidated. Believed from anybody: a false one costs a load, and shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Announcement<'a> {
    /// The process that says so: it knows already.
    pub(crate) sender: u64,
    pub(crate) namespace: &'a str,
    pub(crate) subject: Subject<'a>,
}

impl<'a> Announcement<'a> {
    /// ```text
    /// 0 8 sender    8 1 kind: 1 key, 2 group    9 1 length of the namespace    10 namespace, then the key or group
    /// ```
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let (kind, name) = match self.subject {
            Subject::Key(name) => (1, name),
            Subject::Group(name) => (2, name),
        };
        let lengths = [kind, self.namespace.len() as u8];
        [&self.sender.to_be_bytes()[..], &lengths, self.namespace.as_bytes(), name].concat()
    }

    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (sender, rest) = bytes.split_first_chunk()?;
        let (&[kind, length], rest) = rest.split_first_chunk()?;
        let (namespace, name) = rest.split_at_checked(usize::from(length))?;
        let subject = match kind {
            1 => Subject::Key(name),
            2 => Subject::Group(name),
            _ => return None,
        };
        let namespace = std::str::from_utf8(namespace).ok()?;
        Some(Self { sender: u64::from_be_bytes(*sender), namespace, subject })
    }
}

pub(super) fn channel(prefix: &str) -> String {
    format!("{prefix}invalidations")
}

/// Each time that it begins to listen, all that this process keeps is invalid: it may have missed something.
async fn subscribe(client: Client, prefix: String, watch: Arc<Watch>, listener: Listener) {
    let mut pause = PAUSE_MIN;
    loop {
        let listened = listen(&client, &prefix, &watch, &listener).await;
        pause = pause_after(listened, pause);
        tokio::time::sleep(spread(pause, fastrand::f64())).await;
    }
}

/// Longer after each time that it did not come to listen.
fn pause_after(listened: Listened, before: Duration) -> Duration {
    match listened {
        Listened::Ended => PAUSE_MIN,
        Listened::NotAtAll => (before * 2).min(PAUSE_MAX),
    }
}

/// Who listens: what it says of itself, and how it reckons times.
pub(crate) struct Listener {
    pub(crate) sender: u64,
    pub(crate) clock: Clock,
    pub(crate) skew: Duration,
}

#[derive(Clone, Copy)]
enum Listened {
    NotAtAll,
    Ended,
}

async fn listen(client: &Client, prefix: &str, watch: &Watch, listener: &Listener) -> Listened {
    let connecting = async {
        let mut subscription = client.get_async_pubsub().await?;
        subscription.subscribe(channel(prefix)).await?;
        Ok::<_, redis::RedisError>(subscription)
    };
    let Ok(Ok(subscription)) = tokio::time::timeout(CONNECT_MAX, connecting).await else {
        return Listened::NotAtAll;
    };
    watch.invalidate_everything();
    crate::count::subscribed(true);
    let mut messages = subscription.into_on_message();
    while let Some(message) = messages.next().await {
        take(message.get_payload_bytes(), watch, listener);
    }
    crate::count::subscribed(false);
    Listened::Ended
}

fn take(message: &[u8], watch: &Watch, listener: &Listener) {
    let read = Announcement::read(message)
        .and_then(|announced| Some((announced, Namespace::new(announced.namespace).ok()?)));
    match read {
        Some((announced, _)) if announced.sender == listener.sender => {}
        Some((announced, namespace)) => {
            let not_before = listener.clock.wall_ms().saturating_add(listener.skew.as_millis() as u64);
            watch.invalidate(&namespace, announced.subject, not_before);
        }
        // Something was invalidated, and it does not say what.
        None => watch.invalidate_everything(),
    }
}

/// Listening, until this is dropped.
pub(crate) struct Listening(AbortHandle);

impl Listening {
    /// Begins to listen, in a task of its own.
    pub(crate) fn begin(client: Client, prefix: String, watch: Arc<Watch>, listener: Listener) -> Self {
        Self(tokio::spawn(subscribe(client, prefix, watch, listener)).abort_handle())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_comes_through() {
        for subject in [Subject::Key(b"\x00\x01k"), Subject::Group(b"")] {
            let announced = Announcement { sender: 7, namespace: "ab", subject };
            let bytes = announced.to_bytes();
            assert_eq!(Announcement::read(&bytes).unwrap(), announced);
            for cut in 0..12 {
                assert!(Announcement::read(&bytes[..cut]).is_none(), "{cut}");
            }
        }
        assert!(Announcement::read(b"12345678\x03\x01ab").is_none());
        assert!(Announcement::read(b"12345678\x01\x02\xff\xff").is_none());
    }

    #[test]
    fn pauses_double_while_nobody_answers() {
        let mut pause = PAUSE_MIN;
        for expected in [200, 400, 800, 1_600, 3_200, 5_000, 5_000] {
            pause = pause_after(Listened::NotAtAll, pause);
            assert_eq!(pause, Duration::from_millis(expected));
        }
        assert_eq!(pause_after(Listened::Ended, pause), PAUSE_MIN);
    }

    #[test]
    fn one_that_cannot_be_read_invalidates_everything() {
        let watch = Watch::new();
        let listener = Listener { sender: 1, clock: Clock::manual(), skew: Duration::from_secs(1) };
        let namespace = Namespace::new("a").unwrap();
        let key = crate::Key::of(["k"]).unwrap();
        let stamp = || watch.stamp(&namespace, &key);
        let before = stamp();
        let said = |sender| Announcement { sender, namespace: "a", subject: Subject::Key(key.as_bytes()) };
        take(&said(1).to_bytes(), &watch, &listener);
        assert_eq!(stamp(), before, "its own");
        take(&said(2).to_bytes(), &watch, &listener);
        let second = stamp();
        assert!(second > before);
        assert_eq!(watch.not_before_ms(&namespace, &key), listener.clock.wall_ms() + 1_000);
        take(b"?", &watch, &listener);
        assert!(stamp() > second);
    }
}
