//! Opening: from a camera secret and a row's header and trailer to sections, each step authenticated.

use ownsight_model::SectionKind;
use zeroize::Zeroizing;

use crate::camera::CameraSecret;
use crate::event::header::{Header, HeaderIds};
use crate::event::sealer::{section_data, section_key};
use crate::event::trailer::{Section, Trailer};
use crate::hpke;
use crate::primitives::Key;
use crate::stream::{HEADER_LEN, SegmentSize, StreamError, UnprovenOpener};
use crate::{OpenError, Purpose, wrap};

/// A header and trailer whose tags verified under a camera secret: of this camera, home, tenure and epochs, sealed
/// by a device that was configured for it.
#[derive(Debug, Clone)]
pub struct VerifiedEvent {
    header: Header,
    trailer: Trailer,
}

/// An event's key, and what it opens.
pub struct EventOpener {
    pub(crate) event_key: Key,
    verified: VerifiedEvent,
}

impl CameraSecret {
    /// Verifies a row's header and trailer. What names another camera, home, tenure or epoch is a mix-up.
    pub fn verify_event(&self, header: Header, trailer: Trailer) -> Result<VerifiedEvent, OpenError> {
        wrap::same_id(self.scope(), &header.ids().scope, Purpose::Event)?;
        let psk = self.device_psk(header.ids().device);
        header.verify(&psk)?;
        trailer.verify(&header, &psk)?;
        Ok(VerifiedEvent { header, trailer })
    }

    /// Opens the event's key.
    pub fn open_event(&self, verified: VerifiedEvent) -> Result<EventOpener, OpenError> {
        let ids = verified.header.ids();
        let psk = self.device_psk(ids.device);
        let (encapsulation, wrapped) = verified.header.wrapped_key();
        // Info is built from this secret's own scope, not from what the header says.
        let info = HeaderIds { scope: *self.scope(), ..*ids }.info();
        let opened = hpke::open(
            &self.key_pair(),
            &psk.0,
            ids.device.as_bytes(),
            info.as_bytes(),
            &encapsulation,
            &wrapped,
        )
        .ok_or(OpenError::NotAuthentic(Purpose::Event))?;
        let key: [u8; 32] = opened.as_slice().try_into().map_err(|_| OpenError::Damaged(Purpose::Event))?;
        Ok(EventOpener::new(Zeroizing::new(key), verified))
    }
}

impl VerifiedEvent {
    /// Confirms that a file begins with the very header that the row has.
    pub fn is_header(&self, bytes: &[u8]) -> Result<(), OpenError> {
        wrap::same_id(&self.header.as_bytes().as_slice(), &bytes, Purpose::Section)
    }

    /// Confirms that a row says of it what header and trailer say: a row whose columns were exchanged is a mix-up.
    pub fn is_as_row(
        &self,
        device: ownsight_model::DeviceId,
        started_at: ownsight_model::Timestamp,
        ended_at: ownsight_model::Timestamp,
        label: u8,
    ) -> Result<(), OpenError> {
        let ids = self.ids();
        let trailer = &self.trailer;
        wrap::same_id(
            &(device, started_at, ended_at, label),
            &(ids.device, ids.started_at, trailer.ended_at, trailer.label.code()),
            Purpose::Event,
        )
    }

    /// Confirms that it is the event that was asked for.
    pub fn is_event(&self, asked: ownsight_model::EventId) -> Result<(), OpenError> {
        wrap::same_id(&asked, &self.ids().event, Purpose::Event)
    }

    /// What the header names.
    pub fn ids(&self) -> &HeaderIds {
        self.header.ids()
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// What the trailer says.
    pub fn trailer(&self) -> &Trailer {
        &self.trailer
    }
}

impl EventOpener {
    pub(crate) fn new(event_key: Key, verified: VerifiedEvent) -> Self {
        Self { event_key, verified }
    }

    /// What was verified before it opened.
    pub fn verified(&self) -> &VerifiedEvent {
        &self.verified
    }

    /// Where the section of this kind lies, if the event has one.
    pub fn section(&self, kind: SectionKind) -> Option<Section> {
        self.verified.trailer.section(kind)
    }

    /// Begins to open a section, given the first 40 bytes of it. Its last segment must be opened first.
    pub fn open_section(
        &self,
        section: Section,
        stream_header: &[u8; HEADER_LEN],
    ) -> Result<UnprovenOpener, StreamError> {
        let header = &self.verified.header;
        let key = section_key(&self.event_key, header, section.kind);
        let associated = section_data(header, section.kind);
        UnprovenOpener::new(&key, &associated, stream_header, section.length, SegmentSize::KIB_64)
    }
}

impl std::fmt::Debug for EventOpener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EventOpener({}, …)", self.verified.ids().event)
    }
}
