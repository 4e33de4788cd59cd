//! From the moment at which a device seals an event to its place in the list of a page that waits for news.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::stage::Stage;
use super::{Figure, middle_and_99, millis};

const EVENTS: usize = 60;
/// Longer than changes are told together.
const PAUSE: Duration = Duration::from_millis(700);

pub(super) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    let mut updates = stage.client.open("/api/v1/events/stream").await?;
    let list = format!("/api/v1/events?home={}&limit=20", stage.home);
    let (mut told, mut listed) = (Vec::new(), Vec::new());
    for _ in 0..EVENTS {
        // What earlier events still have to say.
        while let Ok(chunk) = tokio::time::timeout(PAUSE, updates.chunk()).await {
            chunk?.context("the live updates ended")?;
        }
        let begun = Instant::now();
        let (event, queued) = stage.seal(300_000).await?;
        loop {
            let chunk = tokio::time::timeout(Duration::from_secs(10), updates.chunk())
                .await
                .context("no news of an event for 10 s")??
                .context("the live updates ended")?;
            if !String::from_utf8_lossy(&chunk).contains("event: changed") {
                continue;
            }
            let heard = begun.elapsed();
            let page = stage.client.get(&list).await?;
            let rows = page.get("events").and_then(Value::as_array).context("no list of events")?;
            if rows.iter().any(|row| row.get("id").and_then(Value::as_str) == Some(&event.to_string())) {
                told.push(heard);
                listed.push(begun.elapsed());
                break;
            }
            if begun.elapsed() > Duration::from_secs(10) {
                bail!("an event is not in the list after 10 s");
            }
        }
        queued.outcome().await;
    }
    let (told, told_99) = middle_and_99(told);
    let (listed, listed_99) = middle_and_99(listed);
    Ok(vec![
        (
            "push to visible: from sealing to the page's news of it",
            format!("{}; the slowest of {EVENTS} {}", millis(told), millis(told_99)),
        ),
        (
            "push to visible: from sealing to its place in the list",
            format!("{}; the slowest of {EVENTS} {}", millis(listed), millis(listed_99)),
        ),
    ])
}
