//! What waits for whoever takes a pipeline's output. Nobody who puts something in ever waits, and memory is
//! bounded; so a slow taker can slow nothing down, and what it misses is on record:
//!
//! | output | when there is no room |
//! | --- | --- |
//! | event | the new one is thrown away, counted, and becomes a gap |
//! | gap | joined with the one before it |
//! | status | the oldest transition goes; gaps tell the rest |
//! | still, figures | the newest replaces the older |

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::output::{CameraOutput, CameraStatus, Event, Gap, GapReason, Stats, Still};

/// Events that wait, at most.
const EVENTS_MAX: usize = 8;
/// Bytes of events that wait, at most; a single event is never too large.
const EVENT_BYTES_MAX: usize = 64 << 20;
/// Gaps that wait, at most.
const GAPS_MAX: usize = 64;
/// Transitions that wait, at most.
const STATUSES_MAX: usize = 16;

#[derive(Debug, Default)]
struct Waiting {
    statuses: VecDeque<CameraStatus>,
    gaps: VecDeque<Gap>,
    events: VecDeque<Box<Event>>,
    event_bytes: usize,
    still: Option<Still>,
    stats: Option<Stats>,
    closed: bool,
}

/// Outputs that wait to be taken.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

impl Outbox {
    pub(crate) fn status(&self, status: CameraStatus) {
        self.put(|waiting| {
            if waiting.statuses.len() == STATUSES_MAX {
                waiting.statuses.pop_front();
            }
            waiting.statuses.push_back(status);
        });
    }

    pub(crate) fn gap(&self, gap: Gap) {
        self.put(|waiting| put_gap(&mut waiting.gaps, gap));
    }

    /// `false`: there was no room, and the event is lost.
    pub(crate) fn event(&self, event: Box<Event>) -> bool {
        self.put(|waiting| {
            let bytes = waiting.event_bytes + event.clip.len();
            let full = waiting.events.len() >= EVENTS_MAX || bytes > EVENT_BYTES_MAX;
            if full && !waiting.events.is_empty() {
                let gap = Gap { from: event.started_at, to: event.ended_at, reason: GapReason::NotTaken };
                put_gap(&mut waiting.gaps, gap);
                return false;
            }
            waiting.event_bytes = bytes;
            waiting.events.push_back(event);
            true
        })
    }

    pub(crate) fn still(&self, still: Still) {
        self.put(|waiting| waiting.still = Some(still));
    }

    pub(crate) fn stats(&self, stats: Stats) {
        self.put(|waiting| waiting.stats = Some(stats));
    }

    /// Nothing comes any more. What waits can still be taken.
    pub(crate) fn close(&self) {
        self.put(|waiting| waiting.closed = true);
    }

    /// Takes the next output; `None` when the outbox is closed and empty. Cancel safe. For one taker.
    pub(crate) async fn take(&self) -> Option<CameraOutput> {
        loop {
            let filled = self.filled.notified();
            {
                let mut waiting = self.lock();
                if let Some(output) = next(&mut waiting) {
                    return Some(output);
                }
                if waiting.closed {
                    return None;
                }
            }
            filled.await;
        }
    }

