//! The stream as other programs see it. They are skipped loudly where they are not installed, unless
//! `OWNSIGHT_REQUIRE_TOOLS=1`.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use ownsight_camera_sim::Source;

use crate::support::{camera, start};

fn installed(tool: &str) -> bool {
    let found = Command::new(tool).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        assert!(
            std::env::var_os("OWNSIGHT_REQUIRE_TOOLS").is_none_or(|v| v != "1"),
            "{tool} is not installed"
        );
        eprintln!("SKIPPED: {tool} is not installed");
    }
    found
}

async fn run(tool: &'static str, args: Vec<String>) -> Output {
    let command =
        tokio::process::Command::new(tool).args(args).stdin(Stdio::null()).kill_on_drop(true).output();
    tokio::time::timeout(Duration::from_mins(1), command).await.expect("the tool hangs").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ffprobe_reads_all_packets() {
    if !installed("ffprobe") {
        return;
    }
    for (source, profile) in [(Source::Live, "Constrained Baseline"), (Source::Original, "Main")] {
        let sim = start(camera(0).credentials("anna", "secret").source(source).loop_frames(20)).await;
        let url = sim.url("/cam").replace("rtsp://", "rtsp://anna:secret@");
        let show = "stream=codec_name,profile,width,height,avg_frame_rate:packet=pts";
        let args = [
            "-v",
            "error",
            "-rtsp_transport",
            "tcp",
            "-read_intervals",
            "%+3",
            "-show_entries",
            show,
            "-of",
            "flat",
            &url,
        ];
        let output = run("ffprobe", args.map(str::to_owned).to_vec()).await;
        let shown = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{errors}");
        assert!(shown.contains("codec_name=\"h264\""), "{shown}");
        assert!(shown.contains(&format!("profile=\"{profile}\"")), "{shown}");
        let packets = shown.lines().filter(|line| line.contains(".pts=")).count();
        assert!(packets >= 25, "{packets} packets");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_decodes_without_complaint() {
    if !installed("ffmpeg") {
        return;
    }
    let sim = start(camera(2).watermark(1, 1).loop_frames(20)).await;
    let url = sim.url("/cam");
    let args = [
        "-v",
        "warning",
        "-rtsp_transport",
        "tcp",
        "-i",
        &url,
        "-frames:v",
        "35",
        "-fps_mode",
        "passthrough",
        "-f",
        "framemd5",
        "-",
    ];
    let output = run("ffmpeg", args.map(str::to_owned).to_vec()).await;
    let frames =
        String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.starts_with("0,")).count();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!((frames, errors.trim()), (35, ""));
}
