//! `fred` as people use it, driven by the test under faults: one connection for all callers, a time-out around each command,
//! and a new connection after errors.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fred::interfaces::{ClientLike, KeysInterface};
use fred::prelude::{Config, ReconnectPolicy};
use tokio::time::timeout;

use crate::drive::{Client, Source};

const WAIT: Duration = Duration::from_millis(100);

pub struct Fred {
    client: fred::prelude::Client,
    late: AtomicU32,
}

impl Fred {
    pub async fn connect(address: SocketAddr) -> Self {
        let config = Config::from_url(&format!("redis://{address}/")).unwrap();
        let reconnect = ReconnectPolicy::new_constant(0, 1);
        let client = fred::prelude::Client::new(config, None, None, Some(reconnect));
        client.init().await.unwrap();
        Self { client, late: AtomicU32::default() }
    }

    async fn failed(&self, late: bool) {
        if late && self.late.fetch_add(1, Ordering::SeqCst) < 3 {
            return;
        }
        self.late.store(0, Ordering::SeqCst);
        let _ = timeout(Duration::from_secs(1), self.client.force_reconnection()).await;
    }
}

impl Drop for Fred {
    fn drop(&mut self) {
        let client = self.client.clone();
        tokio::spawn(async move { client.quit().await });
    }
}

impl Client for Fred {
    async fn read(&self, n: usize, source: &Source) -> Option<Vec<u8>> {
        match timeout(WAIT, self.client.get::<Option<Vec<u8>>, _>(n.to_string())).await {
            Ok(Ok(Some(value))) => return Some(value),
            Ok(Ok(None)) => {}
            Ok(Err(_)) => self.failed(false).await,
            Err(_) => self.failed(true).await,
        }
        let value = source.load(n);
        let set = self.client.set::<(), _, _>(n.to_string(), value.clone(), None, None, false);
        let _ = timeout(WAIT, set).await;
        Some(value)
    }

    async fn invalidate(&self, n: usize) {
        let _ = timeout(WAIT, self.client.del::<(), _>(n.to_string())).await;
    }
}
