//! Live updates: server-sent events that say *changed*, and nothing else.
//!
//! What changed comes through the gate like everything. A stream tells of the homes that its session opened when it
//! last asked, which it does each quarter minute, and whenever sessions or grants of those homes changed. While the
//! gate cannot say whether the session lives, nothing is told; what was missed is told when it can.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use ownsight_gate::{Changed, Changes, Credentials, Gate, GateError, Part};
use ownsight_model::HomeId;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::answers::Outcome;
use super::credentials::Signed;
use super::streams::Slot;
use crate::http::Problem;
use crate::state::AppState;

/// How often a stream says that it lives, and asks whether its session does.
const BEAT: Duration = Duration::from_secs(15);
/// How soon it asks again when the gate could not say.
const AGAIN: Duration = Duration::from_secs(3);
/// What changes within this time is told together, so that a busy home is told of twice a second at most.
const TOGETHER: Duration = Duration::from_millis(500);
const PARTS: [Part; 5] = [Part::Events, Part::Cameras, Part::Devices, Part::Tests, Part::People];

/// Says *changed* as long as the session lives.
#[utoipa::path(get, path = "/api/v1/events/stream", tag = "events",
    responses((status = 200, content_type = "text/event-stream"), (status = 429), (status = 503)))]
pub(crate) async fn stream(State(state): State<AppState>, Signed(who): Signed) -> Outcome {
    // Subscribed before the homes are read: what changes in between is told.
    let changes = state.gate.changes();
    let homes = state.gate.home_ids(&who).await?.release(&who)?;
    // After the session was opened: a stranger cannot fill its streams.
    let slot = state.streams.take(&who)?;
    let news = News { homes: homes.into_iter().collect(), ..News::default() };
    let now = Instant::now();
    let listener = Listener {
        gate: state.gate,
        stopping: state.stopping,
        who,
        changes,
        news,
        greeted: false,
        // Streams that began together do not ask together.
        next_beat: now + BEAT.mul_f64(fastrand::f64()),
        next_telling: now,
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

struct Listener {
    gate: Gate,
    who: Credentials,
    changes: Changes,
    news: News,
    stopping: CancellationToken,
    greeted: bool,
    next_beat: Instant,
    next_telling: Instant,
    _slot: Slot,
}

impl Listener {
    /// The next piece of the stream, and whether it goes on.
    async fn next(&mut self) -> (String, bool) {
        if !self.greeted {
            self.greeted = true;
            // After a restart all pages come back: not at once.
            return (format!("retry: {}\n: connected\n\n", fastrand::u32(2_000..10_000)), true);
        }
        loop {
            let wake =
                if self.news.is_urgent() { self.next_telling.min(self.next_beat) } else { self.next_beat };
            tokio::select! {
                // In this order: no flood of changes keeps a stream from asking for its session.
                biased;
                () = self.stopping.cancelled() => return (String::new(), false),
                () = sleep_until(wake) => {}
                changed = self.changes.next() => match changed {
                    Some(changed) => {
                        self.news.note(changed);
                        continue;
                    }
                    None => return (String::new(), false),
                },
            }
            let mut text = String::new();
            if self.news.doubted || Instant::now() >= self.next_beat {
                match self.look_again().await {
                    Standing::Lives => self.next_beat = Instant::now() + BEAT,
                    Standing::Unknown => self.next_beat = Instant::now() + AGAIN,
                    Standing::Ended => return ("event: bye\ndata: {}\n\n".to_owned(), false),
                    Standing::MixedUp => return (String::new(), false),
                }
                text.push_str(": here\n\n");
            }
            self.news.tell(&mut text);
            self.next_telling = Instant::now() + TOGETHER;
            if !text.is_empty() {
                return (text, true);
            }
        }
    }

    /// Whether the session still lives; its homes are read anew.
    async fn look_again(&mut self) -> Standing {
        match self.gate.home_ids(&self.who).await {
            Ok(answer) => match answer.release(&self.who) {
                Ok(homes) => {
                    self.news.now_in(homes.into_iter().collect());
                    (self.news.doubted, self.news.silent) = (false, false);
                    Standing::Lives
                }
                Err(_) => Standing::MixedUp,
            },
            Err(GateError::Busy | GateError::Unavailable { .. }) => {
                (self.news.doubted, self.news.silent) = (false, true);
                Standing::Unknown
            }
            Err(_) => Standing::Ended,
        }
    }
}

/// What is known of a session.
enum Standing {
    Lives,
    Ended,
    /// The gate could not say.
    Unknown,
    /// The answer was another session's; the alarm has been raised.
    MixedUp,
}

/// What changed and was not told yet.
#[derive(Default)]
struct News {
    homes: HashSet<HomeId>,
    /// Homes that the session is in no longer: of each it is told that once, and nothing else.
    lost: HashSet<HomeId>,
    changed: HashSet<(HomeId, Part)>,
    /// Something was missed: anything may have changed.
    missed: bool,
    /// Sessions or grants changed: the session must be asked for before more is told.
    doubted: bool,
    /// The gate could not say whether the session lives.
    silent: bool,
}

impl News {
    fn note(&mut self, Changed { home, what }: Changed) {
        match home {
            // Other homes' changes wake nobody.
            Some(home) if !self.homes.contains(&home) => {}
            Some(_) if what == Part::Sessions => self.doubted = true,
            Some(home) => {
                self.changed.insert((home, what));
            }
            None => (self.missed, self.doubted) = (true, true),
        }
    }

    /// The homes that the session is in, as they were just read.
    fn now_in(&mut self, homes: HashSet<HomeId>) {
        self.lost.extend(self.homes.difference(&homes));
        self.homes = homes;
    }

    /// Whether something waits to be told or asked.
    fn is_urgent(&self) -> bool {
        !self.silent && (self.doubted || self.missed || !self.changed.is_empty())
    }

    fn tell(&mut self, text: &mut String) {
        if self.silent {
            return;
        }
        let mut changed = std::mem::take(&mut self.changed);
        if std::mem::take(&mut self.missed) {
            changed = self.homes.iter().flat_map(|home| PARTS.map(|part| (*home, part))).collect();
        }
        let own = changed.into_iter().filter(|(home, _)| self.homes.contains(home));
        let lost = std::mem::take(&mut self.lost).into_iter().map(|home| (home, Part::People));
        for (home, part) in own.chain(lost) {
            let part = part.word();
            // A string takes everything.
            let _ = write!(text, "event: changed\ndata: {{\"home\":\"{home}\",\"what\":\"{part}\"}}\n\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(news: &mut News) -> Vec<String> {
        let mut text = String::new();
        news.tell(&mut text);
        let mut lines: Vec<_> =
            text.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect();
        lines.sort();
        lines
    }

    fn of(home: HomeId, what: Part) -> Changed {
        Changed { home: Some(home), what }
    }

    #[test]
    fn each_change_of_an_own_home_is_told_once() {
        let (own, other) = (HomeId::generate(), HomeId::generate());
        let mut news = News { homes: HashSet::from([own]), ..News::default() };
        for _ in 0..3 {
            news.note(of(own, Part::Events));
            news.note(of(other, Part::Events));
            news.note(of(other, Part::Sessions));
        }
        assert!(news.is_urgent() && !news.doubted);
        assert_eq!(told(&mut news), [format!("{{\"home\":\"{own}\",\"what\":\"events\"}}")]);
        assert!(!news.is_urgent());
        assert_eq!(told(&mut news), [] as [&str; 0]);
    }

    #[test]
    fn a_home_that_is_no_longer_ones_own_is_not_told_of() {
        let home = HomeId::generate();
        let mut news = News { homes: HashSet::from([home]), ..News::default() };
        news.note(of(home, Part::Cameras));
        news.note(of(home, Part::Sessions));
        assert!(news.doubted);
        news.now_in(HashSet::new());
        // Only that it is, so that the page asks where it is a member.
        assert_eq!(told(&mut news), [format!("{{\"home\":\"{home}\",\"what\":\"people\"}}")]);
        news.note(of(home, Part::Cameras));
        assert_eq!(told(&mut news), [] as [&str; 0]);
    }

    #[test]
    fn who_missed_something_is_told_of_everything() {
        let homes = HashSet::from([HomeId::generate(), HomeId::generate()]);
        let mut news = News { homes, ..News::default() };
        news.note(Changed { home: None, what: Part::Events });
        assert!(news.doubted);
        assert_eq!(told(&mut news).len(), 2 * PARTS.len());
    }

    #[test]
    fn nothing_is_told_or_lost_while_the_session_is_in_doubt() {
        let home = HomeId::generate();
        let mut news = News { homes: HashSet::from([home]), silent: true, ..News::default() };
        news.note(of(home, Part::Tests));
        assert!(!news.is_urgent());
        assert_eq!(told(&mut news), [] as [&str; 0]);
        news.silent = false;
        assert_eq!(told(&mut news).len(), 1);
    }
}
