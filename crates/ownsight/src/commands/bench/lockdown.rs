//! How long a video that is on its way goes on after a lockdown's command has ended, seen by a reader that takes it at the
//! pace of a fast line: what waits in sockets is counted, too.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use ownsight_gate::LockdownFor;
use ownsight_model::{Closable, Closed};

use super::stage::Stage;
use super::{Figure, middle_and_99, millis};

const CLIP_BYTES: usize = 60 << 20;
const BYTES_PER_SECOND: f64 = 20e6;
const ROUNDS: usize = 15;

pub(super) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    let events = stage.deliver(1, CLIP_BYTES).await?;
    let path = events.first().map(|event| format!("/api/v1/events/{event}/video")).unwrap_or_default();
    let closed = Closed::of([Closable::Videos]).context("nothing to close")?;
    let (gate, of) = (stage.serving.gate(), LockdownFor::Home(stage.home.parse()?));
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let mut response = stage.client.open(&path).await?;
        let begun = Instant::now();
        // Not always at the same moment of the half second in which the gate believes.
        let lock_at = Duration::from_millis(400 + 37 * round as u64);
        let (mut bytes, mut locked, mut last) = (0, None, None);
        loop {
            if locked.is_none() && begun.elapsed() >= lock_at {
                gate.lock_down(&of, closed, "measured", "bench").await?;
                locked = Some(Instant::now());
            }
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    bytes += chunk.len();
                    last = Some(Instant::now());
                }
                Ok(None) => anyhow::bail!("a whole video came past a lockdown"),
                Err(_) => break,
            }
            let due = Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND);
            tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
        }
        let (Some(locked), Some(last)) = (locked, last) else {
            anyhow::bail!("a video broke off before the lockdown");
        };
        times.push(last.saturating_duration_since(locked));
        gate.lift_lockdown(&of, "bench").await?;
    }
    let (middle, longest) = middle_and_99(times);
    Ok(vec![(
        "from a lockdown's return to the last byte of a video at its reader, 20 MB/s",
        format!("{}; the longest of {ROUNDS} {}", millis(middle), millis(longest)),
    )])
}
