//! How long the gate takes to decide who may see an event, beside one GET of a Redis on loopback: the time that a cache of
//! relations would take at least. `scripts/bench-decision` starts a Redis of its own and runs this.
//!
//! A decision is what the gate does before anything of an event is opened: session, account, grant, home, camera, epoch, event
//! and lockdowns read in one statement on the registry's primary, every key opened down to the camera secret, and the event's
//! header and trailer verified under it. It is asked for twenty real homes, in a registry that is filled with others; both
//! programs take turns.
//!
//! `cargo run --release -p ownsight-server-tests --example decision -- <port of Redis> [cameras…]`

#[expect(dead_code, reason = "the tests' system, of which this needs a part")]
#[path = "../tests/it/support/mod.rs"]
mod support;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use ownsight_gate::{Credentials, Gate, Media};
use ownsight_model::{EventId, Timestamp};
use ownsight_registry::{Registry, RegistryOptions};
use rusqlite::Connection;

use support::person::Proof;
use support::scene::Side;
use support::system::System;

const HOMES: usize = 20;
const EVENTS: usize = 50;
const DECISIONS: usize = 4_000;
const ROUNDS: usize = 5;
const GRANTS_OF_A_CAMERA: u32 = 5;
const COLD: u32 = 300;

/// A decision that is asked for again and again.
struct Asked {
    who: Credentials,
    events: Vec<EventId>,
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().and_then(|port| port.parse().ok()).expect("the port of a Redis");
    let mut sizes: Vec<u32> = arguments.map(|size| size.parse().expect("a number of cameras")).collect();
    if sizes.is_empty() {
        sizes = vec![1_000, 10_000, 100_000, 1_000_000];
    }
    println!(
        "cameras, grants: decision, Redis GET, median ratio of {ROUNDS}; the statement warm and cold, at random rows"
    );
    for cameras in sizes {
        measure(port, cameras).await;
    }
}

async fn measure(port: u16, cameras: u32) {
    let system = System::start().await;
    let mut asked = Vec::with_capacity(HOMES);
    for number in 0..HOMES {
        asked.push(home(&system, &format!("home{number}")).await);
    }
    fill(&system.registry_file(), cameras);

    let (mut decisions, mut gets, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let decision = decide(&system.gate, &asked).await;
        let get = redis_get(port);
        decisions.push(decision);
        gets.push(get);
        ratios.push(decision / get);
    }
    let pairs = pairs(&system.registry_file());
    let (warm, _) = at_random(&system.registry, &pairs).await;
    let file = system.registry_file();
    forget(&file);
    let fresh = Registry::open(&file, RegistryOptions::default()).unwrap();
    let (cold, cold_99) = at_random(&fresh, &pairs).await;
    fresh.close().await;
    println!(
        "{cameras}, {}: {:.1} µs, {:.1} µs, {:.2}; {warm:.1} µs warm, {cold:.1} µs cold, 99 of 100 cold within {cold_99:.0} µs",
        cameras * GRANTS_OF_A_CAMERA,
        median(decisions),
        median(gets),
        median(ratios),
    );
}

async fn home(system: &System, name: &str) -> Asked {
    let side = Side::build(system, name).await;
    let mut events = vec![side.event];
    while events.len() < EVENTS {
        events.push(side.deliver().await);
    }
    let Proof::Bearer { token, .. } = &side.program.proof else { panic!("no token") };
    Asked { who: system.gate.bearer_credentials(token, None).unwrap(), events }
}

/// Microseconds of one decision: the median.
async fn decide(gate: &Gate, asked: &[Asked]) -> f64 {
    let mut times = Vec::with_capacity(DECISIONS);
    for round in 0..DECISIONS {
        let Asked { who, events } = &asked[fastrand_below(round, asked.len())];
        let event = events[fastrand_below(round / 7, events.len())];
        let begun = Instant::now();
        let about = gate.media_about(who, event, &Media::Thumbnail).await.unwrap();
        times.push(micros(begun.elapsed()));
        about.release(who).unwrap();
    }
    median(times)
}

/// The same numbers in each run.
fn fastrand_below(round: usize, bound: usize) -> usize {
    (round.wrapping_mul(2_654_435_761) >> 7) % bound
}

/// Microseconds of one GET, as Redis' own benchmark has it with one client.
fn redis_get(port: u16) -> f64 {
    let port = port.to_string();
    let arguments = ["-p", port.as_str(), "-c", "1", "-n", "40000", "-t", "get", "--csv"];
    let output = Command::new("redis-benchmark").args(arguments).output().expect("redis-benchmark");
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.starts_with("\"GET\"")).expect("a line for GET");
    let per_second: f64 = line.split(',').nth(1).unwrap().trim_matches('"').parse().unwrap();
    1e6 / per_second
}

