//! The outer tier: a Valkey or Redis server, which is believed in nothing.
//!
//! A key is a hash with two fields for each schema, its generation and its entry. A store is accepted if key and groups
//! still have the generations that they had before the source was read, and gives the key a new one: of all who loaded in
//! one generation, at most one stores. A look asks for the entry alone. An invalidation deletes; a generation that is gone
//! never comes back, because generations are random.

mod link;
mod names;
mod scripts;
mod subscription;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::{Cmd, Pipeline, Value};
use tokio::time::Instant;

pub use link::{ConnectError, RedisConfig};
pub(crate) use link::{Link, Links};
pub(crate) use subscription::{Announcement, Listener, Listening};

use names::{Field, ServerName};

use crate::entry::Generation;
use crate::violation::Tally;
use crate::{Group, Key, Namespace, Schema, Violation};

/// Why the outer tier gave no answer. The caller goes on without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// There is no connection, or the circuit breaker is open: nothing was asked.
    #[error("the cache server is bypassed at the moment")]
    Bypassed,
    /// The time for it was over.
    #[error("the cache server did not answer in time")]
    Late,
    /// The connection failed, or is not trusted any more.
    #[error("the connection to the cache server is lost")]
    Disconnected,
    /// The server said that it cannot: no memory, loading, a replica, moved.
    #[error("the cache server refuses")]
    Refused,
    /// The server answered something else than was asked for.
    #[error("the cache server answered something else than was asked for")]
    Unexpected,
}

const HGET: &str = "HGET";

/// What a key is on the server.
pub(crate) struct Name<'a> {
    pub(crate) namespace: &'a Namespace,
    pub(crate) schema: Schema,
    pub(crate) key: &'a Key,
}

/// What the server says of a key. Not verified.
pub(crate) struct Reply {
    pub(crate) entry: Option<Bytes>,
    /// One for each group of the key, in order; `None` if the server does not know one of them.
    pub(crate) groups: Option<Vec<Generation>>,
}

/// What key and groups were when their source was about to be read: a store holds only while they still are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fence {
    pub(crate) generation: Generation,
    pub(crate) groups: Vec<Generation>,
}

/// What came of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    Accepted,
    /// Somebody stored or invalidated in between.
    Fenced,
}

/// Commands, each with the deadline of its caller. All are cancel-safe: a dropped one was carried out whole or not at all,
/// and its reply is read and thrown away by the connection, in its turn.
#[derive(Clone)]
pub(crate) struct Remote {
    links: Links,
    tally: Arc<Tally>,
}

impl Remote {
    pub(crate) fn new(links: Links, tally: Arc<Tally>) -> Self {
        Self { links, tally }
    }

    pub(crate) fn links(&self) -> &Links {
        &self.links
    }

    /// What it has for this name.
    pub(crate) async fn look(
        &self,
        name: &Name<'_>,
        until: Instant,
    ) -> Result<(Arc<Link>, Reply), RemoteError> {
        if !name.key.groups().is_empty() {
            let (link, mut replies) = self.look_for_all(std::slice::from_ref(name), until).await?;
            let reply = replies.pop().ok_or_else(|| self.unexpected(&link))?;
            return Ok((link, reply));
        }
        let (link, reply) = self.links.run(&self.entry_of(name), until).await?;
        let reply = read_reply(&mut std::iter::once(reply), 0).ok_or_else(|| self.unexpected(&link))?;
        Ok((link, reply))
    }

