//! What the caches of a process share: the secret, the server, and what was invalidated.

use std::sync::Arc;
use std::time::Duration;

use crate::remote::{Links, Listener, Listening, Remote};
use crate::violation::Tally;
use crate::watch::Watch;
use crate::{
    Cache, CacheSecret, Cacheable, Clock, ConnectError, Namespace, Policy, RedisConfig, RemoteError,
    SchemaError, Violation,
};

/// How far the clocks of processes that share a cache may differ, if nothing else is said.
pub const SKEW_DEFAULT: Duration = Duration::from_secs(1);

/// Where values are kept, and what all caches of a process share. Cheap to clone.
#[derive(Clone)]
pub struct Caches {
    pub(crate) shared: Option<Arc<Shared>>,
}

pub(crate) struct Shared {
    pub(crate) secret: CacheSecret,
    pub(crate) remote: Option<Remote>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) clock: Clock,
    pub(crate) skew: Duration,
    pub(crate) tally: Arc<Tally>,
    /// This process, in what it announces.
    pub(crate) sender: u64,
    _listening: Option<Listening>,
}

impl Shared {
    pub(crate) fn skew_ms(&self) -> u64 {
        self.skew.as_millis() as u64
    }
}

impl Caches {
    /// No cache at all: each call loads.
    pub fn off() -> Self {
        Self { shared: None }
    }

    /// In this process only.
    pub fn local(clock: Clock) -> Self {
        Self::shared(CacheSecret::generate(), None, clock, SKEW_DEFAULT, Arc::default())
    }

    /// In this process, and on a Valkey or Redis server for all who have the secret. `skew` is how far their clocks may
    /// differ.
    ///
    /// Connects in the background, and again when the connection is lost; until then it goes without. Must be called in a
    /// Tokio runtime.
    pub fn redis(
        secret: CacheSecret,
        config: RedisConfig,
        clock: Clock,
        skew: Duration,
    ) -> Result<Self, ConnectError> {
        let tally = Arc::<Tally>::default();
        let config = RedisConfig { prefix: format!("{}{}:", config.prefix, secret.name()), ..config };
        let remote = Remote::new(Links::new(config)?, Arc::clone(&tally));
        Ok(Self::shared(secret, Some(remote), clock, skew, tally))
    }

    fn shared(
        secret: CacheSecret,
        remote: Option<Remote>,
        clock: Clock,
        skew: Duration,
        tally: Arc<Tally>,
    ) -> Self {
        crate::count::describe();
        let watch = Arc::new(Watch::new());
        let sender = fastrand::u64(..);
        let listening = remote.as_ref().map(|remote| {
            let (client, prefix) = (remote.links().client().clone(), remote.links().prefix().to_owned());
            Listening::begin(
                client,
                prefix,
                Arc::clone(&watch),
                Listener { sender, clock: clock.clone(), skew },
            )
        });
        let shared = Shared { secret, remote, watch, clock, skew, tally, sender, _listening: listening };
        Self { shared: Some(Arc::new(shared)) }
    }

    /// A cache of one type of values. Caches of one namespace and schema share what they keep on the server.
    pub fn cache<V: Cacheable, E: Send + Sync + 'static>(
        &self,
        namespace: Namespace,
        policy: Policy,
    ) -> Result<Cache<V, E>, SchemaError> {
        Cache::new(self.shared.clone(), namespace, policy)
    }

    /// Waits until there is a connection to the server, or says why there is none. Nothing needs to wait for this.
    ///
    /// Cancel-safe: the connection is made in a task of its own.
    pub async fn connected(&self) -> Result<(), RemoteError> {
        match self.remote() {
            Some(remote) => remote.links().connect().await,
            None => Ok(()),
        }
    }

    /// Whether anything is cached at all.
    pub fn is_on(&self) -> bool {
        self.shared.is_some()
    }

    /// Whether the server is asked at the moment, as far as its circuit breaker goes. True without a server.
    pub fn is_healthy(&self) -> bool {
        self.remote().is_none_or(|remote| remote.links().is_closed())
    }

    /// How many violations of this kind there were. Whatever this says, none was handed out; more than none is worth an
    /// alarm.
    pub fn violations(&self, kind: Violation) -> u64 {
        self.shared.as_ref().map_or(0, |shared| shared.tally.of(kind))
    }

    /// Calls this at each violation from now on, after it was counted and logged, where it was found: it should not take long.
    /// The first one that is set stays.
    pub fn on_violation(&self, heard: impl Fn(Violation) + Send + Sync + 'static) {
        if let Some(shared) = &self.shared {
            shared.tally.tell(Box::new(heard));
        }
    }

    fn remote(&self) -> Option<&Remote> {
        self.shared.as_ref()?.remote.as_ref()
    }
}

impl std::fmt::Debug for Caches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match &self.shared {
            None => "off",
            Some(shared) if shared.remote.is_none() => "local",
            Some(_) => "redis",
        };
        f.debug_tuple("Caches").field(&kind).finish()
    }
}
