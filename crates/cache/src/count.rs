//! Counters, through the `metrics` facade. None has a label of a key or a value.

use metrics::{Counter, Unit, counter, describe_counter, describe_gauge, gauge};

use crate::{Namespace, Violation};

const LOOKUPS: &str = "cache_lookups_total";
const LOADS: &str = "cache_loads_total";
const VIOLATIONS: &str = "cache_violations_total";
const REMOTE: &str = "cache_remote_errors_total";
const STORES: &str = "cache_stores_total";
const CONDEMNED: &str = "cache_connections_condemned_total";
const SUBSCRIBED: &str = "cache_subscribed";

/// Says what each metric is, to a recorder that is installed.
pub(crate) fn describe() {
    describe_counter!(LOOKUPS, Unit::Count, "Values asked for, by where they came from");
    describe_counter!(LOADS, Unit::Count, "Values read from their source, by how it went");
    describe_counter!(
        VIOLATIONS,
        Unit::Count,
        "Replies that were not for what was asked, by kind; none was handed out"
    );
    describe_counter!(REMOTE, Unit::Count, "Times that the cache server gave no answer, by reason");
    describe_counter!(STORES, Unit::Count, "Stores on the cache server, by how they went");
    describe_counter!(CONDEMNED, Unit::Count, "Connections given up because of what came by them");
    describe_gauge!(SUBSCRIBED, Unit::Count, "Whether invalidations of other processes are heard of");
}

/// Where a value came from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin {
    Local,
    Shared,
    Remote,
    Miss,
}

/// The lookups of one cache, with their counters at hand: a hit in the process costs little more than they do.
pub(crate) struct Lookups {
    local: Counter,
    shared: Counter,
    remote: Counter,
    miss: Counter,
}

impl Lookups {
    pub(crate) fn of(namespace: &Namespace) -> Self {
        let from = |origin| counter!(LOOKUPS, "namespace" => namespace.as_str().to_owned(), "from" => origin);
        Self { local: from("local"), shared: from("shared"), remote: from("remote"), miss: from("miss") }
    }

    pub(crate) fn count(&self, origin: Origin) {
        let counter = match origin {
            Origin::Local => &self.local,
            Origin::Shared => &self.shared,
            Origin::Remote => &self.remote,
            Origin::Miss => &self.miss,
        };
        counter.increment(1);
    }
}

pub(crate) fn load(outcome: &'static str) {
    counter!(LOADS, "outcome" => outcome).increment(1);
}

pub(crate) fn violation(kind: Violation) {
    counter!(VIOLATIONS, "kind" => kind.name()).increment(1);
}

pub(crate) fn remote_error(error: crate::RemoteError) {
    let reason = match error {
        crate::RemoteError::Bypassed => "bypassed",
        crate::RemoteError::Late => "late",
        crate::RemoteError::Disconnected => "disconnected",
        crate::RemoteError::Refused => "refused",
        crate::RemoteError::Unexpected => "unexpected",
    };
    counter!(REMOTE, "reason" => reason).increment(1);
}

pub(crate) fn store(outcome: &'static str) {
    counter!(STORES, "outcome" => outcome).increment(1);
}

pub(crate) fn condemned() {
    counter!(CONDEMNED).increment(1);
}

pub(crate) fn subscribed(yes: bool) {
    gauge!(SUBSCRIBED).set(if yes { 1.0 } else { 0.0 });
}
