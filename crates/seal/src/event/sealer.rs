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
use crate::stream::{SealerCore, SegmentSize, StreamKey};

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

    /// Seals what was found when looking around, for this camera, which is the look's draft.
    pub fn seal_look(&self, found: &[u8]) -> Vec<u8> {
        crate::look::seal(&self.camera_key, &self.psk, &self.scope, self.device, found)
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
            open: None,
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
    /// The section that is being sealed.
    open: Option<(SectionKind, SealerCore)>,
    out: W,
}

impl<W: Write> EventSealer<W> {
    /// Seals one section. Sections come in the order of their kinds' codes, each kind once.
    ///
    /// Takes memory for two segments of 64 KiB at most beside `plaintext`. After an error of `plaintext` or of the writer the
    /// event can be neither continued nor finished: seal it anew.
    pub fn section(&mut self, kind: SectionKind, plaintext: &mut impl io::Read) -> io::Result<()> {
        self.begin_section(kind)?;
        io::copy(plaintext, &mut Pushed(self))?;
        self.end_section()
    }

    /// Begins a section whose plaintext comes in portions, by [`Self::push`]. As [`Self::section`] in all else.
    pub fn begin_section(&mut self, kind: SectionKind) -> io::Result<()> {
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
        self.open = Some((kind, SealerCore::new(&key, &associated, SegmentSize::KIB_64)?));
        Ok(())
    }

    /// Takes the next plaintext of the section that was begun, and writes what is complete of it.
    pub fn push(&mut self, plaintext: &[u8]) -> io::Result<()> {
        let (_, sealer) = self.open.as_mut().ok_or_else(no_section)?;
        let pushed = sealer.push_to(plaintext, |sealed| self.out.write_all(sealed));
        if pushed.is_err() {
            self.open = None;
        }
        pushed
    }

    /// Ends the section that was begun.
    pub fn end_section(&mut self) -> io::Result<()> {
        let (kind, sealer) = self.open.take().ok_or_else(no_section)?;
        let lengths = sealer.finish_to(|sealed| self.out.write_all(sealed))?;
        self.sections.push(Section { kind, offset: self.length, length: lengths.ciphertext });
        self.length += lengths.ciphertext;
        self.broken = false;
        Ok(())
    }

    /// What it writes to.
    pub fn writer(&mut self) -> &mut W {
        &mut self.out
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

/// The open section of an event as a writer.
struct Pushed<'a, W>(&'a mut EventSealer<W>);

impl<W: Write> Write for Pushed<'_, W> {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        self.0.push(plaintext)?;
        Ok(plaintext.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn no_section() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "no section was begun")
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