    fn put<T>(&self, put: impl FnOnce(&mut Waiting) -> T) -> T {
        let result = put(&mut self.lock());
        self.filled.notify_one();
        result
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing panics while holding the lock, and a half-made change would be one missing output.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn next(waiting: &mut Waiting) -> Option<CameraOutput> {
    if let Some(status) = waiting.statuses.pop_front() {
        return Some(CameraOutput::Status(status));
    }
    if let Some(gap) = waiting.gaps.pop_front() {
        return Some(CameraOutput::Gap(gap));
    }
    if let Some(event) = waiting.events.pop_front() {
        waiting.event_bytes -= event.clip.len();
        return Some(CameraOutput::Event(event));
    }
    if let Some(still) = waiting.still.take() {
        return Some(CameraOutput::Still(still));
    }
    waiting.stats.take().map(CameraOutput::Stats)
}

fn put_gap(gaps: &mut VecDeque<Gap>, gap: Gap) {
    let full = gaps.len() == GAPS_MAX;
    match gaps.back_mut() {
        Some(last) if full => last.to = last.to.max(gap.to),
        _ => gaps.push_back(gap),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use ownsight_model::Timestamp;

    use super::*;
    use crate::VideoFormat;
    use crate::mp4::{Movie, Sample};
    use crate::output::EventEnd;

    fn event(second: i64, bytes: usize) -> Box<Event> {
        let config = Bytes::from_static(&[
            1, 0x4d, 0x40, 0x1f, 0xff, 0xe1, 0, 24, 0x67, 0x4d, 0x40, 0x1f, 0xec, 0xa0, 0x60, 9, 0x34, 0x20,
            0, 0, 3, 0, 0x20, 0, 0, 3, 2, 0x81, 0xe3, 6, 0x32, 0xc0, 1, 0, 4, 0x68, 0xef, 0x84, 0x72,
        ]);
        let format = VideoFormat::from_avc_config(config).unwrap();
        let at = Timestamp::from_micros(second * 1_000_000);
        let samples = vec![Sample { data: vec![0; bytes].into(), pts: 0, key: true }];
        let clip =
            Movie { format: &format, samples, sound: None, start: 0, end: 9000, created_at: at }.write();
        Box::new(Event {
            started_at: at,
            ended_at: at.shifted(12_000_000),
            motion_started_at: at,
            motion_ended_at: at,
            thumbnail: Bytes::new(),
            clip,
            motion: Vec::new(),
            frames: 1,
            width: 768,
            height: 576,
            end: EventEnd::Quiet,
        })
    }

    async fn drain(outbox: &Outbox) -> Vec<CameraOutput> {
        outbox.close();
        let mut outputs = Vec::new();
        while let Some(output) = outbox.take().await {
            outputs.push(output);
        }
        outputs
    }

    #[tokio::test]
    async fn events_that_find_no_room_become_a_gap() {
        let outbox = Outbox::default();
        let kept = (0..12).filter(|second| outbox.event(event(second * 20, 10))).count();
        assert_eq!(kept, EVENTS_MAX);
        let outputs = drain(&outbox).await;
        let gaps = outputs.iter().filter(|output| matches!(output, CameraOutput::Gap(_))).count();
        assert_eq!((gaps, outputs.len()), (4, 12));
    }

    #[tokio::test]
    async fn bytes_of_events_are_bounded() {
        let outbox = Outbox::default();
        assert!(outbox.event(event(0, EVENT_BYTES_MAX * 2)), "a single event always finds room");
        assert!(!outbox.event(event(20, 1)));
        assert!(matches!(outbox.take().await, Some(CameraOutput::Gap(_))));
        assert!(matches!(outbox.take().await, Some(CameraOutput::Event(_))));
        assert!(outbox.event(event(40, 1)));
    }

    #[tokio::test]
    async fn gaps_are_joined_and_stills_replaced() {
        let outbox = Outbox::default();
        for second in 0..1000 {
            let (from, to) = (Timestamp::from_micros(second), Timestamp::from_micros(second + 1));
            outbox.gap(Gap { from, to, reason: GapReason::Overloaded });
            outbox.still(Still { at: from, jpeg: Bytes::new(), width: 1, height: 1 });
        }
        let outputs = drain(&outbox).await;
        assert_eq!(outputs.len(), GAPS_MAX + 1);
        let Some(CameraOutput::Gap(last)) = outputs.get(GAPS_MAX - 1) else { panic!("no gap") };
        assert_eq!(last.to, Timestamp::from_micros(1000));
        let Some(CameraOutput::Still(still)) = outputs.last() else { panic!("no still") };
        assert_eq!(still.at, Timestamp::from_micros(999));
    }

    #[tokio::test]
    async fn a_waiting_taker_is_woken() {
        let outbox = Arc::new(Outbox::default());
        let taker = tokio::spawn({
            let outbox = Arc::clone(&outbox);
            async move { outbox.take().await }
        });
        tokio::task::yield_now().await;
        outbox.stats(Stats::default());
        assert!(matches!(taker.await, Ok(Some(CameraOutput::Stats(_)))));
    }
}
