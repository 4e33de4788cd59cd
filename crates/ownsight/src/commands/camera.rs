//! `ownsight camera`: cameras from the command line, as an API client that has signed in.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::cli::{CameraArgs, CameraCommand, SourceArgs};
use crate::client::{Client, ask, read_password};

/// How long a test may take: six steps, each with a limit of its own on the device.
const TEST_WAITS: Duration = Duration::from_mins(1);

pub(crate) async fn run(args: CameraArgs) -> anyhow::Result<()> {
    let client = Client::for_commands()?;
    match args.command {
        CameraCommand::List { json } => list(&client, json).await,
        CameraCommand::Add { name, source, untested } => add(&client, &name, source, untested).await,
        CameraCommand::Test { source } => {
            let (test, _) = test(&client, source).await?;
            client.delete(&format!("/api/v1/camera-tests/{test}")).await?;
            Ok(())
        }
        CameraCommand::Remove { camera, yes } => remove(&client, &camera, yes).await,
    }
}

async fn list(client: &Client, as_json: bool) -> anyhow::Result<()> {
    let answer = client.get("/api/v1/cameras").await?;
    if as_json {
        println!("{answer}");
        return Ok(());
    }
    if array(&answer, "cameras").is_empty() {
        eprintln!("No cameras yet: add one with `ownsight camera add`.");
        return Ok(());
    }
    println!("{:<36}  {:<24} {:<32} ADDRESS", "ID", "NAME", "STATE");
    for camera in array(&answer, "cameras") {
        let status = camera.get("status").unwrap_or(&Value::Null);
        let state = match text(status, "fault") {
            "" => text(status, "state").to_owned(),
            fault => format!("{} ({fault})", text(status, "state")),
        };
        println!(
            "{}  {:<24} {:<32} {}",
            text(camera, "id"),
            text(camera, "name"),
            state,
            text(camera, "address")
        );
    }
    Ok(())
}

async fn add(client: &Client, name: &str, source: SourceArgs, untested: bool) -> anyhow::Result<()> {
    let camera = if untested {
        let home = home(client, source.home.as_deref()).await?;
        let mut body = source_body(&source)?;
        set(&mut body, "name", name);
        client.post(&format!("/api/v1/homes/{home}/cameras"), body).await?
    } else {
        let (test, _) = test(client, source).await?;
        client.post(&format!("/api/v1/camera-tests/{test}/confirm"), json!({ "name": name })).await?
    };
    println!("{}", text(&camera, "id"));
    Ok(())
}

/// Tests an address and prints each step as it happens; fails with the exact reason.
async fn test(client: &Client, source: SourceArgs) -> anyhow::Result<(String, Value)> {
    let home = home(client, source.home.as_deref()).await?;
    let body = source_body(&source)?;
    let begun = client.post(&format!("/api/v1/homes/{home}/camera-tests"), body).await?;
    let id = text(&begun, "id").to_owned();
    let mut shown = 0;
    let deadline = tokio::time::Instant::now() + TEST_WAITS;
    loop {
        let test = client.get(&format!("/api/v1/camera-tests/{id}")).await?;
        let steps = array(&test, "steps");
        let tried = steps.iter().filter(|step| matches!(text(step, "outcome"), "passed" | "failed"));
        for step in tried.skip(shown) {
            shown += 1;
            let mark = if text(step, "outcome") == "passed" { "ok    " } else { "failed" };
            eprintln!("{mark}  {:<9} {}", text(step, "step"), text(step, "detail"));
        }
        match text(&test, "state") {
            "passed" => return Ok((id, test)),
            "failed" => {
                let failed = steps.iter().find(|step| text(step, "outcome") == "failed");
                let fault = failed.map_or("broken", |step| text(step, "fault"));
                client.delete(&format!("/api/v1/camera-tests/{id}")).await.ok();
                bail!(explain(fault));
            }
            "expired" => bail!("the test ended without an answer: see whether the device is connected"),
            _ if tokio::time::Instant::now() > deadline => {
                client.delete(&format!("/api/v1/camera-tests/{id}")).await.ok();
                bail!("the device has not answered in time: see whether it is connected");
            }
            _ => tokio::time::sleep(Duration::from_millis(300)).await,
        }
    }
}

