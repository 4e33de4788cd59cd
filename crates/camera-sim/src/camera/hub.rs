//! What the producer and the connections of one camera share: its description, its switches and its listeners.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::clock::Clock;
use super::settings::{STILL_NOISE_SIGMA, Scene, SimCamera};
use crate::media::nal::ParameterSets;
use crate::media::source::Frame;

/// Frames that wait for one client: 3 s at 10 frames/s.
const QUEUE_FRAMES: usize = 30;
/// A client whose queue has had no room for so long is given up.
const STALLED_MAX: Duration = Duration::from_secs(10);

/// One camera.
#[derive(Debug)]
pub(crate) struct Camera {
    pub(crate) settings: SimCamera,
    pub(crate) parameter_sets: ParameterSets,
    pub(crate) clock: Clock,
    // Std mutexes: held for a few instructions, never over an await.
    scene: Mutex<Scene>,
    listeners: Mutex<Vec<Listener>>,
    key_wanted: AtomicBool,
    joined: Notify,
    /// Requests that brought a password, or a proof of one.
    pub(crate) passwords: AtomicU64,
}

/// A connection's end of the queue.
#[derive(Debug)]
struct Listener {
    queue: mpsc::Sender<Arc<Frame>>,
    /// Frames are dropped until the next key frame: at the start, and after the queue was full.
    until_key: bool,
    full_since: Option<Instant>,
}

impl Listener {
    /// Passes a frame on; false if the listener is gone or given up.
    fn offer(&mut self, frame: &Arc<Frame>, now: Instant) -> bool {
        if self.until_key && !frame.key {
            return !self.queue.is_closed();
        }
        match self.queue.try_send(Arc::clone(frame)) {
            Ok(()) => {
                self.until_key = false;
                self.full_since = None;
                true
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.until_key = true;
                now - *self.full_since.get_or_insert(now) < STALLED_MAX
            }
        }
    }
}

impl Camera {
    pub(crate) fn new(settings: SimCamera, parameter_sets: ParameterSets, clock: Clock) -> Self {
        Self {
            scene: Mutex::new(settings.scene),
            listeners: Mutex::default(),
            key_wanted: AtomicBool::new(false),
            joined: Notify::new(),
            passwords: AtomicU64::new(0),
            settings,
            parameter_sets,
            clock,
        }
    }

    /// Frames from the next key frame on, which is made for the occasion. The channel closes when the client is too
    /// slow, the camera breaks or the simulator ends; dropping it is how to leave.
    pub(crate) fn listen(&self) -> mpsc::Receiver<Arc<Frame>> {
        let (queue, frames) = mpsc::channel(QUEUE_FRAMES);
        lock(&self.listeners).push(Listener { queue, until_key: true, full_since: None });
        self.key_wanted.store(true, Ordering::Release);
        self.joined.notify_one();
        frames
    }

    /// Whether somebody listens.
    pub(crate) fn is_watched(&self) -> bool {
        let mut listeners = lock(&self.listeners);
        listeners.retain(|listener| !listener.queue.is_closed());
        !listeners.is_empty()
    }

    /// Waits until [`listen`](Self::listen) is called; at once if it was since the last call. Cancel safe.
    pub(crate) async fn wait_for_listener(&self) {
        self.joined.notified().await;
    }

    pub(crate) fn send(&self, frame: &Arc<Frame>) {
        let now = Instant::now();
        lock(&self.listeners).retain_mut(|listener| listener.offer(frame, now));
    }

    /// Sends all listeners away.
    pub(crate) fn drop_listeners(&self) {
        lock(&self.listeners).clear();
    }

    /// Whether a key frame is wanted; the answer takes the wish away.
    pub(crate) fn take_key_wish(&self) -> bool {
        self.key_wanted.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn scene(&self) -> Scene {
        *lock(&self.scene)
    }

    pub(crate) fn set_scene(&self, scene: Scene) {
        *lock(&self.scene) = scene;
    }

    pub(crate) fn set_still(&self, still: bool) {
        let mut scene = lock(&self.scene);
        *scene = match (still, *scene) {
            (false, _) => Scene::Footage,
            (true, already @ Scene::StillWithNoise { .. }) => already,
            (true, Scene::Footage) => {
                Scene::StillWithNoise { sigma: self.settings.noise.max(STILL_NOISE_SIGMA) }
            }
        };
    }
}

/// No code panics while it holds one of these locks, and the data would be whole even so.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(timestamp: u32, key: bool) -> Arc<Frame> {
        Arc::new(Frame { timestamp, key, nals: Vec::new() })
    }

    fn listener(room: usize) -> (Listener, mpsc::Receiver<Arc<Frame>>) {
        let (queue, frames) = mpsc::channel(room);
        (Listener { queue, until_key: true, full_since: None }, frames)
    }

    fn received(frames: &mut mpsc::Receiver<Arc<Frame>>) -> Vec<u32> {
        std::iter::from_fn(|| frames.try_recv().ok()).map(|frame| frame.timestamp).collect()
    }

    #[test]
    fn late_joiner_begins_with_a_key_frame() {
        let (mut listener, mut frames) = listener(8);
        for (timestamp, key) in [(1, false), (2, false), (3, true), (4, false)] {
            assert!(listener.offer(&frame(timestamp, key), Instant::now()));
        }
        assert_eq!(received(&mut frames), [3, 4]);
    }

    #[test]
    fn slow_reader_misses_frames_until_a_key_frame_and_is_given_up_at_last() {
        let (mut listener, mut frames) = listener(2);
        let start = Instant::now();
        assert!(listener.offer(&frame(1, true), start));
        for timestamp in 2..5 {
            assert!(listener.offer(&frame(timestamp, false), start));
        }
        assert_eq!(received(&mut frames), [1, 2]);
        assert!(listener.offer(&frame(5, false), start));
        assert!(listener.offer(&frame(6, true), start));
        assert!(listener.offer(&frame(7, false), start));
        assert!(listener.offer(&frame(8, false), start), "full again");
        assert!(listener.offer(&frame(9, true), start + STALLED_MAX / 2));
        assert!(!listener.offer(&frame(10, true), start + STALLED_MAX));
        assert_eq!(received(&mut frames), [6, 7]);
    }

    #[test]
    fn listener_that_left_is_forgotten() {
        let (mut listener, frames) = listener(2);
        drop(frames);
        assert!(!listener.offer(&frame(1, true), Instant::now()));
    }
}
