//! Media: the unlock of one section of one event, and its plaintext, segment by segment.

use std::ops::Range;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ownsight_ledger::{Action, ByteRange};
use ownsight_model::{CameraId, Closable, EventId, Right, SectionKind, TestId};
use ownsight_registry::CameraStanding;
use ownsight_seal::stream::StreamError;
use ownsight_seal::{HeaderIds, OpenError, Purpose, SessionTag};
use zeroize::Zeroizing;

use crate::answer::WrongSession;
use crate::event_access::{FoundEvent, Wanted};
use crate::gate::Gate;
use crate::open_section::{OpenSection, damaged};
use crate::rights::Needs;
use crate::{Answer, Credentials, GateError, alarm};

/// Sections that are opened whole are at most so long.
const SMALL_BYTES_MAX: u64 = 1 << 20;

const SEEN: Wanted = Wanted::new(Closable::Thumbnails, Right::Footage);

/// How long session, grant and event are believed while media is on its way; then they are read and opened anew.
const BELIEVED_FOR: Duration = Duration::from_millis(500);

/// Pause before a busy registry is asked again.
const BUSY_PAUSE: Duration = Duration::from_millis(200);

/// What to open of an event.
#[derive(Debug, Clone)]
pub enum Media {
    /// Its thumbnail, a JPEG.
    Thumbnail,
    /// Its video, an MP4, or a range of its bytes.
    Video {
        /// Which bytes of the plain video.
        range: Option<RangeAsked>,
        /// Whether it leaves as a file to keep.
        download: bool,
    },
}

impl Media {
    fn kind(&self) -> SectionKind {
        match self {
            Self::Thumbnail => SectionKind::Thumbnail,
            Self::Video { .. } => SectionKind::Clip,
        }
    }

    /// A video that is to be kept is more than one that is seen.
    fn wanted(&self) -> Wanted {
        let right =
            if let Self::Video { download: true, .. } = self { Right::Export } else { Right::Footage };
        Wanted::new(closed_as(self.kind()), right)
    }
}

/// A range of bytes as asked for (RFC 9110, section 14.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeAsked {
    /// From this byte to the end.
    From(u64),
    /// From the first byte to the last, both included.
    FromTo(u64, u64),
    /// The last so many bytes.
    Last(u64),
}

impl RangeAsked {
    fn within(self, length: u64) -> Result<Range<u64>, GateError> {
        let range = match self {
            Self::From(first) => first..length,
            Self::FromTo(first, last) => first..last.saturating_add(1).min(length),
            Self::Last(count) => length.saturating_sub(count)..length,
        };
        if range.is_empty() { Err(GateError::RangeNotSatisfiable { length }) } else { Ok(range) }
    }
}

/// What a section is, for who may open it. Nothing of it was opened, and nothing is on record.
#[derive(Debug, Clone)]
pub struct MediaAbout {
    /// Its length in bytes, once opened.
    pub length: u64,
    /// What it is.
    pub content_type: &'static str,
    /// The name of the file, if it leaves as one.
    pub file_name: Option<String>,
}

/// The plaintext of a section, or of a range of it. Opens one segment of 64 KiB at a time, and holds up to four sealed.
///
/// What opened it is opened anew, from the registry's primary, before each piece that comes half a second or more after
/// the last time: once a session, grant or event has ended, or was locked down, no piece opens that is asked for later than that.
pub struct MediaStream {
    gate: Gate,
    credentials: Credentials,
    ids: HeaderIds,
    wanted: Wanted,
    believed_since: Instant,
    tag: SessionTag,
    section: OpenSection,
    range: Range<u64>,
    next: u64,
    total: u64,
    content_type: &'static str,
    file_name: Option<String>,
}

/// A piece of plaintext that was opened for one session.
#[derive(Debug)]
pub struct Chunk {
    tag: SessionTag,
    bytes: Bytes,
}

impl Chunk {
    /// The bytes, for the session that asked.
    pub fn release(self, to: &Credentials) -> Result<Bytes, WrongSession> {
        Answer::tagged(self.tag, self.bytes).release(to)
    }
}

impl Gate {
    /// Unlocks a section of an event: session, grant, home, camera and event are read in one statement, everything
    /// opens step by step, and the opening is on record before the first byte.
    pub async fn open_media(
        &self,
        credentials: &Credentials,
        event: EventId,
        media: Media,
    ) -> Result<MediaStream, GateError> {
        let found = self.find_media(credentials, event, &media).await?;
        let event = found.event_ref();
        let wanted = media.wanted();
        match media {
            Media::Thumbnail => {
                let action = Action::Thumbnail(event);
                self.stream(credentials, found, SectionKind::Thumbnail, (wanted, None), action).await
            }
            Media::Video { range, download: false } => {
                let recorded = match range {
                    Some(RangeAsked::FromTo(first, last)) => {
                        ByteRange { first, len: last.saturating_sub(first).saturating_add(1) }
                    }
                    Some(RangeAsked::From(first)) => ByteRange { first, len: u64::MAX },
                    Some(RangeAsked::Last(_)) | None => ByteRange::WHOLE,
                };
                let action = Action::Video { event, range: recorded };
                self.stream(credentials, found, SectionKind::Clip, (wanted, range), action).await
            }
            Media::Video { range, download: true } => {
                let name = found.file_name();
                let mut stream = self
                    .stream(credentials, found, SectionKind::Clip, (wanted, range), Action::Download(event))
                    .await?;
                stream.file_name = Some(name);
                Ok(stream)
            }
        }
    }

