//! `ownsight bench`: what this machine does, measured on a real server with real clients on loopback, in a temporary folder.
//!
//! Each figure is a median of many; those that are compared are taken in turn. `docs/benchmarks.md` keeps figures with the
//! command that makes them.

mod gate;
mod lockdown;
mod memory;
mod removal;
mod stage;
mod thumbnails;
mod video;
mod visible;

use std::time::Duration;

use clap::ValueEnum;

use crate::cli::{BenchArgs, LogArgs};
use crate::logging;

use stage::Stage;

/// A group of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// From credentials to the first byte of a picture, inside the server
    Gate,
    /// A page of the Events tab: a list and its thumbnails
    Thumbnails,
    /// Downloading an event video
    Video,
    /// From sealing an event at a device to its place in somebody's list
    Visible,
    /// From a lockdown's return to the last byte of a video on its way
    Lockdown,
    /// Removing a member of a home with a thousand cameras
    Removal,
    /// Memory of an idle server, and of an agent for each camera
    Memory,
}

/// A figure: what, and how much in words with its unit.
type Figure = (&'static str, String);

pub(crate) async fn run(args: BenchArgs, log: &LogArgs) -> anyhow::Result<()> {
    let log = &LogArgs { log: log.log.clone().or_else(|| Some("error".to_owned())), ..log.clone() };
    logging::start(log, "error")?;
    let groups = if args.groups.is_empty() { Group::value_variants() } else { &args.groups };
    for group in groups {
        let figures = match group {
            Group::Gate => on_stage(log, gate::measure).await?,
            Group::Thumbnails => on_stage(log, thumbnails::measure).await?,
            Group::Video => on_stage(log, video::measure).await?,
            Group::Visible => on_stage(log, visible::measure).await?,
            Group::Lockdown => on_stage(log, lockdown::measure).await?,
            Group::Removal => on_stage(log, removal::measure).await?,
            Group::Memory => memory::measure(log).await?,
        };
        for (what, figure) in figures {
            println!("{what}: {figure}");
        }
    }
    Ok(())
}

/// Measures on a stage of its own, which ends whatever comes of it.
async fn on_stage(
    log: &LogArgs,
    measure: impl AsyncFnOnce(&Stage) -> anyhow::Result<Vec<Figure>>,
) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::build(log).await?;
    let figures = measure(&stage).await;
    stage.end().await;
    figures
}

/// The middle and the value that 99 of 100 do not exceed; nothing of nothing.
fn middle_and_99(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |part: usize| times.get((times.len() * part / 100).min(times.len().saturating_sub(1)));
    (at(50).copied().unwrap_or_default(), at(99).copied().unwrap_or_default())
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_the_middle() {
        let times = (0..100).rev().map(Duration::from_millis).collect();
        assert_eq!(middle_and_99(times), (Duration::from_millis(50), Duration::from_millis(99)));
        assert_eq!(middle_and_99(Vec::new()), (Duration::ZERO, Duration::ZERO));
        let one = Duration::from_secs(1);
        assert_eq!(middle_and_99(vec![one]), (one, one));
    }
}
