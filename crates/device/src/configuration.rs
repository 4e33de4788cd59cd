//! Configurations: asked for one by one, believed only if they open as the next one of this very device.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use ownsight_seal::{Configuration, KeyPair};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::api::{Answer, Api, Refusal};
use crate::backoff::Backoff;
use crate::error::{CallError, StopReason};
use crate::pairing;
use crate::report::{Alarm, Reports};
use crate::run::Run;
use crate::state::{Folder, State};

/// How long the server may keep a question open.
const WAIT_SECONDS: u64 = 30;
const CALL_SECONDS: u64 = 20;
const OTHER_PROTOCOL_PAUSE: Duration = Duration::from_mins(5);
/// How often to ask while two devices have one identity, unless the server says.
const CONTESTED_PAUSE: Duration = Duration::from_mins(1);
/// How often to ask while the home has not checked this device yet, unless the server says.
const WAITING_PAUSE: Duration = Duration::from_secs(3);

/// How the server stands to this device, as the last call showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerState {
    /// Not called yet.
    Unknown,
    /// It answers; somebody of the home has not looked at the pairing yet.
    Waiting,
    /// It answers.
    Reachable,
    /// It does not answer, or not as it should: why, for people.
    Unreachable(String),
    /// Another device with this identity calls, too. Until somebody of the home has settled it in the web app neither is served;
    /// what was recorded is kept.
    Contested,
    /// It speaks another version of the protocol than this program. What was recorded is kept.
    OtherProtocol,
}

/// Asks for configurations.
#[derive(Debug)]
pub(crate) struct Poll {
    pub(crate) api: Api,
    pub(crate) folder: Folder,
    pub(crate) state: State,
    pub(crate) keys: KeyPair,
    pub(crate) run: Run,
    pub(crate) reports: Arc<Reports>,
    pub(crate) configuration: watch::Sender<Option<Arc<Configuration>>>,
    pub(crate) server: watch::Sender<ServerState>,
}

#[derive(Deserialize)]
struct Next {
    serial: u64,
    sealed: String,
}

enum Step {
    /// It worked: ask for the next, and wait for it.
    Wait,
    /// It worked: ask at once.
    Ask,
    /// Ask again after a pause.
    Pause(Duration),
}

impl Poll {
    /// Asks until the server wants no more of this device.
    ///
    /// Cancel safety: a configuration that came is on disk before it is used, or not at all.
    pub(crate) async fn run(mut self) -> StopReason {
        let mut backoff = Backoff::default();
        if let Some(reason) = self.answer_pairing(&mut backoff).await {
            return reason;
        }
        // The first question does not wait: its answer tells the time.
        let mut wait = 0;
        loop {
            let asked = Instant::now();
            let step = match self.ask(wait).await {
                Ok(answer) => match self.step(&answer, &mut backoff).await {
                    Ok(step) => step,
                    Err(reason) => return reason,
                },
                Err(error) => self.unreachable(error.to_string(), backoff.failed(error.retry_after())),
            };
            wait = match step {
                Step::Wait if wait > 0 && asked.elapsed() < Duration::from_secs(1) => {
                    // Something in between does not keep questions open.
                    sleep(Duration::from_millis(fastrand::u64(1000..3000))).await;
                    WAIT_SECONDS
                }
                Step::Wait => WAIT_SECONDS,
                Step::Ask => 0,
                Step::Pause(pause) => {
                    sleep(pause).await;
                    0
                }
            };
        }
    }

    /// Sends the answer to the pairing again, if the server may not have it yet.
    async fn answer_pairing(&mut self, backoff: &mut Backoff) -> Option<StopReason> {
        while self.state.untaken_answer().is_some() {
            let pause = match pairing::send_answer(&self.api, &self.state).await {
                Ok(answer) if answer.status.is_success() => {
                    let mut state = self.state.clone();
                    state.answer_taken();
                    if self.store(state).await {
                        break;
                    }
                    backoff.failed(None)
                }
                Ok(answer) if answer.status == StatusCode::UPGRADE_REQUIRED => {
                    self.tell(ServerState::OtherProtocol);
                    OTHER_PROTOCOL_PAUSE
                }
                Ok(answer)
                    if matches!(
                        answer.status,
                        StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::CONFLICT
                    ) =>
                {
                    // A code that was used up by our own first call is unknown, too: then a poll tells.
                    if answer.status == StatusCode::CONFLICT || self.is_unknown().await {
                        return Some(StopReason::PairingExpired);
                    }
                    break;
                }
                Ok(answer) => {
                    self.tell(ServerState::Unreachable(format!("status {}", answer.status.as_u16())));
                    backoff.failed(answer.retry_after)
                }
                Err(error) => {
                    let pause = backoff.failed(error.retry_after());
                    self.tell(ServerState::Unreachable(error.to_string()));
                    pause
                }
            };
            sleep(pause).await;
        }
        backoff.reset();
        None
    }

    async fn is_unknown(&self) -> bool {
        let answer = self.ask(0).await;
        answer.is_ok_and(|answer| matches!(answer.refusal(), Refusal::Stop(_)))
    }