    /// What a section of an event is: the same checks as for opening it.
    pub async fn media_about(
        &self,
        credentials: &Credentials,
        event: EventId,
        media: &Media,
    ) -> Result<Answer<MediaAbout>, GateError> {
        let found = self.find_media(credentials, event, media).await?;
        let file_name = match media {
            Media::Thumbnail => None,
            Media::Video { download, .. } => download.then(|| found.file_name()),
        };
        found.about(credentials, media.kind(), file_name)
    }

    /// What a camera's last still is.
    pub async fn still_about(
        &self,
        credentials: &Credentials,
        camera: CameraId,
    ) -> Result<Answer<MediaAbout>, GateError> {
        self.find_still(credentials, camera).await?.about(credentials, SectionKind::Still, None)
    }

    /// What the first picture of a camera test is.
    pub async fn test_still_about(
        &self,
        credentials: &Credentials,
        test: TestId,
    ) -> Result<Answer<MediaAbout>, GateError> {
        self.find_test_still(credentials, test).await?.about(credentials, SectionKind::Still, None)
    }

    /// Unlocks a camera's last still.
    pub async fn open_still(
        &self,
        credentials: &Credentials,
        camera: CameraId,
    ) -> Result<MediaStream, GateError> {
        let found = self.find_still(credentials, camera).await?;
        let action = Action::Still(found.event_ref());
        self.stream(credentials, found, SectionKind::Still, (SEEN, None), action).await
    }

    async fn find_media(
        &self,
        credentials: &Credentials,
        event: EventId,
        media: &Media,
    ) -> Result<FoundEvent, GateError> {
        let found = self.find_event(credentials, event, media.wanted()).await?;
        if found.row.still { Err(GateError::NotFound) } else { Ok(found) }
    }

    async fn find_still(&self, credentials: &Credentials, camera: CameraId) -> Result<FoundEvent, GateError> {
        let (_, _, detail) = self.camera_detail(credentials, camera, Needs::FOOTAGE).await?;
        let event = detail.still.ok_or(GateError::NoPicture)?.id;
        let found = self.find_event(credentials, event, SEEN).await?;
        if found.camera_id() != camera {
            return Err(alarm::raise(&OpenError::MixUp(Purpose::Event), "opening a camera's still"));
        }
        Ok(found)
    }

    /// Unlocks the first picture of a camera test.
    pub async fn open_test_still(
        &self,
        credentials: &Credentials,
        test: TestId,
    ) -> Result<MediaStream, GateError> {
        let found = self.find_test_still(credentials, test).await?;
        let action = match found.camera.standing {
            CameraStanding::Draft => Action::TestPicture { camera: found.camera.id, test },
            CameraStanding::Active | CameraStanding::Erased => Action::Still(found.event_ref()),
        };
        self.stream(credentials, found, SectionKind::Still, (SEEN, None), action).await
    }

    async fn find_test_still(
        &self,
        credentials: &Credentials,
        test: TestId,
    ) -> Result<FoundEvent, GateError> {
        let event = self.test_still(credentials, test).await?;
        self.find_event(credentials, event, SEEN).await
    }

    /// Opens a small section whole, on record.
    pub(crate) async fn open_small(
        &self,
        credentials: &Credentials,
        found: &FoundEvent,
        kind: SectionKind,
    ) -> Result<Zeroizing<Vec<u8>>, GateError> {
        let section = found.section(kind)?;
        if section.length > SMALL_BYTES_MAX {
            let error = OpenError::Malformed { what: "section", why: "it is longer than its kind may be" };
            return Err(alarm::raise(&error, "opening a section"));
        }
        let action = Action::Motion(found.event_ref());
        let unlocking = self.record(credentials, &found.person, found.access.home(), action).await?;
        let opened = self.open_section(found, section).await;
        let mut section = unlocking.unlock(|| opened)?;
        let mut out = Zeroizing::new(Vec::with_capacity(section.layout().plaintext_len() as usize));
        for segment in 0..section.layout().segments() {
            out.extend_from_slice(&section.segment(segment).await?);
        }
        Ok(out)
    }

    async fn stream(
        &self,
        credentials: &Credentials,
        found: FoundEvent,
        kind: SectionKind,
        (wanted, range): (Wanted, Option<RangeAsked>),
        action: Action,
    ) -> Result<MediaStream, GateError> {
        found.section(kind)?;
        let unlocking = self.record(credentials, &found.person, found.access.home(), action).await?;
        let opened = self.begin_stream(credentials, &found, kind, (wanted, range)).await;
        unlocking.unlock(|| opened)
    }

