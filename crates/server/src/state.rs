//! What every handler has at hand.

use std::sync::Arc;

use ownsight_gate::Gate;
use ownsight_ingest::Ingest;
use ownsight_upload::Uploads;
use tokio_util::sync::CancellationToken;

use crate::config::ServerConfig;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct AppState {
    pub(crate) gate: Gate,
    pub(crate) ingest: Ingest,
    pub(crate) uploads: Uploads,
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) streams: crate::api::Streams,
    pub(crate) exports: crate::api::Streams,
    /// Cancelled when the server stops: whoever waits for something answers now.
    pub(crate) stopping: CancellationToken,
}
