//! Tries one camera or RTSP server: `cargo run -p ownsight-camera --example probe -- rtsp://ADDRESS [USER PASSWORD]`.
//!
//! Prints the steps of the connection test, then watches until a first event is recorded, 60 s at most, and prints
//! it with the figures of the stream: a line for each, its fields divided by tabs. Ends with 1 if a step fails or no
//! event comes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::process::ExitCode;
use std::time::Duration;

use ownsight_camera::{
    CameraConfig, CameraOutput, CameraPipeline, Credentials, EventConfig, test_connection,
};
use ownsight_model::{CameraAddress, StepOutcome};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// Longest wait for an event.
const EVENT_MAX: Duration = Duration::from_mins(1);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let address = arguments.first().expect("an address is needed");
    let address = CameraAddress::parse(address).unwrap_or_else(|error| panic!("{error}"));
    let credentials =
        arguments.get(1).map(|user| Credentials::new(user, arguments.get(2).map_or("", String::as_str)));
    if tested(&address, credentials.as_ref()).await && recorded(address, credentials).await {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn tested(address: &CameraAddress, credentials: Option<&Credentials>) -> bool {
    let (sender, mut steps) = mpsc::channel(8);
    let test = async {
        let result = test_connection(address, credentials, None, &sender).await;
        drop(sender);
        result
    };
    let shown = async {
        while let Some(step) = steps.recv().await {
            let outcome = match step.outcome {
                StepOutcome::Passed => "passed".to_owned(),
                StepOutcome::Failed(fault) => format!("{fault:?}"),
            };
            println!("{:?}\t{outcome}\t{}", step.step, step.detail);
        }
    };
    tokio::join!(test, shown).0.is_ok()
}

async fn recorded(address: CameraAddress, credentials: Option<Credentials>) -> bool {
    let event = EventConfig {
        length: Duration::from_secs(6),
        length_max: Duration::from_secs(8),
        ..EventConfig::default()
    };
    let config = CameraConfig { event, ..CameraConfig::new(address, credentials) };
    let (pipeline, mut outputs) = CameraPipeline::spawn(config);
    let deadline = Instant::now() + EVENT_MAX;
    let mut lost = 0;
    let mut found = false;
    while let Ok(Some(output)) = timeout_at(deadline, outputs.recv()).await {
        match output {
            CameraOutput::Event(event) => {
                let seconds = event.ended_at.since(event.started_at).as_secs_f64();
                println!("Event\t{seconds:.1} s\t{} frames, {}x{}", event.frames, event.width, event.height);
                found = true;
                break;
            }
            CameraOutput::Status(status) => println!("Status\t{:?}\t{}", status.state, status.detail),
            CameraOutput::Gap(gap) => println!("Gap\t{:?}\t", gap.reason),
            CameraOutput::Stats(stats) => lost = stats.packets_lost,
            CameraOutput::Still(_) => {}
        }
    }
    println!("Lost\t{lost}\tpackets");
    drop(pipeline);
    found
}
