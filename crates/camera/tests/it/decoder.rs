//! Streams as different encoders make them: every frame becomes a picture, with its own time.

use std::process::{Command, Stdio};

use ownsight_camera::Codec;

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

/// x265's options.
const STREAMS_OF_H265: [(&str, &str); 5] = [
    ("no B-frames", "bframes=0:open-gop=0"),
    ("B-frames", "bframes=4:open-gop=0"),
    ("open groups", "bframes=3:open-gop=1"),
    ("scaling lists and several slices", "bframes=0:open-gop=0:scaling-list=default:slices=2"),
    ("key frames only", "keyint=1"),
];

#[test]
fn every_frame_of_h265_becomes_a_picture_too() {
    if !tools::have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, options) in STREAMS_OF_H265 {
        let file = folder.path().join("stream.mp4");
        let status = Command::new("ffmpeg")
            .args(["-v", "error", "-y", "-t", "12", "-i"])
            .arg(footage::path())
            .args(["-an", "-c:v", "libx265", "-preset", "ultrafast", "-g", "30", "-tag:v", "hvc1"])
            .args(["-x265-params", &format!("log-level=error:{options}")])
            .arg(&file)
            .stdin(Stdio::null())
            .status();
        assert!(status.unwrap().success(), "{name}");
        let units = footage::read(&std::fs::read(&file).unwrap());
        assert_eq!(units.len(), 120, "{name}");
        assert_eq!(
            units.iter().filter(|unit| unit.key).count(),
            if name == "key frames only" { 120 } else { 4 }
        );
        let format = &units[0].format;
        assert_eq!((format.codec(), format.width(), format.height()), (Codec::H265, 768, 576), "{name}");
        assert_eq!(format.frame_rate(), Some(10.0), "{name}");
        let (pictures, undecoded) = footage::decode(&units);
        assert_eq!((pictures.len(), undecoded), (120, 0), "{name}");
        let times: Vec<i64> = pictures.iter().map(|picture| picture.pts).collect();
        let expected: Vec<i64> = (0..120).map(|frame| frame * FRAME_TICKS).collect();
        assert_eq!(times, expected, "{name}");
    }
}

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
