//! An archive's bytes, one piece at a time, each made when the reader has taken the one before.
//!
//! Each file is read twice: first to its end, for its length and checksum and to know that all of it authenticates, then to send
//! it. What does not authenticate, was erased, or is closed is left out, and named in the last file. If that happens to a file on its
//! way, the rest of it is zeros, and it is not in the archive's directory. If the asker loses access the archive breaks off without
//! a directory, so that it does not look whole.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use ownsight_gate::{Credentials, Exported, Gate, GateError, MediaStream};
use ownsight_model::Timestamp;

use super::names::Names;
use super::plan::{Outcome, Plan, Reason, utc};
use super::zip::{Archive, Begun, File};
use crate::api::answers::BrokenOff;

/// Bytes of zeros, and of lines, that are sent at a time.
const PIECE: usize = 64 << 10;
/// How often something busy is asked again, and after which pause.
const TRIES: u32 = 5;
const BUSY_PAUSE: Duration = Duration::from_secs(1);

/// An archive on its way to who asked for it.
pub(crate) struct ArchiveStream {
    gate: Gate,
    who: Credentials,
    plan: Plan,
    made_at: Timestamp,
    archive: Archive,
    names: Names,
    /// What is sent next, before anything else.
    ready: VecDeque<Bytes>,
    sending: Option<Sending>,
    /// The files of the event whose turn it is.
    files: VecDeque<(Box<MediaStream>, String)>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Begin,
    /// The event whose turn is next.
    Event(usize),
    EventsFile,
    LeftOutFile,
    Directory,
    Done,
}

enum Sending {
    Media {
        stream: Box<MediaStream>,
        left: u64,
        begun: Begun,
    },
    /// What is left of a file that may not be sent to its end.
    Zeros(u64),
    /// `events.json`, of which this line is next.
    Lines {
        next: usize,
        begun: Begun,
    },
}

/// Why a file is not in the archive, or why there is no archive.
enum Failed {
    LeftOut(Reason),
    BrokenOff,
}

impl From<GateError> for Failed {
    fn from(error: GateError) -> Self {
        match error {
            GateError::NotFound | GateError::NoPicture => Self::LeftOut(Reason::Erased),
            GateError::NotVerified { .. } => Self::LeftOut(Reason::NotAuthentic),
            GateError::LockedDown(_) => Self::LeftOut(Reason::LockedDown),
            // The asker has lost what let them in, or the server cannot go on.
            _ => Self::BrokenOff,
        }
    }
}

impl ArchiveStream {
    pub(super) fn new(gate: Gate, who: Credentials, plan: Plan, made_at: Timestamp) -> Self {
        Self {
            gate,
            who,
            plan,
            made_at,
            archive: Archive::default(),
            names: Names::default(),
            ready: VecDeque::new(),
            sending: None,
            files: VecDeque::new(),
            stage: Stage::Begin,
        }
    }

