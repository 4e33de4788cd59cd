//! Programs that some tests need and not every machine has.

use std::path::Path;
use std::process::{Command, Stdio};

/// Whether a program answers. If not, says loudly what is skipped; with `OWNSIGHT_REQUIRE_TOOLS=1` that fails.
pub(crate) fn have(program: &str, arguments: &[&str]) -> bool {
    let ran = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if ran.is_ok_and(|status| status.success()) {
        return true;
    }
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    assert!(std::env::var_os("OWNSIGHT_REQUIRE_TOOLS").is_none(), "{test}: {program} is missing");
    eprintln!("SKIPPED: {test}: {program} {} does not run here", arguments.join(" "));
    false
}

/// Whether `ffmpeg` and `ffprobe` are here.
pub(crate) fn have_ffmpeg() -> bool {
    have("ffmpeg", &["-version"]) && have("ffprobe", &["-version"])
}

/// Makes a small movie of one frame of the footage with new noise in each frame: ten frames a second, a key frame every
/// two seconds, `quality` as x264 counts it.
pub(crate) fn make_still_movie(file: &Path, seconds: usize, quality: &str) {
    let frames = seconds * 10;
    let filter =
        format!("scale=384:-2,loop=loop={frames}:size=1:start=0,setpts=N/10/TB,noise=alls=14:allf=t");
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-i"])
        .arg(super::footage::path())
        .args(["-vf", &filter, "-frames:v", &frames.to_string(), "-an", "-c:v", "libx264"])
        .args(["-preset", "veryfast", "-bf", "0", "-g", "20", "-crf", quality])
        .arg(file)
        .stdin(Stdio::null())
        .status();
    assert!(status.unwrap().success());
}

/// Makes a movie of the footage in half its width and height, without B-frames, a key frame every second.
pub(crate) fn make_smaller_movie(file: &Path) {
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-i"])
        .arg(super::footage::path())
        .args([
            "-vf",
            "scale=384:288",
            "-an",
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-bf",
            "0",
            "-g",
            "10",
        ])
        .arg(file)
        .stdin(Stdio::null())
        .status();
    assert!(status.unwrap().success());
}

/// What `ffmpeg` complains of when it decodes a whole file: nothing, if all is well.
pub(crate) fn complaints(file: &Path) -> String {
    let file = file.to_str().unwrap();
    let probed = output(&["ffprobe", "-v", "warning", "-i", file]);
    // Said while it guesses the frame rate, of the frames before the edit, which take a tick each. With sound it reads on
    // for long enough to come to them.
    let said = |line: &&str| !line.contains("DTS discontinuity in stream 0: packet");
    let probed: String = probed.lines().filter(said).collect();
    output(&["ffmpeg", "-v", "error", "-i", file, "-f", "null", "-"]) + &probed
}

/// Seconds that `ffprobe` says a file lasts, and frames that it decodes to.
pub(crate) fn duration_and_frames(file: &Path) -> (f64, u32) {
    let file = file.to_str().unwrap();
    let entries = "format=duration:stream=nb_read_frames";
    let text = output(&[
        "ffprobe",
        "-v",
        "error",
        "-count_frames",
        "-show_entries",
        entries,
        "-of",
        "default=nw=1",
        file,
    ]);
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("no {name} in {text}"))
    };
    (value("duration").parse().unwrap(), value("nb_read_frames").parse().unwrap())
}

fn output(command: &[&str]) -> String {
    let output = Command::new(command[0]).args(&command[1..]).stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
