//! An `ffmpeg` in a process of its own: a byte stream goes in, small pictures come out.
//!
//! ```text
//! decode() ──units──► thread ──stdin──► ffmpeg ──stdout──► thread ──pictures──► decode()
//! ```
//!
//! Both ways are bounded, and whoever waits on the one takes from the other, so that neither side can stop both. The
//! process gets no environment, no file and no address; it ends with its input, however this process ends.

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use super::{DecoderError, Due, Picture};
use crate::codec::{PIXELS_MAX, VideoFormat};
use crate::jpeg::WIDTH_MAX;

/// Access units, and pictures, that wait for the other side.
const WAITING_MAX: usize = 4;
/// A process that takes nothing and gives nothing for this long is given up.
const STUCK_MAX: Duration = Duration::from_secs(10);
/// Longest wait for the last pictures.
const FINISH_MAX: Duration = Duration::from_secs(3);
/// Where programs are if nobody says so.
const PATH_DEFAULT: &str = "/usr/local/bin:/usr/bin:/bin";

/// The program, if this machine has it: the first that can be run in the folders of `PATH`, or where programs usually are.
pub fn find_ffmpeg() -> Option<PathBuf> {
    let path = std::env::var_os("PATH");
    let path = path.as_deref().filter(|path| !path.is_empty()).unwrap_or(OsStr::new(PATH_DEFAULT));
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join("ffmpeg")).find(|program| {
        program.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    })
}

/// It gives nothing any more.
#[derive(Debug)]
pub(super) struct Ended;

/// A process that decodes one stream. Dropped, it is killed.
pub(super) struct Ffmpeg {
    child: Child,
    units: Option<SyncSender<Vec<u8>>>,
    pictures: Receiver<Vec<u8>>,
    size: Size,
}

/// Of a picture that comes out, in pixels, both even.
#[derive(Clone, Copy)]
struct Size {
    width: usize,
    height: usize,
}

impl Size {
    /// As small as people are shown it, and never larger than it is.
    fn of(format: &VideoFormat) -> Self {
        let (width, height) = (format.width() as usize, format.height() as usize);
        let narrow = width.clamp(2, WIDTH_MAX);
        let even = |side: usize| (side & !1).max(2);
        Self { width: even(narrow), height: even(height * narrow / width.max(1)) }
    }

    /// In bytes, 4:2:0.
    const fn bytes(self) -> usize {
        self.width * self.height * 3 / 2
    }
}

impl Ffmpeg {
    pub(super) fn start(format: &VideoFormat) -> Result<Self, DecoderError> {
        let program = find_ffmpeg().ok_or(DecoderError::NoFfmpeg)?;
        let size = Size::of(format);
        let Size { width, height } = size;
        // Colours as JPEG wants them, whatever the camera's are.
        let filter = format!("scale={width}:{height}:flags=area:out_range=full:out_color_matrix=bt601");
        let child = Command::new(program)
            .args(["-nostdin", "-loglevel", "quiet", "-threads", "1", "-flags", "low_delay"])
            .args(["-max_pixels", &PIXELS_MAX.to_string()])
            .args(["-probesize", "32", "-analyzeduration", "0", "-f", "hevc", "-i", "pipe:0"])
            .args(["-an", "-vf", &filter, "-pix_fmt", "yuv420p", "-fps_mode", "passthrough"])
            .args(["-flush_packets", "1", "-f", "rawvideo", "pipe:1"])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(DecoderError::Ffmpeg)?;
        let (units, to_write) = sync_channel::<Vec<u8>>(WAITING_MAX);
        let (read, pictures) = sync_channel(WAITING_MAX);
        // From here on it is killed whatever fails.
        let mut started = Self { child, units: Some(units), pictures, size };
        // It says nothing, and nobody would listen.
        drop(started.child.stderr.take());
        let (input, output) = (started.child.stdin.take(), started.child.stdout.take());
        if let (Some(mut input), Some(mut output)) = (input, output) {
            let writes = move || {
                for unit in to_write {
                    if input.write_all(&unit).is_err() {
                        return;
                    }
                }
            };
            let reads = move || {
                loop {
                    let mut picture = vec![0; size.bytes()];
                    if output.read_exact(&mut picture).is_err() || read.send(picture).is_err() {
                        return;
                    }
                }
            };
            let thread = |work: Box<dyn FnOnce() + Send>| std::thread::Builder::new().spawn(work);
            thread(Box::new(writes)).and_then(|_| thread(Box::new(reads))).map_err(DecoderError::Ffmpeg)?;
        }
        Ok(started)
    }

    /// Gives an access unit in, and shows the pictures that are ready. Waits for as long as the process has no room.
    pub(super) fn decode(
        &mut self,
        mut unit: Vec<u8>,
        due: &mut Due,
        show: &mut impl FnMut(Picture<'_>),
    ) -> Result<(), Ended> {
        let begun = Instant::now();
        let units = self.units.as_ref().ok_or(Ended)?;
        loop {
            match units.try_send(unit) {
                Ok(()) => break,
                Err(TrySendError::Disconnected(_)) => return Err(Ended),
                Err(TrySendError::Full(back)) => unit = back,
            }
            match self.pictures.recv_timeout(Duration::from_millis(20)) {
                Ok(picture) => self.size.show(&picture, due, show),
                Err(RecvTimeoutError::Timeout) if begun.elapsed() < STUCK_MAX => {}
                Err(_) => return Err(Ended),
            }
        }
        while let Ok(picture) = self.pictures.try_recv() {
            self.size.show(&picture, due, show);
        }
        Ok(())
    }

    /// Ends the input and shows what is still to come.
    pub(super) fn finish(mut self, due: &mut Due, show: &mut impl FnMut(Picture<'_>)) {
        self.units = None;
        let until = Instant::now() + FINISH_MAX;
        while let Ok(picture) = self.pictures.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.size.show(&picture, due, show);
        }
    }
}

impl Size {
    fn show(self, picture: &[u8], due: &mut Due, show: &mut impl FnMut(Picture<'_>)) {
        let Some((pts, tag)) = due.next() else { return };
        let Self { width, height } = self;
        let Some((y, colours)) = picture.split_at_checked(width * height) else { return };
        let stride = (width, width / 2);
        let (u, v) = colours.split_at(colours.len() / 2);
        let (at, key) = (tag.at, tag.key);
        show(Picture { y, u, v, width, height, stride, pts, at, key, full_range: true, bt709: false });
    }
}

impl Drop for Ffmpeg {
    fn drop(&mut self) {
        // Both fail only if it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
