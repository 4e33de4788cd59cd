//! An upload's bytes as they come: framed, under the MAC, each portion in its time.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use ownsight_ingest::{IngestError, UploadPace};
use ownsight_model::DeviceId;
use ownsight_seal::UploadMac;
use tokio::time::{Instant, timeout_at};

use crate::frames::{Frames, MAC_BYTES, Part, Step};
use crate::metadata::Metadata;
use crate::pace::Pace;
use crate::{UploadError, alarm};

/// Plaintext that goes on in one piece: what it becomes is handed on before more is taken.
const PIECE_MAX: usize = 64 << 10;

/// What comes next.
pub(crate) enum Piece {
    /// The first line, and what the whole body must have by it.
    Metadata(Metadata, u64),
    /// Bytes of a part; `ends`: its last ones.
    Part { part: Part, bytes: Bytes, ends: bool },
    /// Nothing: it was whole, and [`Receive::verify`] tells whether it was signed.
    End,
}

/// A body on its way in.
pub(crate) struct Receive<'a, B> {
    body: Pin<&'a mut B>,
    /// How long it may send nothing.
    idle_max: Duration,
    pace: Pace,
    begun: Instant,
    deadline: Instant,
    portion: Bytes,
    frames: Frames,
    mac: UploadMac,
    /// Bytes that were used.
    length: u64,
    said: Option<[u8; MAC_BYTES]>,
}

impl<'a, B, E> Receive<'a, B>
where
    B: Stream<Item = Result<Bytes, E>> + Send,
{
    /// Its first line must have come in the time that the pace gives for it.
    pub(crate) fn new(body: Pin<&'a mut B>, mac: UploadMac, pace: UploadPace) -> Self {
        let begun = Instant::now();
        Self {
            body,
            idle_max: pace.idle_max,
            pace: Pace::new(pace.grace, pace.bytes_per_second_min),
            begun,
            deadline: begun + pace.line_max,
            portion: Bytes::new(),
            frames: Frames::new(),
            mac,
            length: 0,
            said: None,
        }
    }

    /// Until when all of it must have come.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// How long it may take in all, counted from its begin, now that its length is known.
    pub(crate) fn may_take(&mut self, in_all: Duration) {
        self.deadline = self.begun + in_all;
    }

    /// The next piece, of 64 KiB at most.
    pub(crate) async fn next(&mut self) -> Result<Piece, UploadError> {
        loop {
            if self.portion.is_empty() {
                match self.portion().await? {
                    Some(portion) => self.portion = portion,
                    None if self.frames.ended() => return Ok(Piece::End),
                    None => return Err(UploadError::malformed("the body ends before its first line says")),
                }
            }
            let signed = self.frames.is_signed();
            let (piece, _) = self.portion.split_at(self.portion.len().min(PIECE_MAX));
            let (used, step) = self.frames.step(piece)?;
            let bytes = self.portion.split_to(used);
            self.length += used as u64;
            if signed {
                self.mac.update(&bytes);
            }
            match step {
                Step::More => {}
                Step::Metadata(metadata) => {
                    let whole = self.length.saturating_add(metadata.body_bytes());
                    return Ok(Piece::Metadata(metadata, whole));
                }
                Step::Part { part, ends } => return Ok(Piece::Part { part, bytes, ends }),
                Step::Mac(said) => self.said = Some(said),
            }
        }
    }

    /// Whether the upload is what its device signed: its MAC, if so.
    pub(crate) fn verify(self, device: DeviceId) -> Result<[u8; MAC_BYTES], UploadError> {
        let said = self.said.ok_or_else(|| alarm::not_signed(device))?;
        self.mac.verify(&said).map_err(|_| alarm::not_signed(device))?;
        Ok(said)
    }

    /// The next portion; `None` at the end. Not empty.
    async fn portion(&mut self) -> Result<Option<Bytes>, UploadError> {
        loop {
            let (asked, patience) = (Instant::now(), self.pace.left());
            let until = self.deadline.min(asked + self.idle_max.min(patience));
            let came = timeout_at(until, self.body.next()).await;
            let bytes = if let Ok(Some(Ok(portion))) = &came { portion.len() } else { 0 };
            self.pace.came(bytes, asked.elapsed());
            match came {
                Ok(Some(Ok(portion))) if portion.is_empty() => {}
                Ok(Some(Ok(portion))) => return Ok(Some(portion)),
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(interrupted("the connection broke")),
                Err(_) if until == self.deadline => return Err(interrupted("it took too long")),
                Err(_) if patience < self.idle_max => return Err(interrupted("it came too slowly")),
                Err(_) => return Err(interrupted("nothing came for too long")),
            }
        }
    }
}

pub(crate) fn interrupted(why: &'static str) -> UploadError {
    UploadError::Ingest(IngestError::Interrupted { why })
}
