//! Who asks what, and what is wrong with an answer.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures_util::future::join_all;

/// Keys that are asked for.
const KEYS: usize = 48;
/// Callers at once.
const CALLERS: usize = 16;
/// One call in so many changes the source.
const CHANGES: usize = 100;
/// One call in so many is dropped at one of its awaits.
const DROPS: usize = 4;

/// A client under test, in front of a source.
pub trait Client: Sync {
    /// The value of a key: from the server, or from the source, which is then stored. `None` if it could not.
    fn read(&self, key: usize, source: &Source) -> impl Future<Output = Option<Vec<u8>>> + Send;
    /// The source of this key has changed.
    fn invalidate(&self, key: usize) -> impl Future<Output = ()> + Send;
}

/// The present version of each key, and the one that was there before the last invalidation was over.
pub struct Source {
    versions: Vec<AtomicU64>,
    floors: Vec<AtomicU64>,
    loads: AtomicUsize,
}

impl Source {
    pub fn new() -> Self {
        let ones = || (0..KEYS).map(|_| AtomicU64::new(1)).collect();
        Self { versions: ones(), floors: ones(), loads: AtomicUsize::default() }
    }

    /// Reads the source.
    pub fn load(&self, key: usize) -> Vec<u8> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        watermarked(key, self.version(key))
    }

    fn version(&self, key: usize) -> u64 {
        self.versions[key].load(Ordering::SeqCst)
    }
}

/// A value that says in each of its parts which key and version it is, so that a part of another one is seen.
fn watermarked(key: usize, version: u64) -> Vec<u8> {
    format!("[{key}:{version}]").repeat(12).into_bytes()
}

/// The key and version that a value says it is; `None` if it is torn.
pub fn watermark(value: &[u8]) -> Option<(usize, u64)> {
    let text = std::str::from_utf8(value).ok()?;
    let (key, rest) = text.strip_prefix('[')?.split_once(':')?;
    let (version, _) = rest.split_once(']')?;
    let (key, version) = (key.parse().ok()?, version.parse().ok()?);
    (value == watermarked(key, version)).then_some((key, version))
}

/// What came of all calls.
#[derive(Debug, Default)]
pub struct Tally {
    pub answered: usize,
    pub dropped: usize,
    pub failed: usize,
    pub loads: usize,
    /// Another key's value, or one that never was.
    pub wrong: usize,
    /// Older than an invalidation that was over before the call began.
    pub old: usize,
}

/// Makes so many calls.
pub async fn drive(client: &impl Client, source: &Source, ops: usize) -> Tally {
    let loaded = source.loads.load(Ordering::SeqCst);
    let counts = [const { AtomicUsize::new(0) }; 5];
    let callers = (0..CALLERS).map(|caller| {
        let counts = &counts;
        async move {
            let mut chance = fastrand::Rng::with_seed((loaded + caller) as u64);
            let [answered, dropped, failed, wrong, old] = counts;
            let count = |of: &AtomicUsize| {
                of.fetch_add(1, Ordering::SeqCst);
            };
            for _ in 0..ops / CALLERS {
                let key = chance.usize(..KEYS);
                if chance.usize(..CHANGES) == 0 {
                    let version = source.versions[key].fetch_add(1, Ordering::SeqCst) + 1;
                    client.invalidate(key).await;
                    source.floors[key].fetch_max(version, Ordering::SeqCst);
                }
                let floor = source.floors[key].load(Ordering::SeqCst);
                let polls = if chance.usize(..DROPS) == 0 { chance.usize(..6) } else { usize::MAX };
                match (Fickle { future: pin!(client.read(key, source)), polls }).await {
                    None => count(dropped),
                    Some(None) => count(failed),
                    Some(Some(value)) => {
                        count(answered);
                        match watermark(&value) {
                            Some((found, version)) if found == key && version <= source.version(key) => {
                                if version < floor {
                                    count(old);
                                }
                            }
                            _ => count(wrong),
                        }
                    }
                }
            }
        }
    });
    join_all(callers).await;
    let [answered, dropped, failed, wrong, old] = counts.map(AtomicUsize::into_inner);
    let loads = source.loads.load(Ordering::SeqCst) - loaded;
    Tally { answered, dropped, failed, loads, wrong, old }
}

/// A caller that leaves after so many polls.
struct Fickle<'a, F> {
    future: Pin<&'a mut F>,
    polls: usize,
}

impl<F: Future> Future for Fickle<'_, F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        match self.future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.polls == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

#[test]
fn a_watermark_shows_what_is_torn() {
    let value = watermarked(7, 3);
    assert_eq!(watermark(&value), Some((7, 3)));
    for at in 0..value.len() {
        let mut changed = value.clone();
        changed[at] ^= 1;
        assert_ne!(watermark(&changed), Some((7, 3)));
    }
    assert_eq!(watermark(&value[1..]), None);
    assert_eq!(watermark(&[watermarked(7, 3), watermarked(8, 3)].concat()), None);
}
