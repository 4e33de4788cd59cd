//! How long the gate's statement takes: `cargo run --release -p ownsight-registry --example gate_statement
//! --features conformance`. A thousand cameras in as many homes, a thousand events each; prints percentiles of
//! `Registry::event` over random events, asked one after the other, each by its own home's session.

use std::error::Error;
use std::time::Instant;

use ownsight_registry::conformance::fixture::{Household, NOW, at, event};
use ownsight_registry::{Registry, RegistryOptions};

const CAMERAS: usize = 1_000;
const EVENTS: usize = 1_000;
const ASKED: usize = 20_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let registry = Registry::open(folder.path().join("registry.sqlite"), RegistryOptions::default())?;
    let began = Instant::now();
    let mut filled = Vec::with_capacity(CAMERAS);
    for _ in 0..CAMERAS {
        let household = Household::settle(&registry).await;
        let camera = household.camera(&registry).await;
        let mut inserts = tokio::task::JoinSet::new();
        let mut ids = Vec::with_capacity(EVENTS);
        for i in 0..EVENTS {
            let event = event(&camera, household.device, at(i64::try_from(i)?));
            ids.push(event.id);
            let registry = registry.clone();
            inserts.spawn(async move { registry.insert_event(event).await });
        }
        while let Some(inserted) = inserts.join_next().await {
            inserted??;
        }
        filled.push((household.find(), ids));
    }
    println!("{} events written in {:.1} s", CAMERAS * EVENTS, began.elapsed().as_secs_f64());

    let mut micros = Vec::with_capacity(ASKED);
    // A fixed generator: the same events in each run.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64)
    };
    for _ in 0..ASKED {
        let (find, ids) = filled.get(below(CAMERAS)?).ok_or("no such home")?;
        let id = *ids.get(below(EVENTS)?).ok_or("no such event")?;
        let asked = Instant::now();
        let found = registry.event(*find, NOW, id).await?;
        micros.push(asked.elapsed().as_nanos() as f64 / 1_000.0);
        if found.and_then(|found| found.data).is_none() {
            return Err("an event was not found".into());
        }
    }
    micros.sort_unstable_by(f64::total_cmp);
    for percent in [50, 90, 99] {
        let index = micros.len() * percent / 100;
        println!("p{percent} {:.1} µs", micros.get(index).copied().unwrap_or_default());
    }
    registry.close().await;
    Ok(())
}
