//! Why an agent did not run, or ended.

use ownsight_device::{LoadError, PairError, StopReason};

/// Why an agent did not run, or ended by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// It has no pairing, and was given no code.
    #[error("this agent is not paired yet: ask for a pairing code in the web app, under Cameras")]
    NotPaired,
    /// The pairing did not come about.
    #[error("pairing failed")]
    Pair(#[source] PairError),
    /// Its folder cannot be used.
    #[error("the agent's folder cannot be used")]
    Folder(#[source] LoadError),
    /// The server wants no more of it. What was not delivered stays in its folder.
    #[error(transparent)]
    Stopped(#[from] StopReason),
    /// A part of it failed in a way that is a fault of this program.
    #[error("the agent failed: {0}")]
    Failed(String),
}
