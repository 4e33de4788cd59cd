//! Whether bytes have the form of a JPEG that browsers show: its markers, as they pass. Nothing is decoded.

/// Most pixels of a side.
pub const SIDE_MAX: u16 = 8_192;
/// Most segments before, between and after the scans.
const SEGMENTS_MAX: u32 = 1_000;

/// What is wrong with a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It does not begin as one.
    #[error("it does not begin with FF D8")]
    NoJpeg,
    /// There is something between its segments.
    #[error("there is something else where a marker must be")]
    NoMarker,
    /// A marker that has no place there.
    #[error("the marker FF {0:02X} has no place there")]
    Marker(u8),
    /// A segment's length cannot be right.
    #[error("a segment has a length that cannot be right")]
    Length,
    /// Too many segments.
    #[error("it has more than 1,000 segments")]
    Segments,
    /// A kind of JPEG that browsers do not show.
    #[error("it is neither a baseline nor a progressive JPEG of 8 bits with one or three colours")]
    Kind,
    /// No picture, or a huge one.
    #[error("it has {width}×{height} pixels; 1 to 8,192 on each side are taken")]
    Size {
        /// Pixels in a row.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// It ended before its end marker, or without a picture.
    #[error("it ends before its picture does")]
    CutOff,
    /// There are bytes after its end marker.
    #[error("something follows its end")]
    Surplus,
}

/// Looks at a JPEG as it passes. Memory for a segment's head.
#[derive(Debug, Default)]
pub struct JpegCheck {
    state: State,
    segments: u32,
    has_frame: bool,
    has_scan: bool,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    /// Before the first byte.
    #[default]
    Start,
    /// After FF of the first marker.
    StartCode,
    /// Where a marker begins.
    Marker,
    /// After FF: fill bytes, or the marker's code.
    Code,
    /// After the code: two bytes of length.
    Length { code: u8, high: Option<u8> },
    /// In the head of a frame.
    Frame { left: u16, head: [u8; 6], have: usize },
    /// In what is not looked at.
    Skip { left: u16, scan: bool },
    /// In a scan's data.
    Scan,
    /// After FF in a scan's data.
    ScanCode,
    /// After the end marker.
    End,
}

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;

impl JpegCheck {
    /// Takes the next bytes.
    pub fn take(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        while let Some((&byte, rest)) = bytes.split_first() {
            bytes = match self.state {
                State::Skip { left, scan } => {
                    let (skipped, rest) = bytes.split_at(usize::from(left).min(bytes.len()));
                    self.skip(left - skipped.len() as u16, scan);
                    rest
                }
                State::Scan => match bytes.iter().position(|byte| *byte == 0xff) {
                    Some(at) => {
                        self.state = State::ScanCode;
                        bytes.split_at(at + 1).1
                    }
                    None => &[],
                },
                _ => {
                    self.byte(byte)?;
                    rest
                }
            };
        }
        Ok(())
    }

    /// There are no more bytes: whether the picture is whole.
    pub fn end(&self) -> Result<(), Fault> {
        if matches!(self.state, State::End) { Ok(()) } else { Err(Fault::CutOff) }
    }

    fn skip(&mut self, left: u16, scan: bool) {
        self.state = match (left, scan) {
            (1.., _) => State::Skip { left, scan },
            (0, true) => State::Scan,
            (0, false) => State::Marker,
        };
    }

    fn byte(&mut self, byte: u8) -> Result<(), Fault> {
        self.state = match self.state {
            State::Start if byte == 0xff => State::StartCode,
            State::StartCode if byte == SOI => State::Marker,
            State::Start | State::StartCode => return Err(Fault::NoJpeg),
            State::Marker | State::Code if byte == 0xff => State::Code,
            State::Marker => return Err(Fault::NoMarker),
            State::Code => return self.marker(byte),
            State::Length { code, high: None } => State::Length { code, high: Some(byte) },
            State::Length { code, high: Some(high) } => {
                return self.segment(code, u16::from_be_bytes([high, byte]));
            }
            State::Frame { left, mut head, have } => {
                if let Some(place) = head.get_mut(have) {
                    *place = byte;
                }
                if have + 1 == head.len() {
                    return self.frame(left - 1, head);
                }
                State::Frame { left: left - 1, head, have: have + 1 }
            }
            // A stuffed byte, a restart, or a fill byte; else a marker.
            State::ScanCode => match byte {
                0x00 | 0xd0..=0xd7 => State::Scan,
                0xff => State::ScanCode,
                _ => return self.marker(byte),
            },
            State::End => return Err(Fault::Surplus),
            State::Skip { .. } | State::Scan => return Ok(()),
        };
        Ok(())
    }

