//! A cache client that cannot hand back another key's value.
//!
//! Replies that belong to another request keep happening in caching clients: an error inside a pipeline, a connection
//! that went back to its pool after a time-out, a command cancelled between request and reply, and from then on each
//! caller gets the reply of the one before. The protocol has no ids to tell by. So the proof is in the value here, and not
//! in the stream: each entry is bound, by a keyed tag, to the key that it was stored for, and is opened by the key that
//! was *asked for*.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use std::convert::Infallible;
//! use ownsight_cache::{Ask, Cache, Caches, Clock, Key, Namespace, Policy, Protection, Reason, Record};
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Weather { degrees: i32, text: String }
//!
//! impl Record for Weather {
//!     const NAME: &'static str = "weather";
//!     const VERSION: u32 = 1;
//!     const REASON: Reason = Reason::new("public, and harmless if it is some minutes old");
//!     const PROTECTION: Protection = Protection::Tagged;
//!     fn heap_bytes(&self) -> usize { self.text.len() }
//! }
//!
//! let caches = Caches::local(Clock::system());
//! let weather: Cache<Weather, Infallible> = caches.cache(Namespace::new("weather")?, Policy::default())?;
//! let key = Key::of(["Lisbon"])?;
//! let load = async || Ok(Some(Weather { degrees: 19, text: "clear".into() }));
//! let found = weather.get_or_load(&key, Ask::ANY, load).await?;
//! assert_eq!(found.value().map(|weather| weather.degrees), Some(19));
//! # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
//!
//! # What it promises
//! 1. **Identity.** What comes out was stored for exactly the key that was asked for, in this namespace, in this schema, by
//!    a holder of the [`CacheSecret`]; or nothing comes out. Whatever server, network, proxy, pool, scheduler or
//!    cancellation do.
//! 2. **Freshness.** What comes out began to be read from its source no earlier than the caller's bound before the call
//!    ([`Ask::no_older_than`]), by a clock that never goes back in this process, and by the wall's clocks within the stated
//!    skew for what came from another. After an invalidation that this process has seen, nothing that was read before it
//!    comes out. While invalidations are not heard of, it is at most its lifetime old ([`Policy::ttl`]). A tag proves who
//!    made an entry and for what, and not that it is the last one: a server that gives an old entry back is
//!    believed until the entry expires, or until this process sees an invalidation.
//! 3. **Violations** are counted by [kind](Violation), logged without the value and evicted; the connection that
//!    delivered one is given up, with all replies on their way by it, and new ones are made within a budget.
//! 4. **Coalescing.** One load at a time for each key in a process. A leader that is cancelled, or whose loader panics,
//!    hands over to who waits. Of all processes that loaded in one generation of a key, at most one stores.
//! 5. **Deadlines.** A server that is slow, full or gone costs a caller its budget at most, and then nothing, behind a
//!    circuit breaker. It never fails a read that the source can serve.
//! 6. **Bounds.** What is kept in the process is bounded by weight, and no queue is unbounded.
//! 7. **Cancellation.** Every async function is cancel-safe, and says what may be true after it was dropped.
//!
//! # What it is not
//! No place for what must never be stale or lost: who may see what, sessions, locks. A type must opt in by [`Cacheable`],
//! with a reason. There is no *set* without a load: a value that was read before an invalidation could be put back by it.
//!
//! # How it is put together
//! Pure parts without I/O (`entry`, `watch`, `flight`, `breaker`), two tiers (`local`, `remote`), and one caller's way
//! through them (`asking`). Early refresh, stale values while a load runs, leases across a fleet and client-side tracking
//! would go between `asking` and the tiers; a cluster behind `remote`.

mod asking;
mod breaker;
mod cache;
mod cacheable;
mod caches;
mod clock;
mod count;
mod entry;
mod flight;
#[cfg(fuzzing)]
#[allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "it stops where something is not as it must be"
)]
pub mod fuzzing;
mod key;
mod local;
mod policy;
mod remote;
mod schema;
mod secret;
mod sync;
mod violation;
mod watch;

pub use cache::{Cache, Found, LoadError, NotTold};
pub use cacheable::{Blob, Cacheable, CodecError, Content, Protection, Reason, Record};
pub use caches::{Caches, SKEW_DEFAULT};
pub use clock::Clock;
pub use key::{GROUPS_MAX, Group, KEY_BYTES_MAX, Key, KeyError, NAMESPACE_BYTES_MAX, Namespace};
pub use policy::{Ask, Policy};
pub use remote::{ConnectError, RedisConfig, RemoteError};
pub use schema::{Schema, SchemaError};
pub use secret::CacheSecret;
pub use violation::Violation;
