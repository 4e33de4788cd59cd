//! The cache in front of the vault: what the configuration says of it, and how it is opened.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use ownsight_cache::{CacheSecret, Caches, Clock, RedisConfig, SKEW_DEFAULT};
use ownsight_model::InstallationId;
use ownsight_seal::MasterKey;
use serde::Deserialize;

/// How names on a shared cache server begin.
const PREFIX: &str = "ownsight:";

/// The section of the configuration file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CacheSection {
    /// Where sealed pieces of events are kept for who looks next.
    kind: Kind,
    /// What this process keeps: bytes.
    memory_bytes: u64,
    /// The server, with `redis`.
    redis_url: Option<String>,
    /// PEM file with the authority of the server's certificate, instead of the system's.
    redis_ca: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Off,
    Memory,
    Redis,
}

impl Default for CacheSection {
    fn default() -> Self {
        Self { kind: Kind::Memory, memory_bytes: 64 << 20, redis_url: None, redis_ca: None }
    }
}

impl std::fmt::Debug for CacheSection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a password.
        f.debug_struct("CacheSection").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What an installation caches where.
#[derive(Debug, Clone)]
pub(crate) enum CacheConfig {
    Off,
    Memory { bytes: u64 },
    Redis { bytes: u64, server: RedisConfig },
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self::Memory { bytes: CacheSection::default().memory_bytes }
    }
}

impl CacheSection {
    pub(crate) fn read(self) -> anyhow::Result<CacheConfig> {
        let Self { kind, memory_bytes: bytes, redis_url, redis_ca } = self;
        match (kind, redis_url) {
            (Kind::Redis, Some(url)) => {
                let ca = redis_ca.map(|path| {
                    std::fs::read(&path)
                        .with_context(|| format!("cannot read `cache.redis_ca`, {}", path.display()))
                });
                let server =
                    RedisConfig { prefix: PREFIX.into(), ca: ca.transpose()?, ..RedisConfig::new(url) };
                Ok(CacheConfig::Redis { bytes, server })
            }
            (Kind::Redis, None) => bail!("`cache.kind` is \"redis\": name the server with `cache.redis_url`"),
            (Kind::Off | Kind::Memory, Some(_)) => {
                bail!("`cache.redis_url` is of no use unless `cache.kind` is \"redis\"")
            }
            (Kind::Off, None) => Ok(CacheConfig::Off),
            (Kind::Memory, None) => Ok(CacheConfig::Memory { bytes }),
        }
    }
}

impl CacheConfig {
    /// Opens it; what it keeps in this process in bytes. A server that is not there is no error: it is gone without, and
    /// looked for again.
    pub(crate) fn open(
        &self,
        master: &MasterKey,
        installation: InstallationId,
    ) -> anyhow::Result<(Caches, u64)> {
        match self {
            Self::Off => Ok((Caches::off(), 0)),
            Self::Memory { bytes } => Ok((Caches::local(Clock::system()), *bytes)),
            Self::Redis { bytes, server } => {
                let secret = CacheSecret::from_bytes(*master.cache_secret(installation));
                let caches = Caches::redis(secret, server.clone(), Clock::system(), SKEW_DEFAULT);
                Ok((caches.context("`cache.redis_url`")?, *bytes))
            }
        }
    }
}

impl std::fmt::Display for CacheConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Off => f.write_str("none"),
            Self::Memory { bytes } => write!(f, "{} MiB of memory", bytes >> 20),
            Self::Redis { bytes, .. } => write!(f, "a Redis server, and {} MiB of memory", bytes >> 20),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<CacheConfig> {
        toml::from_str::<CacheSection>(text)?.read()
    }

    #[test]
    fn a_section_says_what_is_cached_where() {
        assert!(matches!(read("").unwrap(), CacheConfig::Memory { bytes } if bytes == 64 << 20));
        assert!(matches!(read("kind = \"off\"").unwrap(), CacheConfig::Off));
        let redis = read("kind = \"redis\"\nredis_url = \"redis://user:secret@127.0.0.1/\"").unwrap();
        assert!(matches!(&redis, CacheConfig::Redis { server, .. } if server.prefix == PREFIX));
        assert!(!format!("{redis:?} {redis}").contains("secret"));
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for text in [
            "kind = \"redis\"",
            "redis_url = \"redis://127.0.0.1/\"",
            "kind = \"disk\"",
            "size = 1",
            "kind = \"redis\"\nredis_url = \"redis://127.0.0.1/\"\nredis_ca = \"/nowhere\"",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_refused() {
        let config = read("kind = \"redis\"\nredis_url = \"http://127.0.0.1/\"").unwrap();
        let error = config.open(&MasterKey::generate(), InstallationId::generate()).unwrap_err();
        assert!(format!("{error:#}").contains("redis_url"), "{error:#}");
    }
}