    fn marker(&mut self, code: u8) -> Result<(), Fault> {
        self.segments += 1;
        if self.segments > SEGMENTS_MAX {
            return Err(Fault::Segments);
        }
        self.state = match code {
            EOI if self.has_scan => State::End,
            EOI => return Err(Fault::CutOff),
            // Frames: baseline, extended sequential, progressive. One of them.
            0xc0..=0xc2 if self.has_frame => return Err(Fault::Marker(code)),
            SOS if !self.has_frame => return Err(Fault::Marker(code)),
            0xc0..=0xc2 | 0xc4 | SOS | 0xdb | 0xdd | 0xe0..=0xef | 0xfe => State::Length { code, high: None },
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return Err(Fault::Kind),
            _ => return Err(Fault::Marker(code)),
        };
        Ok(())
    }

    fn segment(&mut self, code: u8, length: u16) -> Result<(), Fault> {
        let left = length.checked_sub(2).ok_or(Fault::Length)?;
        match code {
            0xc0..=0xc2 => {
                if left < 6 {
                    return Err(Fault::Length);
                }
                self.state = State::Frame { left, head: [0; 6], have: 0 };
            }
            SOS => {
                // At least one component.
                if left < 6 {
                    return Err(Fault::Length);
                }
                self.has_scan = true;
                self.skip(left, true);
            }
            _ => self.skip(left, false),
        }
        Ok(())
    }

    /// The head of a frame: precision, height, width, number of components; `left` bytes of these follow.
    fn frame(&mut self, left: u16, head: [u8; 6]) -> Result<(), Fault> {
        let [precision, height @ .., components] = head;
        let [height_high, height_low, width_high, width_low] = height;
        let (width, height) =
            (u16::from_be_bytes([width_high, width_low]), u16::from_be_bytes([height_high, height_low]));
        if precision != 8 || !matches!(components, 1 | 3) {
            return Err(Fault::Kind);
        }
        if !(1..=SIDE_MAX).contains(&width) || !(1..=SIDE_MAX).contains(&height) {
            return Err(Fault::Size { width, height });
        }
        if left != 3 * u16::from(components) {
            return Err(Fault::Length);
        }
        self.has_frame = true;
        self.skip(left, false);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment(code: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u16 + 2).to_be_bytes();
        [&[0xff, code], length.as_slice(), payload].concat()
    }

    fn frame(code: u8, precision: u8, height: u16, width: u16, components: u8) -> Vec<u8> {
        let mut payload = vec![precision];
        payload.extend(height.to_be_bytes());
        payload.extend(width.to_be_bytes());
        payload.push(components);
        payload.extend(vec![0x11; usize::from(components) * 3]);
        segment(code, &payload)
    }

    fn scan() -> Vec<u8> {
        let mut scan = segment(SOS, &[1, 1, 0, 0, 63, 0]);
        scan.extend([0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56, 0xff, 0xff, 0xd1]);
        scan
    }