    /// The next piece; `None` at the end. After an error nothing more comes.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, BrokenOff> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            let piece = match self.sending.take() {
                Some(Sending::Media { stream, left, begun }) => self.send_media(stream, left, begun).await?,
                Some(Sending::Zeros(left)) => self.send_zeros(left),
                Some(Sending::Lines { next, begun }) => self.send_lines(next, begun),
                None if matches!(self.stage, Stage::Done) => return Ok(None),
                None => {
                    self.advance().await?;
                    None
                }
            };
            if let Some(piece) = piece {
                return Ok(Some(piece));
            }
        }
    }

    async fn send_media(
        &mut self,
        mut stream: Box<MediaStream>,
        left: u64,
        begun: Begun,
    ) -> Result<Option<Bytes>, BrokenOff> {
        if left == 0 {
            self.archive.keep(begun);
            return Ok(None);
        }
        match stream.next().await {
            Some(Ok(chunk)) => {
                let piece = chunk.release(&self.who).map_err(|_| BrokenOff)?;
                let left = left.checked_sub(piece.len() as u64).ok_or(BrokenOff)?;
                self.sending = Some(Sending::Media { stream, left, begun });
                Ok(Some(piece))
            }
            Some(Err(error)) => match error.into() {
                Failed::LeftOut(reason) => {
                    self.leave_out(reason);
                    self.files.clear();
                    self.sending = Some(Sending::Zeros(left));
                    Ok(None)
                }
                Failed::BrokenOff => Err(BrokenOff),
            },
            // It was longer a moment ago.
            None => Err(BrokenOff),
        }
    }

    fn send_zeros(&mut self, left: u64) -> Option<Bytes> {
        let piece = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        if piece == 0 {
            return None;
        }
        self.sending = Some(Sending::Zeros(left - piece as u64));
        Some(Bytes::from(vec![0; piece]))
    }

    fn send_lines(&mut self, next: usize, begun: Begun) -> Option<Bytes> {
        let mut piece = Vec::with_capacity(PIECE);
        let mut at = next;
        while piece.len() < PIECE && at <= self.plan.events.len() {
            piece.extend(self.events_part(at));
            at += 1;
        }
        if piece.is_empty() {
            self.archive.keep(begun);
            return None;
        }
        self.sending = Some(Sending::Lines { next: at, begun });
        Some(piece.into())
    }

    /// A part of `events.json`: one for each event, and one for the end.
    fn events_part(&self, at: usize) -> Vec<u8> {
        let begin: &[u8] = if at == 0 { b"[\n" } else { b"" };
        match self.plan.events.get(at) {
            Some(planned) => {
                let comma: &[u8] = if at == 0 { b"" } else { b",\n" };
                [begin, comma, &self.plan.line(planned)].concat()
            }
            None => [begin, b"\n]\n"].concat(),
        }
    }

    async fn advance(&mut self) -> Result<(), BrokenOff> {
        if let Some((stream, name)) = self.files.pop_front() {
            return self.begin_media(stream, name).await;
        }
        match self.stage {
            Stage::Begin => {
                self.put_small("README.txt", readme(self.made_at).into_bytes());
                if let Some(home) = self.plan.home.take() {
                    self.put_small("home.json", pretty(&home));
                }
                self.stage = Stage::Event(0);
            }
            Stage::Event(at) => match self.plan.events.get(at).map(|planned| &planned.outcome) {
                None => self.stage = Stage::EventsFile,
                Some(outcome) => {
                    let waits = matches!(outcome, Outcome::Waits);
                    self.stage = Stage::Event(at + 1);
                    if waits {
                        self.begin_event(at).await?;
                    }
                }
            },
            Stage::EventsFile => {
                self.stage = Stage::LeftOutFile;
                let mut crc = crc32fast::Hasher::new();
                let mut length = 0;
                for at in 0..=self.plan.events.len() {
                    let part = self.events_part(at);
                    crc.update(&part);
                    length += part.len() as u64;
                }
                let (name, modified) = ("events.json".to_owned(), self.made_at);
                let length = u32::try_from(length).map_err(|_| BrokenOff)?;
                let (head, begun) = self.archive.begin(File { name, modified, length, crc: crc.finalize() });
                self.ready.push_back(head.into());
                self.sending = Some(Sending::Lines { next: 0, begun });
            }
            Stage::LeftOutFile => {
                self.put_small("not-exported.json", pretty(&self.plan.left_out()));
                self.stage = Stage::Directory;
            }
            Stage::Directory => {
                self.ready.push_back(std::mem::take(&mut self.archive).finish().into());
                self.stage = Stage::Done;
            }
            Stage::Done => {}
        }
        Ok(())
    }

    /// Unlocks an event; its files are next.
    async fn begin_event(&mut self, at: usize) -> Result<(), BrokenOff> {
        let Some(planned) = self.plan.events.get(at) else { return Ok(()) };
        let event = planned.event;
        let mut tries = 0;
        let opened = loop {
            match self.gate.open_export(&self.who, event).await {
                Err(GateError::Busy) if tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(BUSY_PAUSE).await;
                }
                opened => break opened,
            }
        };
        match opened.map_err(Failed::from) {
            Ok(Exported { thumbnail, video, name }) => {
                let camera = self.plan.cameras.get(planned.camera).ok_or(BrokenOff)?;
                let folder = self.names.folder(camera.0, &camera.1);
                let path = self.names.file(&folder, &name);
                self.files.push_back((Box::new(video), format!("{path}.mp4")));
                self.files.push_back((Box::new(thumbnail), format!("{path}.jpg")));
                self.conclude(Outcome::There(path));
                Ok(())
            }
            Err(Failed::LeftOut(reason)) => {
                self.leave_out(reason);
                Ok(())
            }
            Err(Failed::BrokenOff) => Err(BrokenOff),
        }
    }

    /// Reads a file to its end, and begins it if all of it authenticates.
    async fn begin_media(&mut self, mut stream: Box<MediaStream>, name: String) -> Result<(), BrokenOff> {
        let mut crc = crc32fast::Hasher::new();
        let mut length = 0;
        while let Some(chunk) = stream.next().await {
            match chunk.map_err(Failed::from) {
                Ok(chunk) => {
                    let piece = chunk.release(&self.who).map_err(|_| BrokenOff)?;
                    crc.update(&piece);
                    length += piece.len() as u64;
                }
                Err(Failed::LeftOut(reason)) => {
                    self.leave_out(reason);
                    self.files.clear();
                    return Ok(());
                }
                Err(Failed::BrokenOff) => return Err(BrokenOff),
            }
        }
        stream.rewind();
        let made_at = self.made_at;
        let modified = self.planned().map_or(made_at, |planned| planned.started_at);
        let small = u32::try_from(length).map_err(|_| BrokenOff)?;
        let (head, begun) = self.archive.begin(File { name, modified, length: small, crc: crc.finalize() });
        self.ready.push_back(head.into());
        self.sending = Some(Sending::Media { stream, left: length, begun });
        Ok(())
    }

    /// The event whose files are sent.
    fn planned(&mut self) -> Option<&mut super::plan::Planned> {
        let Stage::Event(next) = self.stage else { return None };
        self.plan.events.get_mut(next.checked_sub(1)?)
    }

    fn leave_out(&mut self, reason: Reason) {
        self.conclude(Outcome::LeftOut(reason));
    }

    fn conclude(&mut self, outcome: Outcome) {
        if let Some(planned) = self.planned() {
            planned.outcome = outcome;
        }
    }

    fn put_small(&mut self, name: &str, bytes: Vec<u8>) {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let crc = crc32fast::hash(&bytes);
        let (head, begun) =
            self.archive.begin(File { name: name.to_owned(), modified: self.made_at, length, crc });
        self.ready.push_back(head.into());
        self.ready.push_back(bytes.into());
        self.archive.keep(begun);
    }
}

fn pretty(value: &serde_json::Value) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}

fn readme(made_at: Timestamp) -> String {
    format!(
        "An export from Ownsight, made {}.

A folder for each camera, and in it the video (.mp4) and the thumbnail (.jpg) of each event, named by
when it began in the home's time.

events.json        all events, oldest first: times are UTC
home.json          the home as you saw it: cameras, people, devices; without addresses and passwords of cameras
not-exported.json  what is not here, and why

Whoever has this file can see what is in it: it is not protected any more.
",
        utc(made_at)
    )
}
