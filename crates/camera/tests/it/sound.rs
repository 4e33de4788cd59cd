//! Sound beside the video, from GStreamer's RTSP server to the clip.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ownsight_camera::{CameraConfig, CameraPipeline, Event, find_ffmpeg, test_connection};
use tokio::sync::mpsc;

use crate::pipeline::{Said, config};
use crate::recorder::check_clip;
use crate::support::footage::{self, FRAME_TICKS};
use crate::support::mp4::Mp4;
use crate::support::rtsp::GstCamera;
use crate::support::tap::Tap;
use crate::support::tools;

/// Sound and picture may be this far apart: less than anybody notices.
const STEP_MAX: f64 = 0.05;

/// The footage with a corner that flashes in the first frame of each second, as the cameras' sound ticks.
fn flashing(folder: &Path) -> std::path::PathBuf {
    let movie = folder.join("flashing.mp4");
    let corner = |colour: &str| format!("drawbox=x=0:y=0:w=64:h=64:t=fill:color={colour}");
    let filter = format!("scale=384:-2,{},{}:enable='eq(mod(n,10),0)'", corner("black"), corner("white"));
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-i"])
        .arg(footage::path())
        .args(["-vf", &filter, "-frames:v", "790", "-an", "-c:v", "libx264", "-preset", "veryfast"])
        .args(["-bf", "0", "-g", "20"])
        .arg(&movie)
        .stdin(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    movie
}

async fn record(config: CameraConfig, count: usize) -> Vec<Event> {
    let (pipeline, mut outputs) = CameraPipeline::spawn(config);
    let mut said = Said::default();
    said.until(&mut outputs, "events", |said| said.events.len() == count).await;
    drop(pipeline);
    said.events
}

/// Bytes that `ffmpeg` makes of a file.
fn made_of(file: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(file)
        .args(arguments)
        .arg("pipe:1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    output.stdout
}

/// When a value goes up over a limit after it was below it for half a second, in seconds.
fn rises(values: impl IntoIterator<Item = bool>, per_second: f64) -> Vec<f64> {
    let quiet = (per_second / 2.0) as usize;
    let (mut below, mut found) = (0, Vec::new());
    for (index, over) in values.into_iter().enumerate() {
        if over && below >= quiet {
            found.push(index as f64 / per_second);
        }
        below = if over { 0 } else { below + 1 };
    }
    found
}

/// Checks a clip with sound: whole, decodable, as long as its pictures, and in step with them.
fn check_sound(event: &Event, folder: &Path) {
    check_clip(event, FRAME_TICKS);
    let path = folder.join("clip.mp4");
    std::fs::write(&path, event.clip.to_bytes()).unwrap();
    let probed = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", "stream=codec_name,start_time,duration", "-of", "csv=p=0"])
        .arg(&path)
        .output()
        .unwrap();
    let text = String::from_utf8(probed.stdout).unwrap();
    let streams: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!((streams.len(), streams[0][0], streams[1][0]), (2, "h264", "aac"), "{text}");
    let seconds = |place: usize, entry: usize| streams[place][entry].parse::<f64>().unwrap();
    assert!(seconds(1, 1).abs() < STEP_MAX, "the sound begins with the picture: {text}");
    let missing = seconds(0, 2) - seconds(1, 2);
    assert!((-0.001..0.7).contains(&missing), "{missing} s of sound are missing at the end");

    let corner = "crop=48:48:8:8,scale=1:1:flags=area,format=gray,fps=100";
    let flashes = made_of(&path, &["-map", "0:v", "-vf", corner, "-f", "rawvideo"]);
    let flashes = rises(flashes.iter().map(|luma| *luma > 128), 100.0);
    let samples = made_of(
        &path,
        &["-map", "0:a", "-af", "aresample=8000:async=1:first_pts=0", "-ac", "1", "-f", "s16le"],
    );
    let loud = samples.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]).unsigned_abs() > 3_000);
    let ticks = rises(loud, 8_000.0);
    assert!(flashes.len() >= 3 && ticks.len() >= 3, "{flashes:?} and {ticks:?}");
    for flash in &flashes[..flashes.len() - 1] {
        let nearest =
            ticks.iter().map(|tick| tick - flash).min_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
        assert!(nearest.abs() < STEP_MAX, "{nearest} s out of step: {flashes:?} and {ticks:?}");
    }
    eprintln!("flashes {flashes:?}, ticks {ticks:?}");
}

