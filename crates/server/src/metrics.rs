//! Metrics in Prometheus' form, on a port of their own.
//!
//! Labels are routes' patterns, codes and kinds: never a home, a camera, a device or an account.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

/// Counts requests by route and status.
pub(crate) const REQUESTS: &str = "ownsight_requests_total";
/// Time from a request's headers to its answer's.
pub(crate) const REQUEST_SECONDS: &str = "ownsight_request_seconds";
/// Connections that are open.
pub(crate) const CONNECTIONS: &str = "ownsight_connections";

/// The type of what `/metrics` answers.
pub(crate) const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// Histograms gather what they were given until somebody looks, or this time passes.
const UPKEEP: Duration = Duration::from_secs(5);

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
/// Held while the recorder is installed: who calls at the same time waits for it.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Installs the recorder of this process, once; do it before any other part starts. Calling it again is fine.
///
/// # Errors
/// Fails if another recorder was installed.
pub fn install() -> Result<(), BuildError> {
    let _one = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if HANDLE.get().is_some() {
        return Ok(());
    }
    let handle = PrometheusBuilder::new().set_buckets(&SECONDS)?.install_recorder()?;
    // Only who installed the recorder comes here.
    let _ = HANDLE.set(handle);
    metrics::describe_counter!(REQUESTS, "Requests by route and status.");
    metrics::describe_histogram!(REQUEST_SECONDS, metrics::Unit::Seconds, "Time to answer a request.");
    metrics::describe_gauge!(CONNECTIONS, "Open connections.");
    ownsight_ingest::describe_metrics();
    ownsight_upload::describe_metrics();
    Ok(())
}

/// All metrics now; empty if no recorder was installed.
pub fn render() -> String {
    HANDLE.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Keeps the memory of metrics that nobody looks at bounded, until dropped.
pub(crate) async fn upkeep() {
    loop {
        tokio::time::sleep(UPKEEP).await;
        if let Some(handle) = HANDLE.get() {
            handle.run_upkeep();
        }
    }
}

pub(crate) fn router() -> Router {
    Router::new().route("/metrics", get(async || ([(CONTENT_TYPE, TEXT_FORMAT)], render())))
}
