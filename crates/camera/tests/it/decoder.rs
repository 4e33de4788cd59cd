//! Streams as different encoders make them: every frame becomes a picture, with its own time.

use std::process::{Command, Stdio};

use crate::support::footage::{self, FRAME_TICKS};
use crate::support::tools;

/// x264's options, and the profile they make.
const STREAMS: [(&str, &[&str]); 7] = [
    ("baseline", &["-profile:v", "baseline"]),
    ("no B-frames", &["-profile:v", "high", "-bf", "0", "-refs", "4"]),
    ("one B-frame", &["-profile:v", "main", "-bf", "1", "-x264-params", "b-pyramid=none"]),
    ("many B-frames", &["-profile:v", "high", "-bf", "8", "-b_strategy", "2", "-refs", "6"]),
    ("a pyramid of B-frames", &["-profile:v", "high", "-bf", "5", "-x264-params", "b-pyramid=strict"]),
    ("slices", &["-profile:v", "high", "-bf", "0", "-x264-params", "slices=4"]),
    ("key frames only", &["-profile:v", "high", "-g", "1"]),
];

#[test]
fn every_frame_of_every_kind_of_stream_becomes_a_picture() {
    if !tools::have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, options) in STREAMS {
        let file = folder.path().join("stream.mp4");
        let status = Command::new("ffmpeg")
            .args(["-v", "error", "-y", "-t", "20", "-i"])
            .arg(footage::path())
            .args(["-vf", "scale=384:-2", "-an", "-c:v", "libx264", "-preset", "fast", "-g", "30"])
            .args(options)
            .arg(&file)
            .stdin(Stdio::null())
            .status();
        assert!(status.unwrap().success(), "{name}");
        let units = footage::read(&std::fs::read(&file).unwrap());
        assert_eq!(units.len(), 200, "{name}");
        let (pictures, undecoded) = footage::decode(&units);
        assert_eq!((pictures.len(), undecoded), (200, 0), "{name}");
        let times: Vec<i64> = pictures.iter().map(|picture| picture.pts).collect();
        let expected: Vec<i64> = (0..200).map(|frame| frame * FRAME_TICKS).collect();
        assert_eq!(times, expected, "{name}");
    }
}
