//! Alarms: what does not authenticate is counted by kind and logged, and nobody is shown anything.

use data_encoding::HEXLOWER;
use ownsight_seal::OpenError;

use crate::GateError;
use crate::error::Reference;

/// The counter of alarms; its one label is the kind, never a home, camera or account.
pub const ALARMS: &str = "ownsight_alarms_total";

const WRONG_SESSION: &str = "wrong-session";
const ERASURE_FAILED: &str = "erasure-failed";
const HALVES_DIFFER: &str = "halves-differ";
const CACHE_VIOLATION: &str = "cache-violation";
const LOCKDOWN_NOT_RECORDED: &str = "lockdown-not-recorded";

/// Sets the gate's alarms to zero, so that the first of a kind is seen as an increase.
pub(crate) fn describe() {
    metrics::describe_counter!(ALARMS, "Alarms by kind; any increase deserves a look at the log.");
    for kind in [
        "mix-up",
        "damaged",
        "not-authentic",
        "malformed",
        WRONG_SESSION,
        ERASURE_FAILED,
        HALVES_DIFFER,
        CACHE_VIOLATION,
        LOCKDOWN_NOT_RECORDED,
    ] {
        metrics::counter!(ALARMS, "kind" => kind).increment(0);
    }
}

/// Counts and logs that an answer was about to leave to another session.
pub(crate) fn wrong_session() {
    metrics::counter!(ALARMS, "kind" => WRONG_SESSION).increment(1);
    tracing::error!(alarm.kind = WRONG_SESSION, "alarm: an answer was about to leave to another session");
}

/// Counts and logs that the two cookies of a request are of two sessions.
pub(crate) fn halves_differ(error: &OpenError) {
    metrics::counter!(ALARMS, "kind" => HALVES_DIFFER).increment(1);
    tracing::warn!(alarm.kind = HALVES_DIFFER, %error, "alarm: two cookies of a request are of two sessions");
}

/// Counts that the cache answered with what was not asked for. It has logged that, and handed out nothing of it.
pub(crate) fn cache_violation() {
    metrics::counter!(ALARMS, "kind" => CACHE_VIOLATION).increment(1);
}

/// Counts and logs that the ledger did not take what an operator closed or opened again.
pub(crate) fn lockdown_not_recorded(why: &str) {
    metrics::counter!(ALARMS, "kind" => LOCKDOWN_NOT_RECORDED).increment(1);
    tracing::error!(
        alarm.kind = LOCKDOWN_NOT_RECORDED,
        why,
        "alarm: a lockdown is not on record; what was to be closed is closed, and what was to be opened stays closed"
    );
}

/// Counts and logs that objects which nobody can open any more could not be removed from the disk.
pub(crate) fn erasure_failed(failed: usize, not_overwritten: usize) {
    metrics::counter!(ALARMS, "kind" => ERASURE_FAILED).increment(1);
    tracing::error!(
        alarm.kind = ERASURE_FAILED,
        failed,
        not_overwritten,
        "alarm: erased events could not be removed from the disk, or not overwritten before; what is left is removed at the next start"
    );
}

/// Counts and logs that something did not open, and says so to the caller.
pub(crate) fn raise(error: &OpenError, doing: &'static str) -> GateError {
    let kind = match error {
        OpenError::MixUp(_) => "mix-up",
        OpenError::Damaged(_) => "damaged",
        OpenError::NotAuthentic(_) => "not-authentic",
        OpenError::Malformed { .. } => "malformed",
    };
    let reference = reference();
    metrics::counter!(ALARMS, "kind" => kind).increment(1);
    tracing::error!(alarm.kind = kind, %reference, doing, %error, "alarm: something did not authenticate");
    GateError::NotVerified { reference }
}

/// Logs a fault of a part, and says to the caller that nothing was done.
pub(crate) fn unavailable(error: &(dyn std::error::Error + 'static), doing: &'static str) -> GateError {
    let reference = reference();
    let mut causes = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push_str(": ");
        causes.push_str(&cause.to_string());
        next = cause.source();
    }
    tracing::error!(%reference, doing, error = causes, "not available");
    GateError::Unavailable { reference }
}

fn reference() -> Reference {
    let id = ownsight_model::EventId::generate();
    let (_, tail) = id.as_bytes().split_at(10);
    Reference(HEXLOWER.encode(tail))
}

/// What of alarms a test sees: of its own thread only, for others raise some at the same time.
#[cfg(test)]
pub(crate) mod counted {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

    struct OfKind(&'static str, Arc<AtomicU64>);

    impl Recorder for OfKind {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            let is_it = key.name() == super::ALARMS && key.labels().any(|label| label.value() == self.0);
            if is_it { Counter::from_arc(self.1.clone()) } else { Counter::noop() }
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    /// Alarms of this kind that are raised by what is done meanwhile.
    pub(crate) fn during(kind: &'static str, done: impl FnOnce()) -> u64 {
        let recorder = OfKind(kind, Arc::default());
        metrics::with_local_recorder(&recorder, done);
        recorder.1.load(Ordering::Relaxed)
    }
}
