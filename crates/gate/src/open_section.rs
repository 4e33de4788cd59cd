//! A section of an event that opens: its sealed bytes, piece by piece from the vault, and the key that opens them.
//!
//! What comes from a cache is believed in nothing. If it does not open, the cache's piece is given up and the file's own
//! bytes are opened instead; only if those do not open either is it an alarm about the event.

use std::ops::Range;

use bytes::{Buf as _, Bytes, BytesMut};
use ownsight_seal::stream::{StreamError, StreamLayout, StreamOpener};
use ownsight_seal::{EventOpener, HEADER_BYTES, OpenError, Purpose, Section, VerifiedEvent};
use ownsight_vault::{ObjectRef, Piece, Pieces, ReadError};
use zeroize::Zeroizing;

use crate::event_access::FoundEvent;
use crate::gate::Gate;
use crate::{GateError, alarm};

const STREAM_HEADER_BYTES: usize = ownsight_seal::stream::HEADER_LEN;
/// Segments that are read together. To read is work for another thread: going there for each segment of 64 KiB takes as long as
/// opening it.
const RUN: u64 = 4;

/// A section whose length is proven.
pub(crate) struct OpenSection {
    object: Object,
    section: Section,
    opener: StreamOpener,
    /// Its last segment, opened to prove the length.
    last: Zeroizing<Vec<u8>>,
    /// What was read and is not opened yet.
    ahead: Option<Run>,
}

/// Sealed segments that lie one behind the other, as they are read and cached together: the same wherever a reader begins.
struct Run {
    /// The first that is left.
    next: u64,
    sealed: BytesMut,
    /// The whole run as it was read, if it may have come from a cache.
    suspect: Option<Piece>,
}

/// The event's sealed object.
struct Object {
    pieces: Pieces,
    verified: VerifiedEvent,
}

/// What did not open, and while what was done.
struct Unopened(OpenError, &'static str);

impl From<StreamError> for Unopened {
    fn from(error: StreamError) -> Self {
        tracing::debug!(%error, "a section does not open");
        Self(OpenError::NotAuthentic(Purpose::Section), "opening a section")
    }
}

impl Unopened {
    /// It is an alarm about the event.
    fn raise(self) -> GateError {
        let Self(error, doing) = self;
        alarm::raise(&error, doing)
    }
}

impl Gate {
    /// Proves the section's length by its last segment. If that takes the file, its header must be the row's.
    pub(crate) async fn open_section(
        &self,
        found: &FoundEvent,
        section: Section,
    ) -> Result<OpenSection, GateError> {
        let ids = found.verified.ids();
        let object = ObjectRef { home: ids.scope.home, camera: ids.scope.camera, event: ids.event };
        let pieces = self.vault().pieces(object, HEADER_BYTES);
        let object = Object { pieces, verified: found.verified.clone() };
        let opener = found.opener(self)?;
        let layout = section.layout().map_err(|error| damaged(&error))?;
        let begin = section.offset..section.offset.saturating_add(STREAM_HEADER_BYTES as u64);
        let ranges = [begin, segment_range(section, &layout, layout.last_segment())?];
        let (opener, last) = object.opened(&ranges, |sealed| proven(&opener, section, sealed)).await?;
        Ok(OpenSection { object, section, opener, last, ahead: None })
    }
}

impl OpenSection {
    pub(crate) fn layout(&self) -> &StreamLayout {
        self.opener.layout()
    }

    /// The plaintext of a segment, 64 KiB at most. Holds up to four more as they are sealed.
    ///
    /// Cancel-safe: nothing is kept of it.
    pub(crate) async fn segment(&mut self, segment: u64) -> Result<Bytes, GateError> {
        if segment == self.layout().last_segment() {
            return Ok(Bytes::copy_from_slice(&self.last));
        }
        let mut run = match self.ahead.take().filter(|run| run.next == segment) {
            Some(run) => run,
            None => {
                let piece = self.object.read(&[self.run_range(segment)?]).await?;
                self.run_from(segment, piece)?
            }
        };
        let opened = match run.open_next(&self.opener) {
            Ok(opened) => opened,
            Err(unopened) => {
                let Some(suspect) = run.suspect else { return Err(unopened.raise()) };
                let ranges = [self.run_range(segment)?];
                let Some(piece) = self.object.read_again(&ranges, &suspect).await? else {
                    return Err(unopened.raise());
                };
                run = self.run_from(segment, piece)?;
                run.open_next(&self.opener).map_err(Unopened::raise)?
            }
        };
        // What a cache gave beyond its run is nobody's.
        self.ahead = (!run.sealed.is_empty() && run.next % RUN != 0).then_some(run);
        Ok(opened)
    }

    /// Where the run of a segment lies in the object. The last segment of all is in none.
    fn run_range(&self, segment: u64) -> Result<Range<u64>, GateError> {
        let first = segment - segment % RUN;
        let last = (first + RUN).min(self.layout().last_segment()).saturating_sub(1);
        let begin = segment_range(self.section, self.layout(), first)?.start;
        Ok(begin..segment_range(self.section, self.layout(), last)?.end)
    }

    /// A run from this segment of it on.
    fn run_from(&self, segment: u64, piece: Piece) -> Result<Run, GateError> {
        let skipped =
            segment_range(self.section, self.layout(), segment)?.start - self.run_range(segment)?.start;
        let suspect = piece.suspect();
        let mut sealed = piece.into_mut();
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX).min(sealed.len());
        sealed.advance(skipped);
        Ok(Run { next: segment, sealed, suspect })
    }
}