async fn sound_of_a_kind_is_in_step(kind: &str) {
    if !GstCamera::available() || !tools::have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let camera = GstCamera::play(&flashing(folder.path()), &[&format!("--audio={kind}")]);
    let mut config = config(&camera.address);
    config.credentials = None;
    config.sound = true;
    for event in record(config, 2).await {
        keep(&event, kind);
        check_sound(&event, folder.path());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aac_is_taken_as_it_is_and_is_in_step() {
    sound_of_a_kind_is_in_step("aac").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g711_becomes_aac_and_is_in_step() {
    sound_of_a_kind_is_in_step("pcmu").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn linear_samples_become_aac_and_are_in_step() {
    sound_of_a_kind_is_in_step("l16").await;
}

/// What matters most: nobody's voice is received, let alone recorded, unless somebody of the home has said so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_is_not_asked_for_unless_it_is_switched_on() {
    if !GstCamera::available() || find_ffmpeg().is_none() {
        return;
    }
    // This server may let who takes the video alone wait in vain for it, unless its sound is live.
    for (kind, sound) in [("pcmu", false), ("aac", true), ("pcma", true)] {
        let camera = GstCamera::start(&[&format!("--audio={kind}")]);
        let tap = Tap::on(&camera.address).await;
        let mut config = CameraConfig { credentials: None, ..config(&tap.address) };
        assert!(!config.sound, "off unless somebody switches it on");
        config.sound = sound;
        let events = record(config, 1).await;
        let expected = if sound { 2 } else { 1 };
        assert_eq!(set_up(&tap), expected);
        let file = events[0].clip.to_bytes();
        assert_eq!(Mp4::tracks(&file).len(), expected);
        assert_eq!(Mp4::tracks(&file).contains(&"soun".to_owned()), sound);
        // Nor does who tries a camera out listen.
        let camera = GstCamera::start(&[&format!("--audio={kind}")]);
        let tap = Tap::on(&camera.address).await;
        let (steps, mut reports) = mpsc::channel(16);
        // Whether a picture comes of it is for the tests of that: this server may let who takes its video alone wait in vain.
        let _ = test_connection(&tap.address, None, None, &steps).await;
        drop(steps);
        let mut details = Vec::new();
        while let Some(report) = reports.recv().await {
            details.push(report.detail);
        }
        assert_eq!(set_up(&tap), 1);
        let name = if kind == "aac" { "AAC" } else { "G.711" };
        assert_eq!(details[3], format!("1 video, sound ({name}) recorded if switched on"));
    }
}

/// How many streams were asked for; each perhaps more than once, if the server let a first connection down.
fn set_up(tap: &Tap) -> usize {
    let mut requests = tap.requests("SETUP");
    requests.sort();
    requests.dedup();
    assert!(
        requests.first().is_some_and(|first| first.contains("stream=0")),
        "the video is the first: {requests:?}"
    );
    requests.len()
}

/// Puts a clip into the folder `OWNSIGHT_KEEP`, to be looked at.
fn keep(event: &Event, kind: &str) {
    if let Some(folder) = std::env::var_os("OWNSIGHT_KEEP").map(std::path::PathBuf::from) {
        let name = format!("sound-{kind}-{}.mp4", event.started_at.as_micros());
        std::fs::write(folder.join(name), event.clip.to_bytes()).unwrap();
    }
    assert!(event.ended_at.since(event.started_at) > Duration::from_secs(2));
}