    /// One reply for each name, in order.
    pub(crate) async fn look_for_all(
        &self,
        names: &[Name<'_>],
        until: Instant,
    ) -> Result<(Arc<Link>, Vec<Reply>), RemoteError> {
        let mut commands = Pipeline::with_capacity(names.len());
        for name in names {
            commands.add_command(self.entry_of(name));
            if !name.key.groups().is_empty() {
                let mut groups = redis::cmd("MGET");
                for group in name.key.groups() {
                    groups.arg(self.group_name(name.namespace, group));
                }
                commands.add_command(groups);
            }
        }
        let (link, replies) = self.links.run_all(&commands, until).await?;
        let mut replies = replies.into_iter();
        let read = names.iter().map(|name| read_reply(&mut replies, name.key.groups().len()));
        let read = read.collect::<Option<_>>().ok_or_else(|| self.unexpected(&link))?;
        Ok((link, read))
    }

    fn entry_of(&self, name: &Name<'_>) -> Cmd {
        let key = self.key_name(name);
        let mut command = Cmd::with_capacity(3, HGET.len() + key.len() + Field::LEN);
        command.arg(HGET).arg(key).arg(Field::Entry(name.schema));
        command
    }

    /// Gives generations to key and groups where they have none, and says which they have.
    pub(crate) async fn begin(
        &self,
        name: &Name<'_>,
        (load_max, ttl): (Duration, Duration),
        until: Instant,
    ) -> Result<Fence, RemoteError> {
        let mut command = self.script(scripts::BEGIN, name);
        command
            .arg(Field::Generation(name.schema))
            .arg(millis(load_max))
            .arg(millis(load_max.saturating_add(ttl)));
        for _ in 0..=name.key.groups().len() {
            command.arg(&Generation::new().0);
        }
        let (link, reply) = self.links.run(&command, until).await?;
        if let Some(fence) = read_fence(reply, name.key.groups().len()) {
            return Ok(fence);
        }
        let unexpected = self.unexpected(&link);
        // Whatever it has in place of a generation would be there the next time, too.
        self.evict(name, &link, true, until).await;
        Err(unexpected)
    }

    pub(crate) async fn store(
        &self,
        name: &Name<'_>,
        fence: &Fence,
        (generation, entry): (Generation, Bytes),
        ttl: Duration,
        until: Instant,
    ) -> Result<Stored, RemoteError> {
        let mut command = self.script(scripts::STORE, name);
        command.arg(Field::Generation(name.schema)).arg(Field::Entry(name.schema));
        command.arg(millis(ttl)).arg(&generation.0).arg(&entry[..]).arg(&fence.generation.0);
        for group in &fence.groups {
            command.arg(&group.0);
        }
        let (link, reply) = self.links.run(&command, until).await?;
        match reply {
            Value::Int(1) => Ok(Stored::Accepted),
            Value::Int(0) => Ok(Stored::Fenced),
            _ => Err(self.unexpected(&link)),
        }
    }

    /// Deletes what the server has of a key, in each schema, and says so to all who listen.
    pub(crate) async fn invalidate(
        &self,
        namespace: &Namespace,
        announcement: &Announcement<'_>,
        until: Instant,
    ) -> Result<(), RemoteError> {
        let prefix = self.links.prefix();
        let mut commands = redis::pipe();
        commands.cmd("DEL").arg(ServerName::of(prefix, namespace, announcement.subject));
        commands.cmd("PUBLISH").arg(subscription::channel(prefix)).arg(announcement.to_bytes());
        let (link, replies) = self.links.run_all(&commands, until).await?;
        match replies.as_slice() {
            [Value::Int(_), Value::Int(_)] => Ok(()),
            _ => Err(self.unexpected(&link)),
        }
    }

    /// What came back for a key breaks the promise: the server is to forget it, told by the connection that brought it, of
    /// which nothing is believed after that.
    pub(crate) async fn evict(&self, name: &Name<'_>, link: &Arc<Link>, condemn: bool, until: Instant) {
        let mut command = redis::cmd("DEL");
        command.arg(self.key_name(name));
        // Before the first await: whoever is dropped here has given it up already.
        if condemn {
            self.links.condemn(link);
        }
        self.links.tell(link, &command, until).await;
    }

    fn unexpected(&self, link: &Arc<Link>) -> RemoteError {
        self.tally.report(Violation::UnexpectedReply, None);
        self.links.condemn(link);
        RemoteError::Unexpected
    }

    fn script(&self, text: &str, name: &Name<'_>) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(text).arg(1 + name.key.groups().len()).arg(self.key_name(name));
        for group in name.key.groups() {
            command.arg(self.group_name(name.namespace, group));
        }
        command
    }

    fn key_name<'a>(&'a self, name: &Name<'a>) -> ServerName<'a> {
        ServerName::of_key(self.links.prefix(), name.namespace, name.key)
    }

    fn group_name<'a>(&'a self, namespace: &'a Namespace, group: &'a Group) -> ServerName<'a> {
        ServerName::of_group(self.links.prefix(), namespace, group)
    }
}

fn millis(duration: Duration) -> u64 {
    (duration.as_millis() as u64).max(1)
}

fn array(value: Value) -> Option<Vec<Value>> {
    if let Value::Array(values) = value { Some(values) } else { None }
}

/// What comes for one name: its entry, and its groups if it has some.
fn read_reply(replies: &mut impl Iterator<Item = Value>, groups: usize) -> Option<Reply> {
    let entry = match replies.next()? {
        Value::Nil => None,
        Value::BulkString(bytes) => Some(bytes.into()),
        _ => return None,
    };
    let found = if groups == 0 { Vec::new() } else { array(replies.next()?)? };
    if found.len() != groups {
        return None;
    }
    let found = found.into_iter().map(generation_or_nil).collect::<Option<Vec<_>>>()?;
    Some(Reply { entry, groups: found.into_iter().collect() })
}

/// The outer `None` is a reply that is neither.
#[expect(clippy::option_option, reason = "a reply that is wrong is not one that is empty")]
fn generation_or_nil(value: Value) -> Option<Option<Generation>> {
    match value {
        Value::Nil => Some(None),
        Value::BulkString(bytes) => Generation::from_slice(&bytes).map(Some),
        _ => None,
    }
}

fn read_fence(reply: Value, groups: usize) -> Option<Fence> {
    let mut found = array(reply)?.into_iter().map(|value| generation_or_nil(value).flatten());
    let generation = found.next()??;
    let rest = found.collect::<Option<Vec<_>>>()?;
    (rest.len() == groups).then_some(Fence { generation, groups: rest })
}
