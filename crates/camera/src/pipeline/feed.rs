//! The way of frames from the connection to the thread that looks at them: bounded in frames and bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;

use crate::sound::SoundUnit;
use crate::video::AccessUnit;

use super::{Counters, add};

/// Frames that wait, at most.
const FRAMES_MAX: usize = 256;
/// Bytes of frames that wait, at most.
const BYTES_MAX: usize = 16 << 20;

/// What the watching thread gets.
#[derive(Debug)]
pub(super) enum Fed {
    /// The next frame, joined to the one before it, and the sound that came between them.
    Frame(AccessUnit, Vec<SoundUnit>),
    /// What follows is not joined to what came before.
    Interrupt,
}

/// Where frames go in.
#[derive(Debug)]
pub(super) struct Feed {
    sender: mpsc::Sender<Fed>,
    queued: Arc<AtomicUsize>,
    counters: Arc<Counters>,
    /// An interruption that is still to be told.
    interrupted: bool,
    need_key: bool,
}

/// Where frames come out.
#[derive(Debug)]
pub(super) struct Inlet {
    receiver: mpsc::Receiver<Fed>,
    queued: Arc<AtomicUsize>,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// It is on its way, joined to the frame before it.
    Joined,
    /// It is on its way, the first after an interruption.
    First,
    /// It came before a key frame and was left out.
    Skipped,
    /// There was no room: it was thrown away, and all up to the next key frame will be.
    Overrun,
    /// The watching thread is gone.
    Closed,
}

impl Feed {
    pub(super) fn new(counters: Arc<Counters>) -> (Self, Inlet) {
        let (sender, receiver) = mpsc::channel(FRAMES_MAX);
        let queued = Arc::new(AtomicUsize::new(0));
        let inlet = Inlet { receiver, queued: Arc::clone(&queued) };
        (Self { sender, queued, counters, interrupted: false, need_key: true }, inlet)
    }

    /// What follows is not joined to what came before. An event that is going on ends now.
    pub(super) fn interrupt(&mut self) {
        self.need_key = true;
        self.interrupted = true;
        self.tell_interruption();
    }

    /// Gives a frame on, with the sound that came before it. Never waits. What becomes of the frame becomes of the sound.
    pub(super) fn frame(&mut self, unit: AccessUnit, sounds: Vec<SoundUnit>) -> Given {
        add(&self.counters.frames, 1);
        add(&self.counters.bytes, unit.data.len() as u64);
        if self.need_key && !unit.key {
            add(&self.counters.undecoded, 1);
            return Given::Skipped;
        }
        let bytes = weight(&unit, &sounds);
        self.tell_interruption();
        if self.interrupted || self.queued.load(Ordering::Relaxed) + bytes > BYTES_MAX {
            return self.overrun();
        }
        self.queued.fetch_add(bytes, Ordering::Relaxed);
        match self.sender.try_send(Fed::Frame(unit, sounds)) {
            Ok(()) if self.need_key => {
                self.need_key = false;
                Given::First
            }
            Ok(()) => Given::Joined,
            Err(refused) => {
                self.queued.fetch_sub(bytes, Ordering::Relaxed);
                match refused {
                    mpsc::error::TrySendError::Full(_) => self.overrun(),
                    mpsc::error::TrySendError::Closed(_) => Given::Closed,
                }
            }
        }
    }

    fn overrun(&mut self) -> Given {
        add(&self.counters.overrun, 1);
        self.need_key = true;
        self.interrupted = true;
        Given::Overrun
    }

    fn tell_interruption(&mut self) {
        if self.interrupted && self.sender.try_send(Fed::Interrupt).is_ok() {
            self.interrupted = false;
        }
    }
}

impl Inlet {
    /// The next; `None` when the connection's side is gone. Blocks the thread.
    pub(super) fn next(&mut self) -> Option<Fed> {
        let fed = self.receiver.blocking_recv()?;
        if let Fed::Frame(unit, sounds) = &fed {
            self.queued.fetch_sub(weight(unit, sounds), Ordering::Relaxed);
        }
        Some(fed)
    }
}

fn weight(unit: &AccessUnit, sounds: &[SoundUnit]) -> usize {
    unit.data.len() + sounds.iter().map(|sound| sound.data.len()).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ownsight_model::Timestamp;

    use super::*;
    use crate::VideoFormat;

    fn unit(key: bool, bytes: usize) -> AccessUnit {
        let config = Bytes::from_static(&[
            1, 0x4d, 0x40, 0x1f, 0xff, 0xe1, 0, 24, 0x67, 0x4d, 0x40, 0x1f, 0xec, 0xa0, 0x60, 9, 0x34, 0x20,
            0, 0, 3, 0, 0x20, 0, 0, 3, 2, 0x81, 0xe3, 6, 0x32, 0xc0, 1, 0, 4, 0x68, 0xef, 0x84, 0x72,
        ]);
        let format = Arc::new(VideoFormat::from_avc_config(config).unwrap());
        AccessUnit { data: vec![0; bytes].into(), pts: 0, at: Timestamp::from_micros(0), key, format }
    }

    fn drain(inlet: &mut Inlet) -> Vec<&'static str> {
        let mut got = Vec::new();
        while let Ok(fed) = inlet.receiver.try_recv() {
            if let Fed::Frame(unit, sounds) = &fed {
                inlet.queued.fetch_sub(weight(unit, sounds), Ordering::Relaxed);
            }
            got.push(if matches!(fed, Fed::Interrupt) { "interrupt" } else { "frame" });
        }
        got
    }

    #[test]
    fn frames_begin_with_a_key_frame() {
        let (mut feed, mut inlet) = Feed::new(Arc::default());
        let given = [false, true, false].map(|key| feed.frame(unit(key, 1), Vec::new()));
        assert_eq!(given, [Given::Skipped, Given::First, Given::Joined]);
        feed.interrupt();
        assert_eq!(feed.frame(unit(false, 1), Vec::new()), Given::Skipped);
        assert_eq!(feed.frame(unit(true, 1), Vec::new()), Given::First);
        assert_eq!(drain(&mut inlet), ["frame", "frame", "interrupt", "frame"]);
    }

    #[test]
    fn what_finds_no_room_is_an_interruption() {
        let (mut feed, mut inlet) = Feed::new(Arc::default());
        let given: Vec<_> = (0..FRAMES_MAX + 2).map(|_| feed.frame(unit(true, 1), Vec::new())).collect();
        assert_eq!(given[FRAMES_MAX - 1..], [Given::Joined, Given::Overrun, Given::Overrun]);
        assert_eq!(drain(&mut inlet).len(), FRAMES_MAX);
        assert_eq!(feed.frame(unit(false, 1), Vec::new()), Given::Skipped);
        assert_eq!(feed.frame(unit(true, 1), Vec::new()), Given::First);
        assert_eq!(drain(&mut inlet), ["interrupt", "frame"]);
        assert_eq!(feed.counters.overrun.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let (mut feed, mut inlet) = Feed::new(Arc::default());
        let third = BYTES_MAX / 3;
        let given: Vec<_> = (0..4).map(|_| feed.frame(unit(true, third), Vec::new())).collect();
        assert_eq!(given, [Given::First, Given::Joined, Given::Joined, Given::Overrun]);
        drain(&mut inlet);
        assert_eq!(feed.frame(unit(true, third), Vec::new()), Given::First);
        drop(inlet);
        assert_eq!(feed.frame(unit(true, 1), Vec::new()), Given::Closed);
    }
}
