//! Sealing at the source: one [`CameraSealer`] for one camera's place in one home, one [`EventSealer`] an event.

use std::io::{self, Write};

use ownsight_model::{DeviceId, EventId, Label, LabelSource, SectionKind, Timestamp};
use zeroize::Zeroizing;

use crate::camera::CameraScope;
use crate::event::header::{HEADER_BYTES, Header, HeaderIds};
use crate::event::trailer::{Section, Trailer};
use crate::hpke::{self, PublicKey};
use crate::primitives::{self, Key};
use crate::report::CameraReportKind;
use crate::secret::DevicePsk;
use crate::stream::{SegmentSize, StreamKey, StreamSealer};

/// What a device needs to seal the events of one camera; from its configuration, and nowhere else.
#[derive(Clone, Debug)]
pub struct CameraSealer {
    scope: CameraScope,
    device: DeviceId,
    camera_key: PublicKey,
    psk: DevicePsk,
}

impl CameraSealer {
    /// A sealer for one camera in one home, tenure and pair of epochs.
    pub fn new(scope: CameraScope, device: DeviceId, camera_key: PublicKey, psk: DevicePsk) -> Self {
        Self { scope, device, camera_key, psk }
    }

    /// Where what it seals belongs.
    pub fn scope(&self) -> &CameraScope {
        &self.scope
    }

    /// Tags a report on this camera.
    pub fn tag_report(&self, kind: CameraReportKind, report: &[u8]) -> [u8; 32] {
        crate::report::tag_camera_report(kind, &self.psk, &self.scope, self.device, report)
    }

    /// Begins an event: writes its header to `out`.
    pub fn begin<W: Write>(
        &self,
        event: EventId,
        started_at: Timestamp,
        mut out: W,
    ) -> io::Result<EventSealer<W>> {
        let ids = HeaderIds { scope: self.scope, device: self.device, event, started_at };
        let event_key: Key = Zeroizing::new(primitives::random());
        let (encapsulation, wrapped) = hpke::seal(
            &self.camera_key,
            &self.psk.0,
            self.device.as_bytes(),
            ids.info().as_bytes(),
            &*event_key,
        );
        let header = Header::build(&ids, &self.psk, &encapsulation, &wrapped);
        out.write_all(header.as_bytes())?;
        let psk = self.psk.clone();
        Ok(EventSealer {
            header,
            psk,
            event_key,
            sections: Vec::new(),
            length: HEADER_BYTES as u64,
            broken: false,
            out,
        })
    }
}

/// An event being sealed. Dropped before [`EventSealer::finish`] it leaves bytes that are no object.
pub struct EventSealer<W> {
    header: Header,
    psk: DevicePsk,
    event_key: Key,
    sections: Vec<Section>,
    length: u64,
    /// A section broke off, so that what follows would not be where the trailer says.
    broken: bool,
    out: W,
}

impl<W: Write> EventSealer<W> {
    /// Seals one section. Sections come in the order of their kinds' codes, each kind once.
    ///
    /// Takes memory for one segment of 64 KiB beside `plaintext`. After an error of `plaintext` or of the writer the
    /// event can be neither continued nor finished: seal it anew.
    pub fn section(&mut self, kind: SectionKind, plaintext: &mut impl io::Read) -> io::Result<()> {
        self.whole()?;
        if self.sections.last().is_some_and(|last| last.kind >= kind) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "sections come in the order of their kinds",
            ));
        }
        self.broken = true;
        let key = section_key(&self.event_key, &self.header, kind);
        let associated = section_data(&self.header, kind);
        let mut sealer = StreamSealer::new(&mut self.out, &key, &associated, SegmentSize::KIB_64)?;
        io::copy(plaintext, &mut sealer)?;
        let (_, lengths) = sealer.finish()?;
        self.sections.push(Section { kind, offset: self.length, length: lengths.ciphertext });
        self.length += lengths.ciphertext;
        self.broken = false;
        Ok(())
    }

    fn whole(&self) -> io::Result<()> {
        if self.broken { Err(io::Error::other("a section broke off; seal the event anew")) } else { Ok(()) }
    }

    /// Ends the event: writes its trailer and gives back what it was written to, with the object's length in bytes.
    pub fn finish(
        mut self,
        ended_at: Timestamp,
        label: Label,
        label_source: LabelSource,
    ) -> io::Result<(W, u64)> {
        self.whole()?;
        if self.sections.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "an event has at least one section"));
        }
        let trailer = Trailer::build(&self.header, &self.psk, &self.sections, ended_at, label, label_source);
        self.out.write_all(&trailer)?;
        Ok((self.out, self.length + trailer.len() as u64))
    }
}

impl<W> std::fmt::Debug for EventSealer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EventSealer({}, …)", self.header.ids().event)
    }
}

pub(crate) fn section_key(event_key: &Key, header: &Header, kind: SectionKind) -> StreamKey {
    let context = crate::canonical::Context::new(crate::Purpose::Section, header.ids().scope.installation)
        .section(kind);
    StreamKey::new(*primitives::hkdf(&**event_key, &[], &context))
}

/// Associated data of a section: header ‖ kind.
pub(crate) fn section_data(header: &Header, kind: SectionKind) -> Vec<u8> {
    let mut data = Vec::with_capacity(HEADER_BYTES + 1);
    data.extend_from_slice(header.as_bytes());
    data.push(kind.code());
    data
}