    async fn ask(&self, wait: u64) -> Result<Answer, CallError> {
        let path = format!("configuration?after={}&wait={wait}", self.state.serial());
        let limit = Duration::from_secs(wait + CALL_SECONDS);
        self.api.send(self.api.request(Method::GET, &path), limit).await
    }

    async fn step(&mut self, answer: &Answer, backoff: &mut Backoff) -> Result<Step, StopReason> {
        if answer.status.is_success() && !self.run.is_acknowledged() {
            self.acknowledge_run().await;
        }
        Ok(match answer.status {
            StatusCode::OK => {
                self.tell(ServerState::Reachable);
                if self.take(answer).await {
                    backoff.reset();
                    Step::Ask
                } else {
                    Step::Pause(backoff.failed(answer.retry_after))
                }
            }
            StatusCode::NO_CONTENT => {
                backoff.reset();
                self.tell(ServerState::Reachable);
                Step::Wait
            }
            StatusCode::ACCEPTED => {
                backoff.reset();
                self.tell(ServerState::Waiting);
                let jitter = Duration::from_millis(fastrand::u64(0..500));
                Step::Pause(answer.retry_after.unwrap_or(WAITING_PAUSE) + jitter)
            }
            status => match answer.refusal() {
                Refusal::Stop(reason) => return Err(reason),
                Refusal::Contested => {
                    self.tell(ServerState::Contested);
                    Step::Pause(answer.retry_after.unwrap_or(CONTESTED_PAUSE))
                }
                Refusal::OtherProtocol => {
                    self.tell(ServerState::OtherProtocol);
                    Step::Pause(backoff.failed(Some(answer.retry_after.unwrap_or(OTHER_PROTOCOL_PAUSE))))
                }
                Refusal::Later => {
                    let why = format!("status {} {}", status.as_u16(), answer.code());
                    self.unreachable(why.trim_end().to_owned(), backoff.failed(answer.retry_after))
                }
            },
        })
    }

    /// Believes a configuration, if it is the next one. `false`: it is not, and the one in use stays.
    async fn take(&mut self, answer: &Answer) -> bool {
        let next_serial = self.state.serial() + 1;
        let opened = answer.json::<Next>().and_then(|next| {
            let sealed = BASE64URL_NOPAD.decode(next.sealed.as_bytes()).ok()?;
            if next.serial != next_serial {
                tracing::error!(
                    serial = next.serial,
                    next_serial,
                    "not the next configuration: not believed"
                );
                return None;
            }
            let key = self.state.device_key()?;
            Configuration::open(&self.keys, &key, self.state.scope(), next_serial, &sealed)
                .inspect_err(
                    |error| tracing::error!(%error, serial = next_serial, "a configuration is not believed"),
                )
                .ok()
        });
        let Some(configuration) = opened else {
            self.reports.alarm(Alarm::ConfigurationNotMine);
            return false;
        };
        let mut state = self.state.clone();
        state.take(configuration.clone());
        if !self.store(state).await {
            return false;
        }
        tracing::info!(serial = next_serial, cameras = configuration.cameras.len(), "a new configuration");
        self.configuration.send_replace(Some(Arc::new(configuration)));
        true
    }

    /// The server knows of this run: the next start is another one. Until that is on disk, a start says the same run again.
    async fn acknowledge_run(&mut self) {
        let (folder, mut run) = (self.folder.clone(), self.run.clone());
        match spawn_blocking(move || run.acknowledge(&folder).map(|()| run)).await {
            Ok(Ok(run)) => self.run = run,
            Ok(Err(error)) => tracing::warn!(%error, "it cannot be kept that the server has answered"),
            Err(_) => {}
        }
    }

    /// Writes a new state, and makes it the one in use if that worked.
    async fn store(&mut self, state: State) -> bool {
        let folder = self.folder.clone();
        let stored = spawn_blocking(move || state.store(&folder).map(|()| state)).await;
        match stored {
            Ok(Ok(state)) => {
                self.state = state;
                true
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "the device's state cannot be written: the one before stays in use");
                false
            }
            Err(_) => false,
        }
    }

    fn unreachable(&self, why: String, pause: Duration) -> Step {
        self.tell(ServerState::Unreachable(why));
        Step::Pause(pause)
    }

    fn tell(&self, state: ServerState) {
        self.server.send_if_modified(|current| {
            if *current == state {
                return false;
            }
            match &state {
                ServerState::Unreachable(why) => tracing::warn!(server = %self.api.server(), why, "no contact with the server"),
                ServerState::Contested => tracing::error!(
                    "another device with this one's identity calls the server: a copy of this folder runs somewhere; neither is served until somebody of the home has settled it in the web app, under Devices; what was recorded is kept"
                ),
                ServerState::OtherProtocol => tracing::error!(
                    "this program and the server do not speak the same version of the device protocol: install the server's version of it; what was recorded is kept"
                ),
                ServerState::Waiting => tracing::info!("paired; waiting until somebody of the home opens the web app"),
                ServerState::Reachable => tracing::info!(server = %self.api.server(), "in contact with the server"),
                ServerState::Unknown => {}
            }
            *current = state;
            true
        });
    }
}
