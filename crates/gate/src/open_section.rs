//! A section of an event that opens: its sealed bytes, piece by piece from the vault, and the key that opens them.
//!
//! What comes from a cache is believed in nothing. If it does not open, the cache's piece is given up and the file's own
//! bytes are opened instead; only if those do not open either is it an alarm about the event.

use std::ops::Range;

use ownsight_seal::stream::{StreamError, StreamLayout, StreamOpener};
use ownsight_seal::{EventOpener, HEADER_BYTES, OpenError, Purpose, Section, VerifiedEvent};
use ownsight_vault::{ObjectRef, Pieces, ReadError};
use zeroize::Zeroizing;

use crate::event_access::FoundEvent;
use crate::gate::Gate;
use crate::{GateError, alarm};

const STREAM_HEADER_BYTES: usize = ownsight_seal::stream::HEADER_LEN;

/// A section whose length is proven.
pub(crate) struct OpenSection {
    object: Object,
    section: Section,
    opener: StreamOpener,
    /// Its last segment, opened to prove the length.
    last: Zeroizing<Vec<u8>>,
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
        Ok(OpenSection { object, section, opener, last })
    }
}

impl OpenSection {
    pub(crate) fn layout(&self) -> &StreamLayout {
        self.opener.layout()
    }

    /// The plaintext of a segment, 64 KiB at most.
    ///
    /// Cancel-safe: nothing is kept of it.
    pub(crate) async fn segment(&self, segment: u64) -> Result<Zeroizing<Vec<u8>>, GateError> {
        if segment == self.layout().last_segment() {
            return Ok(self.last.clone());
        }
        let range = segment_range(self.section, self.layout(), segment)?;
        let open = |mut sealed: Vec<u8>| {
            let length = self.opener.open_segment(segment, &mut sealed)?.len();
            sealed.truncate(length);
            Ok(Zeroizing::new(sealed))
        };
        self.object.opened(&[range], open).await
    }
}

impl Object {
    /// Reads a piece and opens it; if it does not open and came from a cache, the file's own.
    async fn opened<T>(
        &self,
        ranges: &[Range<u64>],
        open: impl Fn(Vec<u8>) -> Result<T, Unopened>,
    ) -> Result<T, GateError> {
        let piece = self.pieces.read(ranges).await.map_err(|error| unreadable(&error))?;
        self.is_the_rows().map_err(Unopened::raise)?;
        let suspect = piece.suspect();
        let unopened = match open(piece.into_bytes()) {
            Ok(opened) => return Ok(opened),
            Err(unopened) => unopened,
        };
        let Some(suspect) = suspect else { return Err(unopened.raise()) };
        match self.pieces.read_again(ranges, &suspect).await.map_err(|error| unreadable(&error))? {
            Some(piece) => {
                self.is_the_rows().map_err(Unopened::raise)?;
                open(piece.into_bytes()).map_err(Unopened::raise)
            }
            None => Err(unopened.raise()),
        }
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
    mut sealed: Vec<u8>,
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
