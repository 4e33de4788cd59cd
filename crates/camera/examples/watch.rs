//! Watches cameras for some time: `cargo run --release -p ownsight-camera --example watch -- SECONDS every|default rtsp://ADDRESS…`.
//!
//! What a pipeline does with a camera, without the agent around it: for comparing its CPU with that of other programs on
//! the same streams (`scripts/bench-cameras`). `every` decodes every frame, `default` saves what it may. Prints, divided by tabs,
//! events and bytes of video, all cameras together.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use ownsight_camera::{CameraConfig, CameraOutput, CameraPipeline, Savings};
use ownsight_model::CameraAddress;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().expect("seconds are needed").parse().expect("seconds are a number");
    let savings = match arguments.next().as_deref() {
        Some("every") => Savings::NONE,
        Some("default") => Savings::default(),
        other => panic!("`every` or `default`, not {other:?}"),
    };
    let ends = Instant::now() + Duration::from_secs(seconds);
    let mut watched = JoinSet::new();
    for address in arguments {
        let address = CameraAddress::parse(&address).unwrap_or_else(|error| panic!("{address}: {error}"));
        let mut config = CameraConfig::new(address, None);
        config.motion.savings = savings;
        watched.spawn(watch(config, ends));
    }
    let (mut events, mut bytes) = (0, 0);
    while let Some(one) = watched.join_next().await {
        let (its_events, its_bytes) = one.unwrap();
        events += its_events;
        bytes += its_bytes;
    }
    println!("{events}\t{bytes}");
}

async fn watch(config: CameraConfig, ends: Instant) -> (usize, usize) {
    let (_pipeline, mut outputs) = CameraPipeline::spawn(config);
    let (mut events, mut bytes) = (0, 0);
    while let Ok(Some(output)) = timeout_at(ends, outputs.recv()).await {
        match output {
            CameraOutput::Event(event) => {
                events += 1;
                bytes += event.clip.len();
            }
            CameraOutput::Status(status) => eprintln!("{:?} {}", status.state, status.detail),
            CameraOutput::Gap(_) | CameraOutput::Stats(_) | CameraOutput::Still(_) => {}
        }
    }
    (events, bytes)
}
