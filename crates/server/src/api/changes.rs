//! Live updates: server-sent events that say *changed*, and nothing else.
//!
//! What changed comes through the gate like everything. A stream ends with its session: it is asked again every
//! quarter minute, and whenever sessions or grants changed.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use ownsight_gate::{Changed, Changes, Credentials, GateError, Part};
use ownsight_model::HomeId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::answers::Outcome;
use super::credentials::Signed;
use crate::http::Problem;
use crate::state::AppState;

const STREAMS_MAX: usize = 4096;
/// How often a quiet stream says that it lives, and asks whether its session does.
const BEAT: Duration = Duration::from_secs(15);
/// Changes that come within this time are told together.
const TOGETHER: Duration = Duration::from_millis(400);

/// How many streams there may be at once.
#[derive(Debug, Clone)]
pub(crate) struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(STREAMS_MAX)))
    }
}

/// Says *changed* as long as the session lives.
#[utoipa::path(get, path = "/api/v1/events/stream", tag = "events",
    responses((status = 200, content_type = "text/event-stream"), (status = 503)))]
pub(crate) async fn stream(State(state): State<AppState>, Signed(who): Signed) -> Outcome {
    let slot = Arc::clone(&state.streams.0).try_acquire_owned();
    let slot = slot.map_err(|_| Problem::busy(Duration::from_secs(fastrand::u64(10..40))))?;
    // Subscribed before the homes are read: what changes in between is told.
    let changes = state.gate.changes();
    let homes = homes(&state, &who).await?;
    let listener = Listener {
        stopping: state.stopping.clone(),
        state,
        who,
        changes,
        homes,
        next_beat: Instant::now() + BEAT,
        told: false,
        _slot: slot,
    };
    let body = stream::unfold(Some(listener), |listener| async move {
        let mut listener = listener?;
        let (text, goes_on) = listener.next().await;
        Some((Ok::<_, Infallible>(Bytes::from(text)), goes_on.then_some(listener)))
    });
    Response::builder()
        .header(CONTENT_TYPE, "text/event-stream")
        // Proxies must not collect what is meant for now.
        .header(HeaderName::from_static("x-accel-buffering"), "no")
        .body(Body::from_stream(body))
        .map_err(|_| Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR))
}

async fn homes(state: &AppState, who: &Credentials) -> Result<HashSet<HomeId>, Problem> {
    let homes = state.gate.home_ids(who).await?.release(who)?;
    Ok(homes.into_iter().collect())
}

struct Listener {
    state: AppState,
    who: Credentials,
    changes: Changes,
    homes: HashSet<HomeId>,
    next_beat: Instant,
    stopping: CancellationToken,
    told: bool,
    _slot: OwnedSemaphorePermit,
}

impl Listener {
    /// The next piece of the stream, and whether it goes on.
    async fn next(&mut self) -> (String, bool) {
        if !self.told {
            self.told = true;
            return (": connected\n\n".to_owned(), true);
        }
        loop {
            let first = tokio::select! {
                () = self.stopping.cancelled() => return (String::new(), false),
                () = sleep_until(self.next_beat) => {
                    self.next_beat = Instant::now() + BEAT;
                    return if self.look_again().await { (": here\n\n".to_owned(), true) } else { bye() };
                }
                changed = self.changes.next() => changed,
            };
            let Some(first) = first else { return (String::new(), false) };
            let changed = self.collect(first).await;
            if changed.iter().any(|changed| changed.what == Part::Sessions) && !self.look_again().await {
                return bye();
            }
            let text = self.tell(&changed);
            if !text.is_empty() {
                return (text, true);
            }
        }
    }

    /// What changes within a moment, each once.
    async fn collect(&mut self, first: Changed) -> HashSet<Changed> {
        let mut changed = HashSet::from([first]);
        let end = sleep(TOGETHER);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return changed,
                next = self.changes.next() => match next {
                    Some(next) => changed.insert(next),
                    None => return changed,
                },
            };
        }
    }

    /// Whether the session still lives; its homes are read anew.
    async fn look_again(&mut self) -> bool {
        match self.state.gate.home_ids(&self.who).await {
            Ok(answer) => match answer.release(&self.who) {
                Ok(homes) => {
                    self.homes = homes.into_iter().collect();
                    true
                }
                Err(_) => false,
            },
            // A busy moment ends no stream: nothing leaves it but *changed*.
            Err(GateError::Busy) => true,
            Err(_) => false,
        }
    }

    fn tell(&self, changed: &HashSet<Changed>) -> String {
        let mut text = String::new();
        for Changed { home, what } in changed {
            let told: Vec<HomeId> = match home {
                Some(home) if self.homes.contains(home) => vec![*home],
                Some(_) => Vec::new(),
                None => self.homes.iter().copied().collect(),
            };
            for home in told.into_iter().filter(|_| *what != Part::Sessions) {
                let data = serde_json::json!({ "home": home, "what": what.word() });
                text.extend(["event: changed\ndata: ", &data.to_string(), "\n\n"]);
            }
        }
        text
    }
}

fn bye() -> (String, bool) {
    ("event: bye\ndata: {}\n\n".to_owned(), false)
}
