//! The trailer of a sealed object: where its sections are, when the event ended, and what it is about.
//!
//! ```text
//! offset  size  what (numbers are big-endian)
//! 0       4     "OWNT"
//! 4       1     format version, 1
//! 5       1     label
//! 6       1     who says so
//! 7       1     number n of sections, 1 to 16
//! 8       8     end time, microseconds since 1970 (signed)
//! 16      17·n  for each section: kind (1), offset from the object's begin (8), sealed length (8)
//! 16+17n  32    HMAC-SHA-256 over header tag ‖ bytes 0 to 15+17n under HKDF(PSK; trailer-tag)
//! 48+17n  4     length of the trailer, these four bytes included
//! ```
//! Sections follow the header and each other without gaps, each kind once, in the order of their codes; each length
//! is one that a stream of 64 KiB segments can have.

use ownsight_model::{Label, LabelSource, SectionKind, Timestamp};

use crate::canonical::{Context, FORMAT_VERSION};
use crate::error::malformed;
use crate::event::header::{Fields, HEADER_BYTES, Header};
use crate::primitives::{self, Key};
use crate::secret::DevicePsk;
use crate::stream::{SegmentSize, StreamError, StreamLayout};
use crate::{OpenError, Purpose};

/// Most sections that an object has.
pub const SECTIONS_MAX: usize = 16;
/// Most bytes of a trailer.
pub const TRAILER_BYTES_MAX: usize = HEAD_BYTES + SECTIONS_MAX * ENTRY_BYTES + TAIL_BYTES;
const HEAD_BYTES: usize = 16;
const ENTRY_BYTES: usize = 17;
const TAG_BYTES: usize = 32;
const TAIL_BYTES: usize = TAG_BYTES + 4;
const MAGIC: [u8; 4] = *b"OWNT";
const WHAT: &str = "trailer";

/// Where a section lies in its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// What it holds.
    pub kind: SectionKind,
    /// Bytes from the object's begin.
    pub offset: u64,
    /// Sealed bytes.
    pub length: u64,
}

impl Section {
    /// Bytes of what it holds, once opened.
    pub fn plaintext_length(&self) -> u64 {
        self.layout().map_or(0, |layout| layout.plaintext_len())
    }

    /// Where its segments lie, from its offset on.
    pub fn layout(&self) -> Result<StreamLayout, StreamError> {
        StreamLayout::of_ciphertext(SegmentSize::KIB_64, self.length)
    }
}

/// A trailer whose form is right. Nothing in it is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    bytes: Vec<u8>,
    /// When the event ended, by the device's corrected clock.
    pub ended_at: Timestamp,
    /// What it is about.
    pub label: Label,
    /// Who says so.
    pub label_source: LabelSource,
    sections: Vec<Section>,
}

impl Trailer {
    /// The length of the trailer that ends with these four bytes, the last of an object.
    pub fn length_of(last_four: [u8; 4]) -> Result<usize, OpenError> {
        let length = u32::from_be_bytes(last_four) as usize;
        if (HEAD_BYTES + ENTRY_BYTES + TAIL_BYTES..=TRAILER_BYTES_MAX).contains(&length) {
            Ok(length)
        } else {
            Err(malformed(WHAT, "its length is none that a trailer has"))
        }
    }

