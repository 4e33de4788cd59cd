//! Delivery: queued objects go to the server, newest first, two at a time.
//!
//! An object stays in the queue until the server's answer says what is to become of it; an answer that is lost
//! is got again by sending again. What concerns the server as a whole (no connection, too many, no space) pauses
//! all deliveries; what concerns one object lets the others pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64;
use futures_util::Stream;
use ownsight_disk::{DiskError, DiskFile};
use ownsight_model::EventId;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, Method, StatusCode};
use serde::Deserialize;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use crate::api::{Answer, Api, Refusal};
use crate::backoff::Backoff;
use crate::error::StopReason;
use crate::pace::Pace;
use crate::queue::{Job, Outcome, Queue};
use crate::report::{Alarm, Reports};

const MEDIA_TYPE: &str = "application/vnd.ownsight.event";
const CHUNK: u64 = 64 << 10;
/// A delivery may take a minute, and as long as its bytes take at this rate.
const BYTES_PER_SECOND_MIN: u64 = 16 << 10;
const OTHER_PROTOCOL_PAUSE: Duration = Duration::from_mins(5);
/// After so many failures to read a file it is set aside.
const READ_FAILURES_MAX: u32 = 5;

/// Delivers what is in the queue.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) api: Api,
    pub(crate) queue: Arc<Queue>,
    /// Who is told of quarantined events; nobody is of a former home's.
    pub(crate) reports: Option<Arc<Reports>>,
    pub(crate) pace: Pace,
    pub(crate) delivered: Arc<AtomicU64>,
}

/// What is to become of an object.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Done(Outcome),
    Quarantine(String),
    /// This object again, after a pause of its own.
    Again,
    /// Everything again, after a pause.
    Later(Option<Duration>),
    OtherProtocol,
    Stop(StopReason),
}

#[derive(Deserialize)]
struct Receipt {
    event: EventId,
}

impl Delivery {
    /// Delivers until the server wants no more of this device. Two of these may run side by side.
    ///
    /// Cancel safety: an object that was under way goes back to the queue, whether it arrived or not.
    pub(crate) async fn run(&self) -> StopReason {
        loop {
            if let Some(reason) = self.step().await {
                return reason;
            }
        }
    }

    /// Delivers until nothing is left, or the server wants no more of this device. Nobody else may take from the queue, and it
    /// must hold events only.
    ///
    /// Cancel safety: as of [`Delivery::run`].
    pub(crate) async fn until_empty(&self) -> Option<StopReason> {
        while self.queue.stats().objects > 0 {
            if let Some(reason) = self.step().await {
                return Some(reason);
            }
        }
        None
    }

    /// Delivers one object, or waits until there may be one. Gives why the server wants no more of this device, if so.
    async fn step(&self) -> Option<StopReason> {
        self.pace.ready().await;
        let changed = self.queue.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        let Some(job) = self.queue.next() else {
            match self.queue.next_moment() {
                Some(moment) => tokio::select! {
                    () = changed => {}
                    () = sleep_until(Instant::from_std(moment)) => {}
                },
                None => changed.await,
            }
            return None;
        };
        match self.deliver(&job).await {
            Verdict::Stop(reason) => return Some(reason),
            verdict => self.settle(job, verdict).await,
        }
        None
    }

    async fn settle(&self, job: Job, verdict: Verdict) {
        let event = job.name().event;
        let ended = match verdict {
            Verdict::Done(outcome) => {
                self.pace.worked();
                self.delivered.fetch_add(u64::from(outcome == Outcome::Delivered), Ordering::Relaxed);
                tracing::debug!(event.id = %event, ?outcome, "an event left the queue");
                spawn_blocking(move || job.done(outcome)).await
            }
            Verdict::Quarantine(reason) => {
                self.pace.worked();
                tracing::error!(event.id = %event, reason, "the server refused an event: it is in quarantine");
                if let Some(reports) = &self.reports {
                    reports.alarm(Alarm::EventQuarantined);
                }
                spawn_blocking(move || job.quarantine(&reason)).await
            }
            Verdict::Again => {
                let mut backoff = Backoff::default();
                let pause = (0..=job.failures()).map(|_| backoff.failed(None)).last().unwrap_or_default();
                job.later(pause);
                return;
            }
            Verdict::Later(asked) => {
                let pause = self.pace.failed(asked);
                tracing::debug!(event.id = %event, pause_ms = pause.as_millis(), "events are kept for later");
                return;
            }
            Verdict::OtherProtocol => {
                self.pace.failed(Some(OTHER_PROTOCOL_PAUSE));
                return;
            }
            Verdict::Stop(_) => return,
        };
        if let Ok(Err(error)) = ended {
            tracing::error!(event.id = %event, %error, "an event's file could not be removed from the queue");
        }
    }

