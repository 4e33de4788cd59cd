//! A home with a camera and a device, its objects, and how they are read.

use std::ops::Range;

use ownsight_model::{
    CameraEpoch, CameraId, DeviceId, EventId, HomeEpoch, HomeId, InstallationId, Label, LabelSource,
    SectionKind, TenureId, Timestamp,
};
use ownsight_seal::stream::{HEADER_LEN, StreamError};
use ownsight_seal::{
    CameraPlace, CameraSalt, CameraScope, CameraSealer, CameraSecret, ControlKey, EventOpener, HEADER_BYTES,
    Header, HomeKey, HomeScope, OpenError, PairingScope, Section, Trailer, VerifiedEvent,
};

pub(crate) const STARTED_AT: Timestamp = Timestamp::from_micros(1_760_000_000_000_000);
pub(crate) const ENDED_AT: Timestamp = Timestamp::from_micros(1_760_000_012_000_000);

/// A home with one camera and one device.
pub(crate) struct Home {
    pub(crate) control: ControlKey,
    pub(crate) key: HomeKey,
    pub(crate) place: CameraPlace,
    pub(crate) salt: CameraSalt,
    pub(crate) secret: CameraSecret,
    pub(crate) device: DeviceId,
}

impl Home {
    pub(crate) fn new(installation: InstallationId) -> Self {
        let scope = HomeScope { installation, home: HomeId::generate(), epoch: HomeEpoch::FIRST };
        let control = ControlKey::generate(scope);
        let key = control.home_key();
        let place = CameraPlace {
            camera: CameraId::generate(),
            tenure: TenureId::generate(),
            epoch: CameraEpoch::FIRST,
        };
        let salt = CameraSalt::generate();
        let secret = key.camera_secret(&salt, place);
        Self { control, key, place, salt, secret, device: DeviceId::generate() }
    }

    pub(crate) fn scope(&self) -> HomeScope {
        self.control.scope()
    }

    pub(crate) fn pairing(&self) -> PairingScope {
        let HomeScope { installation, home, .. } = self.scope();
        PairingScope { installation, home, device: self.device }
    }

    pub(crate) fn sealer(&self) -> CameraSealer {
        sealer_for(&self.secret, *self.secret.scope(), self.device)
    }
}

/// Two homes of one installation.
pub(crate) fn two_homes() -> (Home, Home) {
    let installation = InstallationId::generate();
    (Home::new(installation), Home::new(installation))
}

/// A sealer with a camera's real keys, that claims a scope.
pub(crate) fn sealer_for(keys: &CameraSecret, claims: CameraScope, device: DeviceId) -> CameraSealer {
    CameraSealer::new(claims, device, keys.public_key(), keys.device_psk(device))
}

pub(crate) type Sections = Vec<(SectionKind, Vec<u8>)>;

/// Thumbnail of one segment, clip of three, motion of one; no two objects have equal bytes.
pub(crate) fn sections(seed: u8) -> Sections {
    let bytes = |len: usize| (0..len).map(|i| (i * 31) as u8 ^ seed).collect();
    vec![
        (SectionKind::Thumbnail, bytes(3_000)),
        (SectionKind::Clip, bytes(150_000)),
        (SectionKind::Motion, bytes(200)),
    ]
}

pub(crate) fn seal(sealer: &CameraSealer, event: EventId, sections: &Sections) -> Vec<u8> {
    let mut sealing = sealer.begin(event, STARTED_AT, Vec::new()).unwrap();
    for (kind, plaintext) in sections {
        sealing.section(*kind, &mut plaintext.as_slice()).unwrap();
    }
    let (object, length) = sealing.finish(ENDED_AT, Label::Motion, LabelSource::Agent).unwrap();
    assert_eq!(object.len() as u64, length);
    object
}

/// Why an object did not open.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Open(OpenError),
    Stream(StreamError),
}

impl From<OpenError> for Refused {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<StreamError> for Refused {
    fn from(error: StreamError) -> Self {
        Self::Stream(error)
    }
}

/// Reads an object as a gate does: from its two ends, with the row's header compared to the file's.
pub(crate) fn open(secret: &CameraSecret, object: &[u8]) -> Result<Sections, Refused> {
    let opener = secret.open_event(verify(secret, object)?)?;
    opener.verified().is_header(&object[..HEADER_BYTES])?;
    let sections = opener.verified().trailer().sections().to_vec();
    sections.into_iter().map(|section| Ok((section.kind, open_section(&opener, section, object)?))).collect()
}

pub(crate) fn verify(secret: &CameraSecret, object: &[u8]) -> Result<VerifiedEvent, OpenError> {
    let (header, trailer) = parse(object)?;
    secret.verify_event(header, trailer)
}

/// An object's header and trailer.
pub(crate) fn parse(object: &[u8]) -> Result<(Header, Trailer), OpenError> {
    let short = OpenError::Malformed { what: "object", why: "it is too short" };
    let header = Header::parse(object.first_chunk::<HEADER_BYTES>().ok_or(short.clone())?)?;
    let length = Trailer::length_of(*object.last_chunk().ok_or(short.clone())?)?;
    let start = object.len().checked_sub(length).ok_or(short)?;
    Ok((header, Trailer::parse(&object[start..], object.len() as u64)?))
}

/// Opens one section of an object whose bytes may be another's.
pub(crate) fn open_section(
    opener: &EventOpener,
    section: Section,
    object: &[u8],
) -> Result<Vec<u8>, StreamError> {
    let stream = &object[place(section)];
    let unproven = opener.open_section(section, stream.first_chunk::<HEADER_LEN>().unwrap())?;
    let layout = *unproven.layout();
    let segment = |number| {
        let place = layout.ciphertext_range(number).unwrap();
        stream[place.start as usize..place.end as usize].to_vec()
    };
    let mut last = segment(layout.last_segment());
    let (opener, end) = unproven.prove(&mut last)?;
    let mut plaintext = Vec::new();
    for number in 0..layout.last_segment() {
        plaintext.extend_from_slice(opener.open_segment(number, &mut segment(number))?);
    }
    plaintext.extend_from_slice(end);
    Ok(plaintext)
}

pub(crate) fn place(section: Section) -> Range<usize> {
    section.offset as usize..(section.offset + section.length) as usize
}

/// Where an object's sections lie.
pub(crate) fn directory(object: &[u8]) -> Vec<Section> {
    parse(object).unwrap().1.sections().to_vec()
}

pub(crate) fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[bit / 8] ^= 1 << (bit % 8);
    changed
}
