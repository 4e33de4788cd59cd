//! Connections to the server: one at a time, made in the background, and given up at the first thing that is wrong.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, Pipeline, TlsCertificates, Value};
use tokio::time::{Instant, timeout, timeout_at};

use super::RemoteError;
use crate::breaker::Breaker;

/// Requests that may be on their way at once; more wait, within their budgets.
const IN_FLIGHT_MAX: usize = 1_024;

/// Where the server is, and how its keys begin.
#[derive(Clone)]
pub struct RedisConfig {
    /// `redis://` or, with TLS, `rediss://`, with user, password, host, port and database.
    pub url: String,
    /// How all names on the server begin. A digest of the secret follows.
    pub prefix: String,
    /// The authority that the server's certificate is checked against, PEM, instead of the system's.
    pub ca: Option<Vec<u8>>,
    /// How long to connect may take, with TLS and password.
    pub connect_max: Duration,
    /// So many connections may be made at once after a quiet time.
    pub reconnects_max: u32,
    /// How long until one more may be made then.
    pub reconnect_every: Duration,
}

impl RedisConfig {
    /// The server at this URL, with the prefix `cache:`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            prefix: "cache:".into(),
            ca: None,
            connect_max: Duration::from_secs(2),
            reconnects_max: 5,
            reconnect_every: Duration::from_secs(1),
        }
    }
}

impl std::fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a password.
        f.debug_struct("RedisConfig").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Why there can be no connection with this configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the cache server's URL or certificate is not usable: {0}")]
pub struct ConnectError(String);

/// A connection, for as long as it is believed.
pub(crate) struct Link {
    connection: MultiplexedConnection,
    condemned: AtomicBool,
}

/// The connection that there is now. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Links(Arc<Inner>);

struct Inner {
    client: Client,
    config: RedisConfig,
    begun: std::time::Instant,
    state: Mutex<State>,
}

struct State {
    current: Current,
    breaker: Breaker,
    reconnects: Budget,
}

enum Current {
    None,
    Connecting,
    Up(Arc<Link>),
}

/// A token bucket for connections.
struct Budget {
    max: u32,
    every: Duration,
    left: u32,
    counted_at: Duration,
}

impl Budget {
    fn new(config: &RedisConfig) -> Self {
        let max = config.reconnects_max;
        Self { max, every: config.reconnect_every, left: max, counted_at: Duration::ZERO }
    }

