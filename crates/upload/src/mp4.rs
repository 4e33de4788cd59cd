//! Whether bytes have the form of an MP4 with a video track: its boxes, as they pass. Nothing is decoded.
//!
//! What is looked at: `ftyp` first and of a known brand; the sizes of all boxes, and in `moov` of those down to each
//! track's sample description, add up to the whole; a track with handler `vide`, a codec that is known and a size;
//! media data. `moov` may come before or after the data, and the data in fragments.

/// Most pixels of a side.
pub const SIDE_MAX: u16 = 16_384;
/// Most bytes of `moov`, which players hold in memory.
pub const MOOV_MAX: u64 = 16 << 20;
/// Most boxes, those within `moov` included.
const BOXES_MAX: u32 = 100_000;
/// Bytes of a box that are looked at, at most.
const LOOK_MAX: usize = 256;

/// What is wrong with a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It does not begin as one.
    #[error("it does not begin with a box `ftyp`")]
    NoMp4,
    /// Another format of the same family, such as HEIC or QuickTime.
    #[error("its `ftyp` names no brand of MP4")]
    Brand,
    /// Something where a box must be.
    #[error("there is something else where a box must begin")]
    NoBox,
    /// A box has a size that cannot be right.
    #[error("a box is smaller than its own head, or reaches beyond what it lies in")]
    BoxSize,
    /// Too many boxes.
    #[error("it has more than 100,000 boxes")]
    Boxes,
    /// A second `ftyp` or `moov`.
    #[error("it has `{0}` twice")]
    Twice(&'static str),
    /// `moov` is too large.
    #[error("its `moov` has more than 16 MiB")]
    MoovSize,
    /// No `moov`.
    #[error("it has no `moov`: the recording was not finished, or cut off")]
    NoMoov,
    /// No track is a video that is known.
    #[error("none of its tracks is a video of H.264, H.265, AV1 or VP9")]
    NoVideo,
    /// The video's size.
    #[error("its video has {width}×{height} pixels; 1 to 16,384 on each side are taken")]
    Size {
        /// Pixels in a row.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// No data.
    #[error("it has no media data")]
    NoData,
    /// It ends within a box.
    #[error("it ends within a box")]
    CutOff,
}

type Kind = [u8; 4];

/// Brands whose files are MP4: the beginnings of their names.
const BRANDS: [&[u8]; 8] = [b"iso", b"mp4", b"avc", b"M4V", b"dash", b"cmf", b"MSNV", b"3gp"];
const CODECS: [&Kind; 6] = [b"avc1", b"avc3", b"hvc1", b"hev1", b"av01", b"vp09"];

/// Looks at an MP4 of a known length as it passes. Memory for the head of a box, and for how boxes lie in each other.
#[derive(Debug)]
pub struct Mp4Check {
    /// Bytes that passed.
    at: u64,
    state: State,
    /// What was collected of a head, or of a box that is looked at.
    held: Vec<u8>,
    /// The boxes around, outermost first: kind, and where each ends. The first is the file.
    within: Vec<(Kind, u64)>,
    boxes: u32,
    has_type: bool,
    has_movie: bool,
    has_data: bool,
    has_video: bool,
    track: Track,
}

/// What is known of the track that is being read.
#[derive(Debug, Default)]
struct Track {
    is_video: bool,
    codec_known: bool,
    size: (u16, u16),
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// In the head of a box, of which so many bytes are needed.
    Head { needed: usize },
    /// In a box that is looked at: so many bytes of it, and where it ends.
    Look { kind: Kind, needed: usize, end: u64 },
    /// In what is not looked at, up to there.
    Skip { end: u64 },
}

const HEAD: State = State::Head { needed: 8 };

impl Mp4Check {
    /// Of a file of so many bytes.
    pub fn new(length: u64) -> Self {
        Self {
            at: 0,
            state: HEAD,
            held: Vec::new(),
            within: vec![(*b"file", length)],
            boxes: 0,
            has_type: false,
            has_movie: false,
            has_data: false,
            has_video: false,
            track: Track::default(),
        }
    }

    /// Takes the next bytes: all together no more than the file has.
    pub fn take(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        while !bytes.is_empty() {
            let used = match self.state {
                State::Head { needed } | State::Look { needed, .. } => {
                    let used = needed.saturating_sub(self.held.len()).min(bytes.len());
                    self.held.extend_from_slice(bytes.split_at(used).0);
                    used
                }
                State::Skip { end } => usize::try_from(end - self.at).unwrap_or(usize::MAX).min(bytes.len()),
            };
            self.at += used as u64;
            bytes = bytes.split_at(used).1;
            self.go_on()?;
        }
        Ok(())
    }

    /// There are no more bytes: whether the video is whole.
    pub fn end(&self) -> Result<(), Fault> {
        let whole =
            self.within.len() == 1 && matches!(self.state, State::Head { .. }) && self.held.is_empty();
        if !whole || self.within.first().is_some_and(|(_, end)| *end != self.at) {
            return Err(if self.has_type { Fault::CutOff } else { Fault::NoMp4 });
        }
        match self {
            Self { has_type: false, .. } => Err(Fault::NoMp4),
            Self { has_movie: false, .. } => Err(Fault::NoMoov),
            Self { has_video: false, .. } => Err(Fault::NoVideo),
            Self { has_data: false, .. } => Err(Fault::NoData),
            _ => Ok(()),
        }
    }

    /// Does all that what has passed allows.
    fn go_on(&mut self) -> Result<(), Fault> {
        match self.state {
            State::Head { needed } if self.held.len() >= needed => self.head(needed)?,
            State::Look { kind, needed, end } if self.held.len() >= needed => {
                self.look(kind)?;
                self.held.clear();
                self.state = State::Skip { end };
            }
            State::Head { .. } | State::Look { .. } | State::Skip { .. } => {}
        }
        if let State::Look { kind, needed: 0, end } = self.state {
            self.look(kind)?;
            self.state = State::Skip { end };
        }
        if let State::Skip { end } = self.state
            && self.at == end
        {
            self.state = HEAD;
        }
        if matches!(self.state, State::Head { .. }) && self.held.is_empty() {
            self.leave()?;
        }
        Ok(())
    }

    /// Leaves the boxes that end here.
    fn leave(&mut self) -> Result<(), Fault> {
        while let [_, .., (kind, end)] = self.within.as_slice()
            && *end == self.at
        {
            if kind == b"trak" {
                self.end_track()?;
            }
            self.within.pop();
        }
        let room = self.within.last().map_or(0, |(_, end)| end.saturating_sub(self.at));
        if (1..8).contains(&room) { Err(Fault::BoxSize) } else { Ok(()) }
    }

    fn end_track(&mut self) -> Result<(), Fault> {
        let Track { is_video, codec_known, size: (width, height) } = std::mem::take(&mut self.track);
        if !(is_video && codec_known) {
            return Ok(());
        }
        if !(1..=SIDE_MAX).contains(&width) || !(1..=SIDE_MAX).contains(&height) {
            return Err(Fault::Size { width, height });
        }
        self.has_video = true;
        Ok(())
    }

    fn head(&mut self, needed: usize) -> Result<(), Fault> {
        let Some((&size, rest)) = self.held.split_first_chunk::<4>() else { return Ok(()) };
        let Some((&kind, rest)) = rest.split_first_chunk::<4>() else { return Ok(()) };
        let (parent, parent_end) = self.within.last().copied().unwrap_or((*b"file", 0));
        let outermost = self.within.len() == 1;
        let begin = self.at - needed as u64;
        if needed == 8 {
            let is_text = kind.iter().all(|byte| matches!(byte, 0x20..=0x7e | 0xa9));
            if !self.has_type && &kind != b"ftyp" {
                return Err(Fault::NoMp4);
            }
            if !is_text {
                return Err(Fault::NoBox);
            }
            self.boxes += 1;
            if self.boxes > BOXES_MAX {
                return Err(Fault::Boxes);
            }
        }
        let end = match (u32::from_be_bytes(size), rest.first_chunk::<8>()) {
            (1, None) => {
                self.state = State::Head { needed: 16 };
                return if begin + 16 <= parent_end { Ok(()) } else { Err(Fault::BoxSize) };
            }
            (1, Some(size)) => begin.checked_add(u64::from_be_bytes(*size)).ok_or(Fault::BoxSize)?,
            // Up to the end of the file.
            (0, _) if outermost => parent_end,
            (size, _) => begin + u64::from(size),
        };
        if end < self.at || end > parent_end {
            return Err(Fault::BoxSize);
        }
        self.held.clear();
        self.enter(parent, outermost, kind, end)
    }

    /// Whether a box is entered, looked at or passed over.
    fn enter(&mut self, parent: Kind, outermost: bool, kind: Kind, end: u64) -> Result<(), Fault> {
        let bytes = end - self.at;
        let looked = usize::try_from(bytes).unwrap_or(usize::MAX).min(LOOK_MAX);
        let look = State::Look { kind, needed: looked, end };
        self.state = match (outermost, &parent, &kind) {
            (true, _, b"ftyp") if self.has_type => return Err(Fault::Twice("ftyp")),
            (true, _, b"ftyp") | (false, b"mdia", b"hdlr") | (false, b"stbl", b"stsd") => look,
            (true, _, b"moov") if self.has_movie => return Err(Fault::Twice("moov")),
            (true, _, b"moov") if bytes > MOOV_MAX => return Err(Fault::MoovSize),
            (true, _, b"moov")
            | (false, b"moov", b"trak")
            | (false, b"trak", b"mdia")
            | (false, b"mdia", b"minf")
            | (false, b"minf", b"stbl") => {
                self.has_movie = true;
                self.within.push((kind, end));
                HEAD
            }
            (true, _, b"mdat") => {
                self.has_data |= bytes > 0;
                State::Skip { end }
            }
            _ => State::Skip { end },
        };
        Ok(())
    }

    /// Looks at what was collected of a box.
    fn look(&mut self, kind: Kind) -> Result<(), Fault> {
        let held = self.held.as_slice();
        let at = |at: usize| held.get(at..).and_then(<[u8]>::first_chunk::<4>);
        match &kind {
            b"ftyp" => {
                let (brands, _) = held.as_chunks::<4>();
                // The second one is a version.
                let mut brands = brands.iter().enumerate().filter(|(n, _)| *n != 1).map(|(_, brand)| brand);
                if !brands.any(|brand| BRANDS.iter().any(|known| brand.starts_with(known))) {
                    return Err(Fault::Brand);
                }
                self.has_type = true;
            }
            b"hdlr" => self.track.is_video |= at(8) == Some(b"vide"),
            b"stsd" => {
                self.track.codec_known |= at(12).is_some_and(|codec| CODECS.contains(&codec));
                let [width_high, width_low, height_high, height_low] = at(40).copied().unwrap_or_default();
                self.track.size = (
                    u16::from_be_bytes([width_high, width_low]),
                    u16::from_be_bytes([height_high, height_low]),
                );
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
