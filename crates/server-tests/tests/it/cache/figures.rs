//! A page of the Events tab with a cache and without: the same pixels, and what each way takes.
//!
//! `OWNSIGHT_CACHE_ROUNDS=40 cargo test --release -p ownsight-server-tests --test it cache::figures -- --nocapture` prints
//! figures; otherwise each way has one short round.

use std::time::{Duration, Instant};

use futures_util::stream::{StreamExt as _, iter};
use ownsight_cache::{Caches, Clock};
use ownsight_fault_proxy::{Dose, Fault, FaultProxy, Server};
use ownsight_model::EventId;

use super::redis;
use crate::support::scene::{Footage, Side};
use crate::support::system::System;

/// As many as a browser has.
const CONNECTIONS: usize = 6;
const PICTURE_BYTES: usize = 30_000;
/// Of the replies of the cache server, behind the proxy.
const FAULTY: f64 = 0.01;

/// One way to serve a page.
struct Way {
    name: &'static str,
    system: System,
    side: Side,
    events: Vec<(EventId, Vec<u8>)>,
    looks: Vec<Duration>,
    began: Counts,
}

/// Of the disk, and of the whole process.
#[derive(Default, Clone, Copy)]
struct Counts {
    opened: u64,
    read: u64,
}

impl Way {
    async fn build(name: &'static str, caches: Caches, memory_bytes: u64, events: usize) -> Self {
        caches.connected().await.unwrap();
        let system = System::cached_in(caches, memory_bytes).await;
        let side = Side::build(&system, "anna").await;
        let mut delivered = Vec::new();
        for n in 0..events {
            let mut chance = 0x9e37_79b9_u32.wrapping_mul(n as u32 + 1);
            let thumbnail = (0..PICTURE_BYTES)
                .map(|_| {
                    chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (chance >> 24) as u8
                })
                .collect::<Vec<_>>();
            let footage = Footage { thumbnail: thumbnail.clone(), clip: vec![1; 1_000] };
            delivered.push((side.deliver_footage(&footage).await, thumbnail));
        }
        let (opened, read) = system.reads.counts();
        Self { name, system, side, events: delivered, looks: Vec::new(), began: Counts { opened, read } }
    }

    /// The list, then its thumbnails.
    async fn page(&mut self) {
        let listed = self.side.browser.see(&format!("events?limit={}", self.events.len())).await;
        assert_eq!(listed["events"].as_array().unwrap().len(), self.events.len());
        let looks = iter(&self.events).map(|(event, thumbnail)| {
            let browser = &self.side.browser;
            async move {
                let began = Instant::now();
                let answer = browser.get(&format!("events/{event}/thumbnail")).await;
                assert!(answer.status == 200 && answer.body == *thumbnail, "a picture is another");
                began.elapsed()
            }
        });
        let looks = looks.buffer_unordered(CONNECTIONS).collect::<Vec<_>>().await;
        self.looks.extend(looks);
    }

    fn print(&mut self) {
        self.looks.sort_unstable();
        let at = |part: usize| self.looks[(self.looks.len() * part / 100).min(self.looks.len() - 1)];
        let (opened, read) = self.system.reads.counts();
        let each = |count: u64| count as f64 / self.looks.len() as f64;
        println!(
            "{:>24}: p50 {:.2} ms, p99 {:.2} ms; files opened {:.2}, read {:.2} a picture",
            self.name,
            at(50).as_secs_f64() * 1e3,
            at(99).as_secs_f64() * 1e3,
            each(opened - self.began.opened),
            each(read - self.began.read),
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_thumbnails_each_way() {
    let Some(server) = Server::start("figures") else { return };
    let rounds = std::env::var("OWNSIGHT_CACHE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let events = if rounds.is_some() { 50 } else { 4 };
    let proxy = FaultProxy::start(server.address(), None, 3).await.unwrap();
    let mut ways = [
        Way::build("off", Caches::off(), 0, events).await,
        Way::build("memory", Caches::local(Clock::system()), 64 << 20, events).await,
        Way::build("redis", redis(server.url()), 0, events).await,
        Way::build("redis, faulty", redis(format!("redis://{}/", proxy.address())), 0, events).await,
    ];
    for round in 0..rounds.unwrap_or(2) {
        proxy.set_dose(Some(Dose { fault: Fault::ALL[round % Fault::ALL.len()], chance: FAULTY }));
        for way in &mut ways {
            way.page().await;
        }
    }
    for way in &mut ways {
        way.print();
    }
    assert!(ways[1].system.reads.counts().0 - ways[1].began.opened <= events as u64, "each file once");
}