    /// Reads a trailer's bytes, of an object of `object_bytes` in all: form only.
    pub fn parse(bytes: &[u8], object_bytes: u64) -> Result<Self, OpenError> {
        let (_, last_four) = bytes.split_last_chunk::<4>().ok_or(malformed(WHAT, "it is too short"))?;
        if Self::length_of(*last_four)? != bytes.len() {
            return Err(malformed(WHAT, "its length is not the one that it states"));
        }
        let mut fields = Fields(bytes);
        if fields.take::<4>() != MAGIC {
            return Err(malformed(WHAT, "it does not begin with OWNT"));
        }
        let [version, label, source, count] = fields.take::<4>();
        if version != FORMAT_VERSION {
            return Err(malformed(WHAT, "its format version is not known"));
        }
        let label = Label::from_code(label).ok_or(malformed(WHAT, "its label is not known"))?;
        let label_source =
            LabelSource::from_code(source).ok_or(malformed(WHAT, "its label's source is not known"))?;
        if bytes.len() != HEAD_BYTES + usize::from(count) * ENTRY_BYTES + TAIL_BYTES {
            return Err(malformed(WHAT, "its length does not fit its number of sections"));
        }
        let ended_at = Timestamp::from_micros(i64::from_be_bytes(fields.take()));
        let mut sections: Vec<Section> = Vec::with_capacity(usize::from(count));
        let mut next = HEADER_BYTES as u64;
        for _ in 0..count {
            let [code] = fields.take::<1>();
            let kind =
                SectionKind::from_code(code).ok_or(malformed(WHAT, "a section's kind is not known"))?;
            let offset = u64::from_be_bytes(fields.take());
            let length = u64::from_be_bytes(fields.take());
            if sections.last().is_some_and(|last| last.kind >= kind) {
                return Err(malformed(WHAT, "its sections are not in the order of their kinds"));
            }
            if offset != next {
                return Err(malformed(WHAT, "its sections do not follow each other"));
            }
            if StreamLayout::of_ciphertext(SegmentSize::KIB_64, length).is_err() {
                return Err(malformed(WHAT, "a section has a length that no stream has"));
            }
            next = offset.checked_add(length).ok_or(malformed(WHAT, "a section is too long"))?;
            sections.push(Section { kind, offset, length });
        }
        if next.checked_add(bytes.len() as u64) != Some(object_bytes) {
            return Err(malformed(WHAT, "its sections do not fill the object"));
        }
        Ok(Self { bytes: bytes.to_vec(), ended_at, label, label_source, sections })
    }

    pub(crate) fn build(
        header: &Header,
        psk: &DevicePsk,
        sections: &[Section],
        ended_at: Timestamp,
        label: Label,
        label_source: LabelSource,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD_BYTES + sections.len() * ENTRY_BYTES + TAIL_BYTES);
        out.extend_from_slice(&MAGIC);
        // The sealer holds sections to one of each kind, far below 256.
        out.extend_from_slice(&[FORMAT_VERSION, label.code(), label_source.code(), sections.len() as u8]);
        out.extend_from_slice(&ended_at.as_micros().to_be_bytes());
        for section in sections {
            out.push(section.kind.code());
            out.extend_from_slice(&section.offset.to_be_bytes());
            out.extend_from_slice(&section.length.to_be_bytes());
        }
        let tag = primitives::mac(&trailer_key(psk, header), &[header.tag(), &out]);
        out.extend_from_slice(&tag);
        out.extend_from_slice(&((out.len() + 4) as u32).to_be_bytes());
        out
    }

    /// Its bytes, as stored in rows and at the end of objects.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its sections, in the order in which they lie.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section of this kind, if there is one.
    pub fn section(&self, kind: SectionKind) -> Option<Section> {
        self.sections.iter().copied().find(|section| section.kind == kind)
    }

    pub(crate) fn verify(&self, header: &Header, psk: &DevicePsk) -> Result<(), OpenError> {
        let (tagged, tail) = self.bytes.split_at(self.bytes.len().saturating_sub(TAIL_BYTES));
        let tag = tail.get(..TAG_BYTES).unwrap_or(&[]);
        if primitives::mac_verifies(&trailer_key(psk, header), &[header.tag(), tagged], tag) {
            Ok(())
        } else {
            Err(OpenError::NotAuthentic(Purpose::TrailerTag))
        }
    }
}

pub(crate) fn trailer_key(psk: &DevicePsk, header: &Header) -> Key {
    primitives::hkdf(&*psk.0, &[], &Context::new(Purpose::TrailerTag, header.ids().scope.installation))
}