async fn remove(client: &Client, camera: &str, yes: bool) -> anyhow::Result<()> {
    let cameras = client.get("/api/v1/cameras").await?;
    let found: Vec<_> = array(&cameras, "cameras")
        .iter()
        .filter(|row| text(row, "id") == camera || text(row, "name") == camera)
        .collect();
    let row = match found.as_slice() {
        [row] => *row,
        [] => bail!("no camera is called `{camera}`: see `ownsight camera list`"),
        _ => bail!("several cameras are called `{camera}`: name it by its id"),
    };
    let events = row.get("events").and_then(Value::as_u64).unwrap_or(0);
    if !yes {
        let question = format!("Remove {} and erase its {events} events? Type yes: ", text(row, "name"));
        if ask(&question)? != "yes" {
            bail!("nothing was removed");
        }
    }
    let erased = client.delete(&format!("/api/v1/cameras/{}", text(row, "id"))).await?;
    let number = |field: &str| erased.get(field).and_then(Value::as_u64).unwrap_or(0);
    let events = match number("events") {
        1 => "1 event".to_owned(),
        events => format!("{events} events"),
    };
    eprintln!("Erased {events}, {} bytes.", number("bytes"));
    Ok(())
}

/// The home that was named, or the only one.
pub(crate) async fn home(client: &Client, named: Option<&str>) -> anyhow::Result<String> {
    let me = client.get("/api/v1/me").await?;
    let homes = array(&me, "homes");
    let found: Vec<_> = homes
        .iter()
        .filter(|home| named.is_none_or(|named| text(home, "id") == named || text(home, "name") == named))
        .collect();
    match found.as_slice() {
        [home] => Ok(text(home, "id").to_owned()),
        [] => bail!("no such home: name one of {}", names(homes)),
        _ => bail!("name the home with --home: one of {}", names(homes)),
    }
}

fn names(homes: &[Value]) -> String {
    homes.iter().map(|home| text(home, "name")).collect::<Vec<_>>().join(", ")
}

fn source_body(source: &SourceArgs) -> anyhow::Result<Value> {
    let mut body = json!({ "address": source.address });
    if let Some(user) = &source.user {
        set(&mut body, "user", user);
    }
    if source.user.is_some() || source.password_stdin {
        let password = read_password("The camera's password: ", source.password_stdin)
            .context("the camera's password is needed")?;
        set(&mut body, "password", &password);
    }
    Ok(body)
}

fn explain(fault: &str) -> String {
    let text = match fault {
        "no-answer" => "the camera gives no answer: check its address and that it is switched on",
        "connection-refused" => "nothing listens at this port: check the port, and that RTSP is switched on",
        "name-unknown" => "no machine has this name: check the address",
        "unreachable" => "the device's network has no way to this address",
        "not-rtsp" => "a web server answers there, not an RTSP server: check the port",
        "unauthorized" => "the camera refuses the user name or password: check them on the camera's own page",
        "no-such-path" => "there is no stream at this path: look for the path in the camera's manual",
        "busy" => "the camera is busy: it allows no more viewers, or is starting",
        "refused" => "the camera refuses: see its own page for what it allows",
        "stalled" => "the camera stopped sending in the middle: check its network",
        "closed" => "the camera closed the connection: check whether others use it at the same time",
        "no-video" => "the stream has no video",
        "codec-not-supported" => {
            "the video's codec is not supported yet: set the camera to H.264, or for H.265 install ffmpeg on the agent's machine"
        }
        "no-key-frame" => "no key frame came within 10 seconds: set a shorter key-frame interval",
        "tls-failed" => {
            "no TLS could be agreed on: check the port (usually 322), or use rtsp:// if the camera has no TLS"
        }
        "another-camera" => "this is not the camera that was added: see the camera's page for what differs",
        other => return format!("the camera did not pass the test: {other}"),
    };
    text.to_owned()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or("")
}

fn array<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn set(body: &mut Value, field: &str, value: &str) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert(field.to_owned(), Value::from(value));
    }
}
