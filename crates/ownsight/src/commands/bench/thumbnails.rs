//! A page of the Events tab over HTTP: the list, then its thumbnails on six connections, as browsers have.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use serde_json::Value;

use super::stage::{Stage, in_parallel};
use super::{Figure, middle_and_99, millis};

const PAGE: usize = 50;
const CONNECTIONS: usize = 6;
const ROUNDS: usize = 20;

pub(super) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    stage.deliver(4 * PAGE, 300_000).await?;
    let (mut lists, mut pages) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let list = stage.client.get(&format!("/api/v1/events?home={}&limit={PAGE}", stage.home)).await?;
        lists.push(begun.elapsed());
        let rows = list.get("events").and_then(Value::as_array).context("no list of events")?;
        let addresses: Arc<[String]> =
            rows.iter().filter_map(|row| row.get("thumbnail_url")?.as_str().map(str::to_owned)).collect();
        anyhow::ensure!(addresses.len() == PAGE, "the page is not full");
        let client = stage.client.clone();
        in_parallel(PAGE, CONNECTIONS, move |number| {
            let (client, address) = (client.clone(), addresses.get(number).cloned().unwrap_or_default());
            async move {
                let bytes = client.open(&address).await?.bytes().await?;
                anyhow::ensure!(!bytes.is_empty(), "a thumbnail is empty");
                Ok(())
            }
        })
        .await?;
        pages.push(begun.elapsed());
    }
    let (list, _) = middle_and_99(lists);
    let (page, page_99) = middle_and_99(pages);
    Ok(vec![
        ("a list of 50 events, each row verified, on record", millis(list)),
        (
            "the list and its 50 thumbnails of 30 kB, each on record, 6 connections",
            format!("{}; the slowest of {ROUNDS} {}", millis(page), millis(page_99)),
        ),
    ])
}