    async fn deliver(&self, job: &Job) -> Verdict {
        let file = match job.open() {
            Ok(file) => file,
            Err(DiskError::NotFound { .. }) => return Verdict::Done(Outcome::Dropped),
            Err(error) => return unreadable(job, &error),
        };
        let name = job.name();
        let failed = Arc::new(AtomicBool::new(false));
        let body = Body::wrap_stream(stream(file.into(), job.bytes(), Arc::clone(&failed)));
        let request = self
            .api
            .request(Method::PUT, &format!("cameras/{}/events/{}", name.camera, name.event))
            .header(CONTENT_TYPE, MEDIA_TYPE)
            .header(CONTENT_LENGTH, job.bytes())
            .header("Content-Digest", format!("sha-256=:{}:", BASE64.encode(&name.digest)))
            .body(body);
        let limit = Duration::from_secs(60 + job.bytes() / BYTES_PER_SECOND_MIN);
        match self.api.send(request, limit).await {
            Ok(answer) => judge(&answer, name.event, job.failures()),
            Err(error) if failed.load(Ordering::Relaxed) => unreadable(job, &error),
            Err(error) => {
                tracing::debug!(event.id = %name.event, %error, "no answer to a delivery");
                Verdict::Later(error.retry_after())
            }
        }
    }
}

fn unreadable(job: &Job, error: &dyn std::error::Error) -> Verdict {
    tracing::error!(event.id = %job.name().event, %error, "an event in the queue cannot be read");
    if job.failures() < READ_FAILURES_MAX {
        Verdict::Again
    } else {
        Verdict::Quarantine("unreadable".to_owned())
    }
}

/// Reads the server's answer as `docs/device-api.md` has it.
fn judge(answer: &Answer, event: EventId, failures: u32) -> Verdict {
    let named = |code: &str| {
        if code.is_empty() { format!("status-{}", answer.status.as_u16()) } else { code.to_owned() }
    };
    match (answer.status, answer.code()) {
        (StatusCode::CREATED | StatusCode::OK, _) => {
            // Only a receipt for this very event lets go of it.
            if answer.json::<Receipt>().is_some_and(|receipt| receipt.event == event) {
                Verdict::Done(Outcome::Delivered)
            } else {
                Verdict::Again
            }
        }
        (StatusCode::GONE, "erased") => Verdict::Done(Outcome::Erased),
        (StatusCode::GONE, "after-leaving") => Verdict::Done(Outcome::TooLate),
        (StatusCode::UNPROCESSABLE_ENTITY, "digest-mismatch") if failures == 0 => Verdict::Again,
        // Its bytes did not pass in time: others may.
        (StatusCode::REQUEST_TIMEOUT, _) => Verdict::Again,
        (StatusCode::CONFLICT, code @ "digest-differs")
        | (StatusCode::UNPROCESSABLE_ENTITY, code @ ("malformed" | "not-yours" | "digest-mismatch")) => {
            Verdict::Quarantine(code.to_owned())
        }
        (
            StatusCode::LENGTH_REQUIRED | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code,
        ) => Verdict::Quarantine(named(code)),
        (
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::INSUFFICIENT_STORAGE,
            _,
        ) => Verdict::Later(answer.retry_after),
        (status, code) => match answer.refusal() {
            Refusal::Stop(reason) => Verdict::Stop(reason),
            Refusal::OtherProtocol => Verdict::OtherProtocol,
            Refusal::Contested => Verdict::Later(answer.retry_after),
            Refusal::Later => {
                tracing::warn!(event.id = %event, %status, code, "an answer that this program does not know: kept");
                Verdict::Again
            }
        },
    }
}

/// A file's bytes, one chunk in memory at a time. `failed` is set if the file cannot be read to its end.
fn stream(
    file: Arc<dyn DiskFile>,
    bytes: u64,
    failed: Arc<AtomicBool>,
) -> impl Stream<Item = Result<Bytes, DiskError>> + Send + 'static {
    futures_util::stream::try_unfold(0u64, move |offset| {
        let (file, failed) = (Arc::clone(&file), Arc::clone(&failed));
        async move {
            if offset >= bytes {
                return Ok(None);
            }
            let mut chunk = vec![0; (bytes - offset).min(CHUNK) as usize];
            let read = spawn_blocking(move || file.read_exact_at(&mut chunk, offset).map(|()| chunk)).await;
            match read {
                Ok(Ok(chunk)) => {
                    let next = offset + chunk.len() as u64;
                    Ok(Some((Bytes::from(chunk), next)))
                }
                Ok(Err(error)) => {
                    failed.store(true, Ordering::Relaxed);
                    Err(error)
                }
                // The runtime is shutting down; the call goes with it.
                Err(_) => Err(DiskError::Short { offset }),
            }
        }
    })
}