    /// A picture with these segments between its beginning and its end.
    fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
        [&[0xff, SOI], segments.concat().as_slice(), &[0xff, EOI]].concat()
    }

    fn plain() -> Vec<u8> {
        let tables = [segment(0xe0, b"JFIF\0"), segment(0xdb, &[0; 65])];
        jpeg(&[tables.concat(), frame(0xc0, 8, 480, 640, 3), segment(0xc4, &[0; 20]), scan()])
    }

    fn check(bytes: &[u8], portion: usize) -> Result<(), Fault> {
        let mut check = JpegCheck::default();
        bytes.chunks(portion.max(1)).try_for_each(|portion| check.take(portion))?;
        check.end()
    }

    #[test]
    fn pictures_pass_whatever_the_portions() {
        let progressive = jpeg(&[frame(0xc2, 8, 1, SIDE_MAX, 1), scan(), segment(0xc4, &[0; 20]), scan()]);
        let filled = jpeg(&[vec![0xff, 0xff], frame(0xc0, 8, 9, 9, 1), scan()]);
        for picture in [plain(), progressive, filled] {
            for portion in [1, 2, 3, 7, 64, 10_000] {
                assert_eq!(check(&picture, portion), Ok(()), "{portion}");
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let size = |width, height| Fault::Size { width, height };
        let wrong = [
            (b"\x89PNG\r\n\x1a\n".to_vec(), Fault::NoJpeg),
            (Vec::new(), Fault::CutOff),
            ([&[0xff, SOI], b"GIF89a".as_slice()].concat(), Fault::NoMarker),
            (jpeg(&[]), Fault::CutOff),
            (jpeg(&[frame(0xc0, 8, 9, 9, 3)]), Fault::CutOff),
            (jpeg(&[scan()]), Fault::Marker(SOS)),
            (jpeg(&[vec![0xff, SOI]]), Fault::Marker(SOI)),
            (jpeg(&[vec![0xff, 0x00]]), Fault::Marker(0)),
            (jpeg(&[segment(0xdc, &[0, 9])]), Fault::Marker(0xdc)),
            (jpeg(&[frame(0xc0, 8, 9, 9, 3), frame(0xc0, 8, 9, 9, 3)]), Fault::Marker(0xc0)),
            (jpeg(&[vec![0xff, 0xe0, 0, 1]]), Fault::Length),
            (jpeg(&[segment(0xc0, &[8, 0, 9])]), Fault::Length),
            (jpeg(&[segment(0xc0, &[8, 0, 9, 0, 9, 3, 1, 1])]), Fault::Length),
            (jpeg(&[frame(0xc0, 8, 9, 9, 3), segment(SOS, &[0, 0])]), Fault::Length),
            (jpeg(&[frame(0xc3, 8, 9, 9, 3)]), Fault::Kind),
            (jpeg(&[frame(0xc9, 8, 9, 9, 3)]), Fault::Kind),
            (jpeg(&[frame(0xc1, 12, 9, 9, 3)]), Fault::Kind),
            (jpeg(&[frame(0xc0, 8, 9, 9, 4)]), Fault::Kind),
            (jpeg(&[frame(0xc0, 8, 0, 9, 3)]), size(9, 0)),
            (jpeg(&[frame(0xc0, 8, 9, SIDE_MAX + 1, 3)]), size(SIDE_MAX + 1, 9)),
            (jpeg(&[segment(0xfe, b"").repeat(1_001)]), Fault::Segments),
            ([plain(), vec![0]].concat(), Fault::Surplus),
        ];
        for (bytes, fault) in wrong {
            for portion in [1, 5, 10_000] {
                assert_eq!(check(&bytes, portion), Err(fault), "{fault}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_picture_that_is_cut_off_is_not_whole(cut in any::<prop::sample::Index>(), portion in 1_usize..99) {
            let picture = plain();
            prop_assert_eq!(check(&picture[..cut.index(picture.len())], portion), Err(Fault::CutOff));
        }

        #[test]
        fn portions_do_not_matter_and_nothing_panics(
            noise in prop::collection::vec(prop_oneof![Just(0xff), any::<u8>()], 0..400),
            at in any::<prop::sample::Index>(),
            portion in 1_usize..50,
        ) {
            let mut picture = plain();
            let at = at.index(picture.len());
            picture.splice(at..at, noise.iter().copied());
            prop_assert_eq!(check(&picture, portion), check(&picture, usize::MAX));
            let _ = check(&noise, portion);
        }
    }
}
