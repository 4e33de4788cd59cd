//! Sends reports: soon after they were made, and the device's own once a minute.

use std::sync::Arc;
use std::time::Duration;

use ownsight_model::DeviceReport;
use ownsight_seal::Configuration;
use reqwest::{Method, StatusCode};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Alarm, BATCH_REPORTS_MAX, Batch, Reports, Tagged};
use crate::api::{Api, Refusal};
use crate::backoff::Backoff;
use crate::clock::Clock;
use crate::error::{CallError, StopReason};
use crate::queue::Queue;

const DEVICE_EVERY: Duration = Duration::from_mins(1);
/// How soon it is seen that a queue which was reported has become empty.
const QUEUE_EVERY: Duration = Duration::from_secs(2);
/// What is made at about the same time goes in one call.
const GATHER: Duration = Duration::from_millis(150);
const CALL_LIMIT: Duration = Duration::from_secs(20);
const OTHER_PROTOCOL_PAUSE: Duration = Duration::from_mins(5);

/// Everything that a device report says.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) api: Api,
    pub(crate) reports: Arc<Reports>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) configuration: watch::Receiver<Option<Arc<Configuration>>>,
    pub(crate) version: String,
}

#[derive(Serialize)]
struct Body<'a> {
    reports: Vec<&'a Tagged>,
    alarms: Vec<AlarmCount>,
}

#[derive(Serialize)]
struct AlarmCount {
    kind: Alarm,
    count: u64,
}

enum Sent {
    Yes,
    /// The server takes no such body, now or later.
    Refused(StatusCode),
    Later(Option<Duration>),
    OtherProtocol,
}

impl Sender {
    /// Sends until the server wants no more of this device.
    ///
    /// Cancel safety: a batch that was under way may have arrived; it is sent again, which changes nothing.
    pub(crate) async fn run(mut self) -> StopReason {
        let mut backoff = Backoff::default();
        let mut reports_max = BATCH_REPORTS_MAX;
        let mut device_at = Instant::now();
        let mut queued_events = 0;
        loop {
            let reports = Arc::clone(&self.reports);
            let changed = reports.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            // Once a minute; and once more when nothing waits any longer, so that nobody looks at a queue that was.
            let is_empty_now = queued_events > 0 && self.queue.stats().events == 0;
            if (is_empty_now || Instant::now() >= device_at)
                && let Some(queued) = self.make_device_report()
            {
                (queued_events, device_at) = (queued, Instant::now() + DEVICE_EVERY);
            }
            let batch = reports.batch(reports_max);
            // Before the first configuration the server does not know this device yet.
            if batch.is_empty() || self.serial() == 0 {
                tokio::select! {
                    () = changed => {}
                    () = sleep_until(device_at.max(Instant::now() + GATHER)) => {}
                    () = sleep(QUEUE_EVERY), if queued_events > 0 => {}
                    result = self.configuration.changed() => match result {
                        Ok(()) => device_at = Instant::now(),
                        // The configuration's task has ended, and with it this one soon.
                        Err(_) => sleep(DEVICE_EVERY).await,
                    },
                }
                sleep(GATHER).await;
                continue;
            }
            match self.send(&batch).await {
                Ok(Sent::Yes) => {
                    backoff.reset();
                    reports_max = BATCH_REPORTS_MAX;
                    self.forget(batch).await;
                }
                Ok(Sent::Refused(status)) if batch.reports.len() > 1 => {
                    tracing::warn!(%status, "the server refused a batch of reports: tried one by one");
                    reports_max = 1;
                }
                Ok(Sent::Refused(status)) => {
                    tracing::error!(%status, "the server refused a report: given up");
                    self.forget(batch).await;
                    self.reports.alarm(Alarm::ReportRefused);
                    sleep(backoff.failed(None)).await;
                }
                Ok(Sent::Later(asked)) => sleep(backoff.failed(asked)).await,
                Ok(Sent::OtherProtocol) => sleep(backoff.failed(Some(OTHER_PROTOCOL_PAUSE))).await,
                Err(Failure::Call(error)) => sleep(backoff.failed(error.retry_after())).await,
                Err(Failure::Stop(reason)) => return reason,
            }
        }
    }

    fn serial(&self) -> u64 {
        self.configuration.borrow().as_ref().map_or(0, |configuration| configuration.serial)
    }

    /// Makes the device's report on itself, and says how many events wait by it; `None` while nobody would believe it.
    fn make_device_report(&self) -> Option<u64> {
        let configuration = self.configuration.borrow().clone()?;
        let queued_events = self.queue.stats().events;
        let report = DeviceReport {
            device: configuration.device,
            at: self.clock.now(),
            version: self.version.clone(),
            queued_events,
            dropped_events: self.reports.dropped_events(),
            clock_offset_ms: -self.clock.offset() / 1000,
            configuration: configuration.serial,
        };
        self.reports.device(&configuration.report_key, &report);
        Some(queued_events)
    }

    async fn send(&self, batch: &Batch) -> Result<Sent, Failure> {
        let body = Body {
            reports: batch.reports.iter().map(|(_, _, tagged)| tagged).collect(),
            alarms: batch
                .alarms
                .iter()
                .map(|(kind, count)| AlarmCount { kind: *kind, count: *count })
                .collect(),
        };
        let request = self.api.request(Method::POST, "reports").json(&body);
        let answer = self.api.send(request, CALL_LIMIT).await.map_err(Failure::Call)?;
        Ok(match answer.status {
            status if status.is_success() => Sent::Yes,
            status @ (StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNPROCESSABLE_ENTITY) => Sent::Refused(status),
            _ => match answer.refusal() {
                Refusal::Stop(reason) => return Err(Failure::Stop(reason)),
                Refusal::OtherProtocol => Sent::OtherProtocol,
                Refusal::Contested | Refusal::Later => Sent::Later(answer.retry_after),
            },
        })
    }

    async fn forget(&self, batch: Batch) {
        let reports = Arc::clone(&self.reports);
        let forgotten = tokio::task::spawn_blocking(move || reports.forget(&batch)).await;
        if let Ok(Err(error)) = forgotten {
            tracing::error!(%error, "the device's reports cannot be written: some will be sent twice");
        }
    }
}

enum Failure {
    Call(CallError),
    Stop(StopReason),
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.reports.is_empty() && self.alarms.is_empty()
    }
}