impl Run {
    fn open_next(&mut self, opener: &StreamOpener) -> Result<Bytes, Unopened> {
        let place = opener.layout().ciphertext_range(self.next)?;
        let length = usize::try_from(place.end - place.start).unwrap_or(usize::MAX).min(self.sealed.len());
        let mut segment = self.sealed.split_to(length);
        let opened = opener.open_segment(self.next, &mut segment)?.len();
        segment.truncate(opened);
        self.next += 1;
        Ok(segment.freeze())
    }
}

impl Object {
    /// Reads a piece and opens it; if it does not open and came from a cache, the file's own.
    async fn opened<T>(
        &self,
        ranges: &[Range<u64>],
        open: impl Fn(BytesMut) -> Result<T, Unopened>,
    ) -> Result<T, GateError> {
        let piece = self.read(ranges).await?;
        let suspect = piece.suspect();
        let unopened = match open(piece.into_mut()) {
            Ok(opened) => return Ok(opened),
            Err(unopened) => unopened,
        };
        let Some(suspect) = suspect else { return Err(unopened.raise()) };
        match self.read_again(ranges, &suspect).await? {
            Some(piece) => open(piece.into_mut()).map_err(Unopened::raise),
            None => Err(unopened.raise()),
        }
    }

    async fn read(&self, ranges: &[Range<u64>]) -> Result<Piece, GateError> {
        let piece = self.pieces.read(ranges).await.map_err(|error| unreadable(&error))?;
        self.is_the_rows().map_err(Unopened::raise)?;
        Ok(piece)
    }

    /// The file's own of what a cache had and does not open; `None` if the file has the same.
    async fn read_again(&self, ranges: &[Range<u64>], suspect: &Piece) -> Result<Option<Piece>, GateError> {
        let piece = self.pieces.read_again(ranges, suspect).await.map_err(|error| unreadable(&error))?;
        if piece.is_some() {
            self.is_the_rows().map_err(Unopened::raise)?;
        }
        Ok(piece)
    }

    /// Compares the file's header with the row's, if the file was opened.
    fn is_the_rows(&self) -> Result<(), Unopened> {
        let compared = self.pieces.head().map_or(Ok(()), |head| self.verified.is_header(head));
        compared.map_err(|error| Unopened(error, "comparing a file with its row"))
    }
}

/// Opens a section's beginning and its last segment.
fn proven(
    opener: &EventOpener,
    section: Section,
    mut sealed: BytesMut,
) -> Result<(StreamOpener, Zeroizing<Vec<u8>>), Unopened> {
    let (begin, last) =
        sealed.split_first_chunk_mut::<STREAM_HEADER_BYTES>().ok_or(StreamError::BadHeader)?;
    let (opener, last) = opener.open_section(section, begin)?.prove(last)?;
    Ok((opener, Zeroizing::new(last.to_vec())))
}

/// Where a segment lies in the object.
fn segment_range(section: Section, layout: &StreamLayout, segment: u64) -> Result<Range<u64>, GateError> {
    let range = layout.ciphertext_range(segment).map_err(|error| damaged(&error))?;
    let place = |at: u64| section.offset.saturating_add(at);
    Ok(place(range.start)..place(range.end))
}

pub(crate) fn damaged(error: &StreamError) -> GateError {
    Unopened::from(*error).raise()
}

fn unreadable(error: &ReadError) -> GateError {
    match error {
        ReadError::Missing { .. } | ReadError::OutOfRange { .. } => {
            tracing::error!(%error, "a file is not what its row says");
            alarm::raise(&OpenError::Damaged(Purpose::Section), "reading an event's file")
        }
        other => alarm::unavailable(other, "reading an event's file"),
    }
}
