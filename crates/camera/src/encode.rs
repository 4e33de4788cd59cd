//! Sound that no browser plays in an MP4 is made AAC, by the `ffmpeg` of this machine in a process of its own.
//!
//! It gets samples on one pipe and gives frames on another. It has no environment, no file and no address, and ends with
//! its input, or after a few seconds.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::decode::find_ffmpeg;
use crate::sound::{SoundCodec, SoundFormat};

/// Samples of each channel in a frame of AAC.
pub(crate) const FRAME: i64 = 1024;
/// Samples that the encoder puts before the first one: its first frame sounds this much before what it was given.
pub(crate) const PRIMING: i64 = 1024;
/// Longest time for a whole event. A minute of G.711 takes a tenth of a second.
const TIME_MAX: Duration = Duration::from_secs(5);
/// More is no sound of an event.
const OUTPUT_BYTES_MAX: u64 = 8 << 20;

/// Encoded sound.
pub(crate) struct Aac {
    /// Its `AudioSpecificConfig`.
    pub(crate) config: Bytes,
    /// Frames of [`FRAME`] samples each.
    pub(crate) frames: Vec<Bytes>,
}

/// Encodes samples of a format other than AAC. Blocks for [`TIME_MAX`] at most; `None` if it cannot be done, which is
/// logged.
pub(crate) fn to_aac(format: &SoundFormat, raw: Vec<u8>) -> Option<Aac> {
    let input = match format.codec() {
        SoundCodec::MuLaw => "mulaw",
        SoundCodec::ALaw => "alaw",
        SoundCodec::L16 => "s16be",
        SoundCodec::Aac(_) => return None,
    };
    let encoded = run(input, format, raw).and_then(|output| frames(&output));
    if encoded.is_none() {
        tracing::warn!("an event's sound could not be made AAC and is left out");
    }
    encoded
}

fn run(input: &str, format: &SoundFormat, raw: Vec<u8>) -> Option<Bytes> {
    let channels = u32::from(format.channels());
    let bits = (format.rate() * 4).clamp(32_000, 96_000) * channels;
    let mut child = Command::new(find_ffmpeg()?)
        .args([
            "-nostdin",
            "-loglevel",
            "quiet",
            "-threads",
            "1",
            "-probesize",
            "32",
            "-analyzeduration",
            "0",
        ])
        .args(["-f", input, "-ar", &format.rate().to_string(), "-ac", &channels.to_string(), "-i", "pipe:0"])
        .args(["-vn", "-c:a", "aac", "-b:a", &bits.to_string(), "-f", "adts", "pipe:1"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    // It says nothing, and nobody would listen.
    drop(child.stderr.take());
    let (mut stdin, stdout) = (child.stdin.take()?, child.stdout.take()?);
    let (done, output) = sync_channel(1);
    std::thread::spawn(move || {
        // It fails when the process ends early, and then there is no output either.
        let _ = stdin.write_all(&raw);
    });
    std::thread::spawn(move || {
        let mut output = Vec::new();
        let read = stdout.take(OUTPUT_BYTES_MAX).read_to_end(&mut output);
        // Nobody waits any more: it took too long.
        let _ = done.send(read.map(|_| output));
    });
    let until = Instant::now() + TIME_MAX;
    let output = match output.recv_timeout(until.saturating_duration_since(Instant::now())) {
        Ok(output) => output.ok(),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
    };
    // It has ended by itself, or must. Both fail only in the first case.
    let _ = child.kill();
    let _ = child.wait();
    output.map(Bytes::from)
}

/// Takes frames out of ADTS (ISO/IEC 14496-3, 1.A.2.2): a header of seven bytes, nine with a checksum, before each.
fn frames(adts: &Bytes) -> Option<Aac> {
    let mut config = None;
    let mut frames = Vec::new();
    let mut place = 0;
    while let Some(&[sync, b1, b2, b3, b4, b5, _]) = adts.get(place..place + 7) {
        if sync != 0xff || b1 & 0xf6 != 0xf0 {
            return None;
        }
        let header = if b1 & 1 == 1 { 7 } else { 9 };
        let size = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5 >> 5);
        if size <= header || place + size > adts.len() {
            return None;
        }
        let (object_type, rate) = ((b2 >> 6) + 1, b2 >> 2 & 0xf);
        let channels = (b2 & 1) << 2 | b3 >> 6;
        let written = [object_type << 3 | rate >> 1, (rate & 1) << 7 | channels << 3];
        if config.get_or_insert(written) != &written {
            return None;
        }
        frames.push(adts.slice(place + header..place + size));
        place += size;
    }
    let config = Bytes::copy_from_slice(&config?);
    Some(Aac { config, frames })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_each_kind_becomes_aac() {
        if find_ffmpeg().is_none() {
            assert!(std::env::var_os("OWNSIGHT_REQUIRE_TOOLS").is_none(), "ffmpeg is missing");
            eprintln!("SKIPPED: ffmpeg does not run here");
            return;
        }
        for (codec, rate, channels, bytes, config) in [
            (SoundCodec::MuLaw, 8_000, 1, 8_000, [0x15, 0x88]),
            (SoundCodec::ALaw, 8_000, 1, 8_000, [0x15, 0x88]),
            (SoundCodec::L16, 44_100, 2, 176_400, [0x12, 0x10]),
        ] {
            let format = SoundFormat::new(codec, rate, channels).unwrap();
            let aac = to_aac(&format, vec![0x55; bytes]).unwrap();
            assert_eq!(aac.config[..], config);
            // All samples, what comes before them, and the rest of the last frame.
            let frames = (i64::from(rate) + PRIMING + FRAME - 1) / FRAME;
            assert!((aac.frames.len() as i64 - frames).abs() <= 1, "{} frames", aac.frames.len());
        }
    }

    #[test]
    fn what_is_no_adts_gives_no_frames() {
        assert!(frames(&Bytes::new()).is_none());
        assert!(frames(&Bytes::from_static(b"not what was expected")).is_none());
        // A frame that is longer than what came.
        assert!(frames(&Bytes::from_static(&[0xff, 0xf1, 0x6c, 0x40, 0x7f, 0xff, 0xfc, 1])).is_none());
        let whole = Bytes::from_static(&[0xff, 0xf1, 0x6c, 0x40, 0x01, 0x3f, 0xfc, 1, 2]);
        let aac = frames(&whole).unwrap();
        assert_eq!(
            (&aac.config[..], &aac.frames[0][..], aac.frames.len()),
            (&[0x15, 0x88][..], &[1, 2][..], 1)
        );
    }
}