/// Fills the registry with homes of four cameras, whose people have five grants for each camera, and an event for each. Ids lie
/// among those of the real homes.
fn fill(file: &Path, cameras: u32) {
    let connection = Connection::open(file).unwrap();
    connection
        .execute_batch(
            "PRAGMA foreign_keys = OFF; PRAGMA cache_size = -3000000; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY;",
        )
        .unwrap();
    let now = Timestamp::now().as_micros();
    let (homes, accounts) = (cameras / 4, cameras / 2);
    let id = format!(
        "unhex(printf('%012x', {} + abs(random() % 600000)) || hex(randomblob(10)))",
        now / 1_000 - 300_000
    );
    let series = |count: u32| {
        format!("WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count})")
    };
    let grants = cameras * GRANTS_OF_A_CAMERA;
    let statements = format!(
        "BEGIN;
         CREATE TEMP TABLE h (n INTEGER PRIMARY KEY, id BLOB, device BLOB);
         {} INSERT INTO h SELECT n, {id}, {id} FROM s;
         CREATE TEMP TABLE a (n INTEGER PRIMARY KEY, id BLOB);
         {} INSERT INTO a SELECT n, {id} FROM s;
         CREATE TEMP TABLE c (n INTEGER PRIMARY KEY, id BLOB, tenure BLOB, home BLOB, device BLOB);
         {} INSERT INTO c SELECT s.n, {id}, {id}, h.id, h.device FROM s JOIN h ON h.n = 1 + s.n % {homes};
         INSERT INTO accounts (id, email, created_at, public_key, text)
           SELECT id, lower(hex(id)) || '@example.org', {now}, randomblob(32), randomblob(140) FROM a;
         INSERT INTO sessions (find, id, account, kind, created_at, expires_at, wrap)
           SELECT randomblob(32), {id}, id, 2, {now}, {now} + 3600000000, randomblob(114) FROM a;
         INSERT INTO homes (id, epoch, created_at, text, local_agent, retention_days, retention_bytes)
           SELECT id, 1, {now}, randomblob(110), 0, 30, 10000000000 FROM h;
         INSERT INTO devices (id, home, standing, agent, local, public_key, credential_hash, text, text_epoch, created_at,
             latest_serial, acknowledged_serial, key_epoch, device_key)
           SELECT device, id, 2, 1, 0, randomblob(32), randomblob(32), randomblob(90), 1, {now}, 1, 1, 1, randomblob(114) FROM h;
         {} INSERT INTO grants (id, account, home, role, epoch, created_at, wrap, member_key)
           SELECT {id}, a.id, h.id, 1, 1, {now}, randomblob(114), randomblob(114) FROM s
           JOIN a ON a.n = 1 + s.n % {accounts} JOIN h ON h.n = 1 + abs(random() % {homes});
         INSERT INTO cameras (id, home, standing, device, created_at, text, address, tenure, home_epoch, camera_epoch)
           SELECT id, home, 2, device, {now}, randomblob(110), randomblob(160), tenure, 1, 1 FROM c;
         INSERT INTO tenures (id, camera, home, began_at) SELECT tenure, id, home, {now} FROM c;
         INSERT INTO camera_epochs (camera, tenure, home_epoch, camera_epoch, home, salt, created_at)
           SELECT id, tenure, 1, 1, home, randomblob(32), {now} FROM c;
         INSERT INTO events (camera, id, home, tenure, home_epoch, camera_epoch, device, started_at, ended_at, label, still,
             received_at, digest, bytes, header, trailer)
           SELECT id, {id}, home, tenure, 1, 1, device, {now} - abs(random() % 1000000000), {now}, 1, 0, {now}, randomblob(32),
             300000, randomblob(232), randomblob(160) FROM c;
         COMMIT;",
        series(homes), series(accounts), series(cameras), series(grants)
    );
    connection.execute_batch(&statements).unwrap();
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
}

/// Sessions with an event each that a grant of their account finds, from all over the registry.
fn pairs(file: &Path) -> Vec<([u8; 32], EventId)> {
    let connection = Connection::open(file).unwrap();
    let sql = "SELECT s.find, e.id FROM (SELECT account, home FROM grants WHERE substr(id, 15) < x'2000'
                 ORDER BY substr(id, 12) LIMIT ?1) g
               JOIN sessions s ON s.account = g.account JOIN events e ON e.home = g.home
               WHERE e.header <> x'' GROUP BY s.find, g.home";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([COLD], |row| {
        let (find, event): ([u8; 32], [u8; 16]) = (row.get(0)?, row.get(1)?);
        Ok((find, EventId::from_bytes(event)))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Microseconds of the statement at rows that were not read before: median, and what 99 of 100 stay within.
async fn at_random(registry: &Registry, pairs: &[([u8; 32], EventId)]) -> (f64, f64) {
    let mut times = Vec::with_capacity(pairs.len());
    for (find, event) in pairs {
        let begun = Instant::now();
        let found = registry.event(*find, Timestamp::now(), *event).await.unwrap();
        times.push(micros(begun.elapsed()));
        assert!(found.unwrap().data.is_some());
    }
    times.sort_unstable_by(f64::total_cmp);
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

/// Has the system forget the file's pages.
fn forget(file: &Path) {
    let file = std::fs::File::open(file).unwrap();
    file.sync_all().unwrap();
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1_000.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
