//! Resident memory: of a server that has nothing to do, and of its agent with more and fewer cameras. Both are processes of
//! their own, the cameras are simulated by this one.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use ownsight_camera_sim::{CameraSim, PRESETS, SimCamera};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::Figure;
use super::stage::{first_account, wait_for};
use crate::cli::LogArgs;

const CAMERAS: usize = 4;
/// An event is 12 s; after this each camera has made several.
const WATCHED: Duration = Duration::from_mins(1);
const SETTLES: Duration = Duration::from_secs(8);

pub(super) async fn measure(log: &LogArgs) -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::Builder::new().prefix("ownsight-bench-").tempdir()?;
    let (mut server, link) = start(folder.path(), log).await?;
    let figures = watch(&mut server, &link).await;
    // In order, so that its agent has ended before the folder goes.
    let id = server.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(id) = id {
        kill_process(id, Signal::TERM).context("cannot end the server")?;
    }
    server.wait().await?;
    figures
}

async fn watch(server: &mut Child, link: &str) -> anyhow::Result<Vec<Figure>> {
    let server = server.id().context("the server ended")?;
    let url = link.split_once("/setup").context("the link has another form")?.0;
    tokio::time::sleep(SETTLES).await;
    let idle = resident_kib(server)?;
    let (client, home) = first_account(url, Some(link)).await?;
    let devices = format!("/api/v1/homes/{home}/devices");
    wait_for("the server's own agent", async || {
        let answer = client.get(&devices).await?;
        let rows = answer.get("devices").and_then(Value::as_array).cloned().unwrap_or_default();
        let connected = |row: &Value| row.get("state").and_then(Value::as_str) == Some("connected");
        Ok(rows.iter().any(connected).then_some(()))
    })
    .await?;
    tokio::time::sleep(SETTLES).await;
    let agent = child_of(server)?;
    let without = resident_kib(agent)?;

    let mut sim = CameraSim::builder();
    for preset in PRESETS.iter().take(CAMERAS) {
        sim = sim.camera(SimCamera::new(preset.path, preset.view));
    }
    let sim = sim.start().await.context("the simulated cameras do not start")?;
    for preset in PRESETS.iter().take(CAMERAS) {
        let camera = json!({ "name": preset.name, "address": sim.url(preset.path) });
        client.post(&format!("/api/v1/homes/{home}/cameras"), camera).await?;
    }
    let before = cpu_seconds(agent)?;
    tokio::time::sleep(WATCHED).await;
    let cpu = (cpu_seconds(agent)? - before) / WATCHED.as_secs_f64() / CAMERAS as f64;
    let with = resident_kib(agent)?;
    let busy = resident_kib(server)?;
    let events = client.get("/api/v1/events").await?;
    let events = events.get("events").and_then(Value::as_array).map_or(0, Vec::len);
    anyhow::ensure!(events >= CAMERAS, "the cameras made {events} events");
    sim.stop().await;
    let mb = |kib: u64| format!("{:.1} MB", kib as f64 * 1024.0 / 1e6);
    Ok(vec![
        ("memory of an idle server", mb(idle)),
        ("memory of that server while four cameras deliver", mb(busy)),
        ("memory of an agent without cameras", mb(without)),
        (
            "memory of an agent, for each camera at 640x360 and 10 frames/s",
            mb(with.saturating_sub(without) / CAMERAS as u64),
        ),
        (
            "CPU of an agent, for each such camera, RTSP and motion and events",
            format!("{:.1} % of a core", cpu * 100.0),
        ),
    ])
}

/// A server of its own; the link for its first account.
async fn start(folder: &Path, log: &LogArgs) -> anyhow::Result<(Child, String)> {
    let (data, configuration) = (folder.join("data"), folder.join("configuration"));
    std::fs::create_dir(&configuration)?;
    let config = configuration.join("ownsight.toml");
    std::fs::write(
        &config,
        // The footage never stands still: each event is as long as it may be.
        "[metrics]\nlisten = \"127.0.0.1:0\"\n[storage]\nfloor_bytes = 0\nfloor_percent = 0\n[events]\nmax_seconds = 12\n",
    )?;
    let mut server = Command::new(std::env::current_exe()?)
        .args(log.log.iter().flat_map(|filter| ["--log", filter]))
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(&config)
        .arg("--data")
        .arg(&data)
        .env("CONFIGURATION_DIRECTORY", &configuration)
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start a server")?;
    let output = server.stdout.take().context("the server has no output")?;
    let mut lines = BufReader::new(output).lines();
    let said = async {
        while let Some(line) = lines.next_line().await? {
            if let Some(link) = line.split(' ').find(|word| word.contains("/setup#")) {
                return Ok(link.to_owned());
            }
        }
        bail!("the server ended without a link")
    };
    let link = tokio::time::timeout(Duration::from_secs(20), said).await.context("no link for 20 s")??;
    // It may have more to say: nobody hangs up on it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((server, link))
}

/// Resident memory in KiB.
fn resident_kib(process: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))
        .context("this needs a system that tells memory in /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no resident memory")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// The one child of a process.
fn child_of(process: u32) -> anyhow::Result<u32> {
    for entry in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let children = std::fs::read_to_string(entry?.path().join("children")).unwrap_or_default();
        if let Some(child) = children.split_whitespace().next() {
            return Ok(child.parse()?);
        }
    }
    bail!("the server has no agent")
}

/// CPU time that a process has used, all its threads.
fn cpu_seconds(process: u32) -> anyhow::Result<f64> {
    let mut nanos = 0.0;
    for entry in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let text = std::fs::read_to_string(entry?.path().join("schedstat")).unwrap_or_default();
        nanos += text.split(' ').next().and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    }
    Ok(nanos / 1e9)
}