    fn take(&mut self, now: Duration) -> bool {
        let earned = now.saturating_sub(self.counted_at).as_nanos() / self.every.as_nanos().max(1);
        let earned = u32::try_from(earned).unwrap_or(u32::MAX);
        if earned > 0 {
            self.left = self.left.saturating_add(earned).min(self.max);
            self.counted_at = now;
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

impl Links {
    /// Does not connect yet.
    pub(crate) fn new(config: RedisConfig) -> Result<Self, ConnectError> {
        let unusable = |error: redis::RedisError| ConnectError(error.category().to_owned());
        let client = match config.ca.clone() {
            None => Client::open(config.url.as_str()).map_err(unusable)?,
            Some(ca) => {
                let certificates = TlsCertificates { client_tls: None, root_cert: Some(ca) };
                Client::build_with_tls(config.url.as_str(), certificates).map_err(unusable)?
            }
        };
        let reconnects = Budget::new(&config);
        let state = State { current: Current::None, breaker: Breaker::new(), reconnects };
        Ok(Self(Arc::new(Inner {
            client,
            config,
            begun: std::time::Instant::now(),
            state: Mutex::new(state),
        })))
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.0.config.prefix
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    /// Runs a command on the present connection, and gives its reply.
    pub(crate) async fn run(&self, command: &Cmd, until: Instant) -> Result<(Arc<Link>, Value), RemoteError> {
        let sent = async |mut connection: MultiplexedConnection| {
            connection.send_packed_command(command).await?.extract_error()
        };
        self.within(until, sent).await
    }

    /// Runs commands on the present connection, one behind the other, and gives their replies in order.
    pub(crate) async fn run_all(
        &self,
        commands: &Pipeline,
        until: Instant,
    ) -> Result<(Arc<Link>, Vec<Value>), RemoteError> {
        let sent = async |mut connection: MultiplexedConnection| {
            let replies = connection.send_packed_commands(commands, 0, commands.len()).await?;
            // What the server says of itself is no answer.
            replies.into_iter().map(Value::extract_error).collect()
        };
        self.within(until, sent).await
    }

    async fn within<T, F>(
        &self,
        until: Instant,
        send: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<(Arc<Link>, T), RemoteError>
    where
        F: Future<Output = Result<T, redis::RedisError>>,
    {
        let link = self.admit().ok_or(RemoteError::Bypassed)?;
        let outcome = match timeout_at(until, send(link.connection.clone())).await {
            Ok(Ok(replies)) => Ok(replies),
            Ok(Err(error)) => Err(classified(&error)),
            Err(_) => Err(RemoteError::Late),
        };
        // What it delivers after somebody found it wrong is not looked at.
        if link.is_condemned() {
            return Err(RemoteError::Disconnected);
        }
        match outcome {
            Ok(replies) => {
                self.state().breaker.succeeded();
                Ok((link, replies))
            }
            Err(error) => {
                self.failed(&link, error);
                Err(error)
            }
        }
    }

    /// Sends a command on this connection, whatever its replies are worth, and looks at none.
    pub(crate) async fn tell(&self, link: &Link, command: &Cmd, until: Instant) {
        let mut connection = link.connection.clone();
        let _ = timeout_at(until, connection.send_packed_command(command)).await;
    }

    /// Gives a connection up: something came by it that must not have. Replies that are still on their way are not read.
    pub(crate) fn condemn(&self, link: &Arc<Link>) {
        if !link.condemned.swap(true, Ordering::SeqCst) {
            crate::count::condemned();
        }
        let mut state = self.state();
        if matches!(&state.current, Current::Up(current) if Arc::ptr_eq(current, link)) {
            state.current = Current::None;
        }
    }

    /// Connects now, if there is no connection, and waits for it: no longer than connecting may take.
    pub(crate) async fn connect(&self) -> Result<(), RemoteError> {
        let _ = self.admit();
        let connecting = async {
            loop {
                match &self.state().current {
                    Current::Up(_) => return Ok(()),
                    Current::Connecting => {}
                    Current::None => return Err(RemoteError::Disconnected),
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(self.0.config.connect_max, connecting).await.unwrap_or(Err(RemoteError::Late))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state().breaker.is_closed()
    }

    fn admit(&self) -> Option<Arc<Link>> {
        let mut state = self.state();
        match &state.current {
            Current::Up(link) => {
                let link = Arc::clone(link);
                // A clock is looked at only if the answer depends on it.
                (state.breaker.is_closed() || state.breaker.admits(self.0.begun.elapsed())).then_some(link)
            }
            Current::Connecting => None,
            Current::None => {
                let now = self.0.begun.elapsed();
                if state.breaker.admits(now) && state.reconnects.take(now) {
                    state.current = Current::Connecting;
                    drop(state);
                    // In a task of its own: a connection may take longer than any caller waits.
                    tokio::spawn(connect(Unsettled(Some(self.clone()))));
                }
                None
            }
        }
    }

    fn failed(&self, link: &Arc<Link>, error: RemoteError) {
        let opened = self.state().breaker.failed(self.0.begun.elapsed(), fastrand::f64());
        if opened {
            tracing::warn!(%error, "the cache server is bypassed for a while");
        }
        // What comes late on a connection that is slow is not waited for.
        if opened || error == RemoteError::Disconnected {
            self.condemn(link);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn connect(mut unsettled: Unsettled) {
    let Some(links) = unsettled.0.clone() else { return };
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(links.0.config.connect_max))
        .set_response_timeout(None)
        .set_concurrency_limit(IN_FLIGHT_MAX);
    let connecting = links.0.client.get_multiplexed_async_connection_with_config(&config);
    let outcome = timeout(links.0.config.connect_max, connecting).await;
    unsettled.0 = None;
    let mut state = links.state();
    let failure = match outcome {
        Ok(Ok(connection)) => {
            state.current = Current::Up(Arc::new(Link { connection, condemned: AtomicBool::new(false) }));
            state.breaker.succeeded();
            return;
        }
        Ok(Err(error)) => error.category().to_owned(),
        Err(_) => "it takes too long".to_owned(),
    };
    state.current = Current::None;
    let opened = state.breaker.failed(links.0.begun.elapsed(), fastrand::f64());
    drop(state);
    if opened {
        tracing::warn!(%failure, "no connection to the cache server: it is bypassed for a while");
    }
}

/// While somebody connects, or is about to. Dropped, as by a panic or with its runtime: nobody does.
struct Unsettled(Option<Links>);

impl Drop for Unsettled {
    fn drop(&mut self) {
        if let Some(links) = &self.0 {
            links.state().current = Current::None;
        }
    }
}

impl Link {
    pub(crate) fn is_condemned(&self) -> bool {
        self.condemned.load(Ordering::SeqCst)
    }
}

fn classified(error: &redis::RedisError) -> RemoteError {
    use redis::ErrorKind;
    match error.kind() {
        ErrorKind::Server(_) | ErrorKind::Extension => RemoteError::Refused,
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => RemoteError::Unexpected,
        _ => RemoteError::Disconnected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_have_a_budget() {
        let mut budget = Budget::new(&RedisConfig::new("redis://localhost/"));
        let ms = Duration::from_millis;
        assert_eq!((0..20).filter(|_| budget.take(ms(0))).count(), 5);
        assert!(!budget.take(ms(999)));
        assert!(budget.take(ms(1_000)));
        assert!(!budget.take(ms(1_999)));
        assert_eq!((0..20).filter(|_| budget.take(ms(100_000))).count(), 5);
    }

    #[test]
    fn who_connects_and_is_gone_does_not_keep_others_from_it() {
        let links = Links::new(RedisConfig::new("redis://localhost/")).unwrap();
        links.state().current = Current::Connecting;
        drop(Unsettled(Some(links.clone())));
        assert!(matches!(links.state().current, Current::None));
    }

    #[test]
    fn an_error_is_the_servers_its_replys_or_the_connections() {
        let no_memory = redis::parse_redis_value(b"-OOM no\r\n").unwrap();
        assert_eq!(classified(&no_memory.extract_error().unwrap_err()), RemoteError::Refused);
        for (kind, expected) in [
            (redis::ErrorKind::Parse, RemoteError::Unexpected),
            (redis::ErrorKind::UnexpectedReturnType, RemoteError::Unexpected),
            (redis::ErrorKind::Io, RemoteError::Disconnected),
            (redis::ErrorKind::Extension, RemoteError::Refused),
        ] {
            assert_eq!(classified(&(kind, "for a test").into()), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let config = RedisConfig::new("redis://:secret@localhost/");
        assert!(!format!("{config:?}").contains("secret"));
        let error = Links::new(RedisConfig::new("http://:secret@localhost/")).err().unwrap();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
