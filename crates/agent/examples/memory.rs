//! What cameras cost in memory: watches one address many times and prints the process's size.
//!
//! ```sh
//! cargo run --release -p ownsight-camera-sim --example serve -- --bind 127.0.0.1:8554
//! cargo run --release -p ownsight-agent --example memory -- rtsp://127.0.0.1:8554/main-path 8 60
//! ```

use std::error::Error;
use std::time::Duration;

use ownsight_camera::{CameraConfig, CameraOutput, CameraPipeline};
use ownsight_model::CameraAddress;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: memory ADDRESS CAMERAS SECONDS";
    let address = CameraAddress::parse(&args.next().ok_or(usage)?)?;
    let cameras: usize = args.next().ok_or(usage)?.parse()?;
    let seconds: u64 = args.next().ok_or(usage)?.parse()?;
    println!("begin       {}", resident()?);
    let mut pipelines = Vec::new();
    for _ in 0..cameras {
        let (pipeline, mut outputs) = CameraPipeline::spawn(CameraConfig::new(address.clone(), None));
        tokio::spawn(async move {
            while let Some(output) = outputs.recv().await {
                if let CameraOutput::Event(event) = output {
                    println!("event       {} bytes", event.clip.len());
                }
            }
        });
        pipelines.push(pipeline);
    }
    for second in (10..=seconds).step_by(10) {
        tokio::time::sleep(Duration::from_secs(10)).await;
        println!("after {second:3} s {}", resident()?);
    }
    Ok(())
}

/// Resident memory, as the kernel words it.
fn resident() -> Result<String, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("the kernel does not say")?;
    Ok(line.to_owned())
}
