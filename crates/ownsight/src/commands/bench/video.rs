//! Downloading an event video over HTTP.

use std::time::Instant;

use super::Figure;
use super::stage::{Stage, in_parallel};

const CLIP_BYTES: usize = 48 << 20;
const ROUNDS: usize = 9;

pub(super) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    let events = stage.deliver(1, CLIP_BYTES).await?;
    let path = events.first().map(|event| format!("/api/v1/events/{event}/video")).unwrap_or_default();
    let mut figures = Vec::new();
    for (what, at_once) in
        [("event video, one download of 48 MiB", 1), ("event video, four downloads of 48 MiB at once", 4)]
    {
        let mut rates = Vec::new();
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let (client, path) = (stage.client.clone(), path.clone());
            in_parallel(at_once, at_once, move |_| {
                let (client, path) = (client.clone(), path.clone());
                async move {
                    let mut response = client.open(&path).await?;
                    let mut bytes = 0;
                    while let Some(chunk) = response.chunk().await? {
                        bytes += chunk.len();
                    }
                    anyhow::ensure!(bytes == CLIP_BYTES, "the video is not whole");
                    Ok(())
                }
            })
            .await?;
            rates.push((CLIP_BYTES * at_once) as f64 / 1e6 / begun.elapsed().as_secs_f64());
        }
        rates.sort_by(f64::total_cmp);
        let middle = rates.get(ROUNDS / 2).copied().unwrap_or_default();
        figures.push((
            what,
            format!(
                "{middle:.0} MB/s in all, sealed on disk, opened by the gate, reader in the same process"
            ),
        ));
    }
    Ok(figures)
}
