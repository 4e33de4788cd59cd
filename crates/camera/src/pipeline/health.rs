//! Whether pictures come, and which stretches of time have none.

use std::sync::Arc;

use ownsight_model::{CameraState, Timestamp};
use tokio::sync::watch;

use crate::outbox::Outbox;
use crate::output::{CameraStatus, Gap, GapReason};
use crate::source::Fault;

/// A shorter pause without a fault, such as up to the next key frame, is no gap: one second.
const PAUSE_MICROS_MIN: i64 = 1_000_000;

/// Keeps a camera's status, and says each change and each gap once.
#[derive(Debug)]
pub(super) struct Health {
    outbox: Arc<Outbox>,
    status: watch::Sender<CameraStatus>,
    /// The last moment that was recorded, or the beginning.
    recorded: Timestamp,
    /// Why what comes next is not joined to `recorded`.
    pause: Option<GapReason>,
    /// The camera was offline since `recorded`.
    faulty: bool,
}

impl Health {
    /// Begins with a camera that is being connected to.
    pub(super) fn new(outbox: Arc<Outbox>) -> (Self, watch::Receiver<CameraStatus>) {
        let now = Timestamp::now();
        let status =
            CameraStatus { state: CameraState::Connecting, since: now, detail: String::new(), another: None };
        outbox.status(status.clone());
        let (status, receiver) = watch::channel(status);
        (Self { outbox, status, recorded: now, pause: None, faulty: false }, receiver)
    }

    /// No pictures come, and why. Since when stays the same when only the reason changes.
    pub(super) fn fault(&mut self, fault: &Fault) {
        self.pause = Some(GapReason::Camera(fault.kind));
        self.faulty = true;
        let before = self.status.borrow().clone();
        let since = match before.state {
            CameraState::Offline(_) => before.since,
            CameraState::Connecting | CameraState::Records => Timestamp::now(),
        };
        let state = CameraState::Offline(fault.kind);
        let another = fault.another.as_deref().cloned();
        self.set(CameraStatus { state, since, detail: fault.detail.clone(), another });
    }

    /// What comes next is not joined to what came before. A reason that is known already stays.
    pub(super) fn pause(&mut self, reason: GapReason) {
        self.pause.get_or_insert(reason);
    }

    /// A frame of this moment is recorded.
    pub(super) fn recorded(&mut self, at: Timestamp) {
        if let Some(reason) = self.pause.take() {
            self.gap(at, reason);
        }
        self.recorded = at;
        if self.status.borrow().state != CameraState::Records {
            self.set(CameraStatus {
                state: CameraState::Records,
                since: at,
                detail: String::new(),
                another: None,
            });
        }
    }

    /// Watching ends: a gap that is open ends too.
    pub(super) fn end(&mut self) {
        if let Some(reason) = self.pause.take() {
            self.gap(Timestamp::now(), reason);
        }
    }

    fn gap(&mut self, to: Timestamp, reason: GapReason) {
        let faulty = std::mem::take(&mut self.faulty);
        if faulty || to.as_micros() - self.recorded.as_micros() > PAUSE_MICROS_MIN {
            // A clock that was set back meanwhile must not turn a gap round.
            self.outbox.gap(Gap { from: self.recorded.min(to), to, reason });
        }
    }

    fn set(&self, status: CameraStatus) {
        let changed = self.status.send_if_modified(|before| {
            let changed = (before.state, &before.another) != (status.state, &status.another);
            *before = status.clone();
            changed
        });
        if changed {
            self.outbox.status(status);
        }
    }
}

#[cfg(test)]
mod tests {
    use ownsight_model::CameraFault;
    use ownsight_model::CameraState::{Connecting, Offline, Records};

    use super::*;
    use crate::output::CameraOutput;

    async fn outputs(outbox: &Outbox) -> (Vec<CameraState>, Vec<Gap>) {
        outbox.close();
        let (mut states, mut gaps) = (Vec::new(), Vec::new());
        while let Some(output) = outbox.take().await {
            match output {
                CameraOutput::Status(now) => states.push(now.state),
                CameraOutput::Gap(gap) => gaps.push(gap),
                _ => {}
            }
        }
        (states, gaps)
    }

    #[tokio::test]
    async fn an_outage_is_told_once_and_leaves_a_gap() {
        let outbox = Arc::new(Outbox::default());
        let (mut health, watched) = Health::new(Arc::clone(&outbox));
        let second = |second: i64| Timestamp::from_micros(second * 1_000_000);
        health.recorded(second(10));
        health.recorded(second(11));
        health.fault(&Fault::new(CameraFault::Closed, "x"));
        let since = watched.borrow().since;
        for _ in 0..3 {
            health.fault(&Fault::new(CameraFault::ConnectionRefused, "y"));
        }
        assert_eq!(watched.borrow().since, since);
        health.recorded(second(40));
        let (states, gaps) = outputs(&outbox).await;
        let refused = CameraFault::ConnectionRefused;
        assert_eq!(states, [Connecting, Records, Offline(CameraFault::Closed), Offline(refused), Records]);
        assert_eq!(gaps, [Gap { from: second(11), to: second(40), reason: GapReason::Camera(refused) }]);
    }

    #[tokio::test]
    async fn a_short_pause_is_no_gap_and_an_open_one_ends_with_watching() {
        let outbox = Arc::new(Outbox::default());
        let (mut health, _status) = Health::new(Arc::clone(&outbox));
        let begun = Timestamp::now();
        health.recorded(begun.shifted(-5_000_000));
        health.pause(GapReason::Overloaded);
        health.recorded(begun.shifted(-4_000_000));
        health.fault(&Fault::new(CameraFault::Stalled, ""));
        health.end();
        health.end();
        let (_, gaps) = outputs(&outbox).await;
        assert_eq!(gaps.len(), 1);
        assert_eq!(gaps[0].from, begun.shifted(-4_000_000));
        assert_eq!(gaps[0].reason, GapReason::Camera(CameraFault::Stalled));
    }
}