    /// Opens a section to stream it. For what is on record.
    pub(crate) async fn begin_stream(
        &self,
        credentials: &Credentials,
        found: &FoundEvent,
        kind: SectionKind,
        (wanted, range): (Wanted, Option<RangeAsked>),
    ) -> Result<MediaStream, GateError> {
        let section = self.open_section(found, found.section(kind)?).await?;
        let total = section.layout().plaintext_len();
        let range = match range {
            Some(asked) => asked.within(total)?,
            None => 0..total,
        };
        let next = range.start;
        Ok(MediaStream {
            gate: self.clone(),
            credentials: credentials.clone(),
            ids: *found.verified.ids(),
            wanted,
            believed_since: found.asked_at,
            tag: credentials.tag(),
            section,
            range,
            next,
            total,
            content_type: content_type(kind),
            file_name: None,
        })
    }
}

impl FoundEvent {
    fn about(
        &self,
        credentials: &Credentials,
        kind: SectionKind,
        file_name: Option<String>,
    ) -> Result<Answer<MediaAbout>, GateError> {
        let section = self.section(kind)?;
        let length = section.plaintext_length();
        Ok(Answer::new(credentials, MediaAbout { length, content_type: content_type(kind), file_name }))
    }
}

impl MediaStream {
    /// The whole section's length in bytes.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The bytes that are coming.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// What they are.
    pub fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// The name of the file, if it leaves as one.
    pub fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    /// Begins at its first byte again. What opened it is still looked at anew every half second.
    pub fn rewind(&mut self) {
        self.next = self.range.start;
    }

    /// The next piece, at most 64 KiB; `None` after the last.
    ///
    /// Cancel-safe: a dropped call can be made again.
    pub async fn next(&mut self) -> Option<Result<Chunk, GateError>> {
        if self.next >= self.range.end {
            return None;
        }
        if self.believed_since.elapsed() >= BELIEVED_FOR
            && let Err(error) = self.open_anew().await
        {
            // Nothing more comes out, whoever asks.
            self.next = self.range.end;
            return Some(Err(error));
        }
        Some(self.open_next().await)
    }

    /// Session, grant and event once more, from the registry to the event's own keys.
    async fn open_anew(&mut self) -> Result<(), GateError> {
        let found = loop {
            match self.gate.find_event(&self.credentials, self.ids.event, self.wanted).await {
                // Nothing comes out meanwhile; whoever waits for the piece has a deadline.
                Err(GateError::Busy) => tokio::time::sleep(BUSY_PAUSE).await,
                found => break found?,
            }
        };
        if *found.verified.ids() != self.ids {
            return Err(alarm::raise(&OpenError::MixUp(Purpose::Event), "opening an event anew"));
        }
        self.believed_since = found.asked_at;
        Ok(())
    }

    async fn open_next(&mut self) -> Result<Chunk, GateError> {
        let wanted = self.next..self.range.end;
        let layout = self.section.layout();
        let segment = layout.segments_for(&wanted).map_err(|error| damaged(&error))?.start;
        let part = layout.part_of_segment(segment, &wanted).map_err(|error| damaged(&error))?;
        let plain = self.section.segment(segment).await?;
        if part.end > plain.len() {
            return Err(damaged(&StreamError::OutOfRange));
        }
        let bytes = plain.slice(part);
        self.next += bytes.len() as u64;
        Ok(Chunk { tag: self.tag, bytes })
    }
}

impl std::fmt::Debug for MediaStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaStream")
            .field("range", &self.range)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

/// What a lockdown closes when it closes a section of this kind.
const fn closed_as(kind: SectionKind) -> Closable {
    match kind {
        SectionKind::Clip => Closable::Videos,
        SectionKind::Live => Closable::Live,
        SectionKind::Thumbnail | SectionKind::Still | SectionKind::Motion => Closable::Thumbnails,
    }
}

const fn content_type(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::Thumbnail | SectionKind::Still => "image/jpeg",
        SectionKind::Clip => "video/mp4",
        SectionKind::Motion | SectionKind::Live => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_what_there_is() {
        assert_eq!(RangeAsked::From(3).within(10).unwrap(), 3..10);
        assert_eq!(RangeAsked::FromTo(3, 100).within(10).unwrap(), 3..10);
        assert_eq!(RangeAsked::FromTo(3, 3).within(10).unwrap(), 3..4);
        assert_eq!(RangeAsked::Last(4).within(10).unwrap(), 6..10);
        assert_eq!(RangeAsked::Last(40).within(10).unwrap(), 0..10);
        for asked in
            [RangeAsked::From(10), RangeAsked::FromTo(12, 13), RangeAsked::FromTo(5, 4), RangeAsked::Last(0)]
        {
            assert!(matches!(asked.within(10), Err(GateError::RangeNotSatisfiable { length: 10 })));
        }
    }
}
