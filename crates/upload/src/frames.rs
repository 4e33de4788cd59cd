//! The framing of an upload: a line of metadata, thumbnail, clip, 32 bytes of MAC over all that. Pure, no I/O.
//!
//! Memory for one line and one MAC; parts are handed on as they come.

use crate::UploadError;
use crate::metadata::{LINE_MAX, Metadata};

/// Bytes of the MAC at the end.
pub(crate) const MAC_BYTES: usize = 32;

/// One of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Thumbnail,
    Clip,
}

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Of something that is not whole yet.
    More,
    /// The end of the line: what it says.
    Metadata(Metadata),
    /// All that was used is of a part; `ends`: its last bytes.
    Part { part: Part, ends: bool },
    /// The end of the MAC, and so of the upload.
    Mac([u8; MAC_BYTES]),
}

/// Reads an upload in portions of any length.
#[derive(Debug)]
pub(crate) struct Frames {
    state: State,
    /// Of the line, and then of the MAC.
    held: Vec<u8>,
    /// Of the part that comes after the one that is read.
    clip_bytes: u64,
}

#[derive(Debug)]
enum State {
    Line,
    Part { part: Part, left: u64 },
    Mac,
    Ended,
}

impl Frames {
    pub(crate) fn new() -> Self {
        Self { state: State::Line, held: Vec::new(), clip_bytes: 0 }
    }

    /// Whether the next bytes are under the MAC.
    pub(crate) fn is_signed(&self) -> bool {
        matches!(self.state, State::Line | State::Part { .. })
    }

    /// Whether the upload is whole.
    pub(crate) fn ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Takes the next bytes: how many of them it used, at least one, and what they are. `input` is not empty.
    pub(crate) fn step(&mut self, input: &[u8]) -> Result<(usize, Step), UploadError> {
        match self.state {
            State::Line => self.line(input),
            State::Part { part, left } => {
                let used = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                let left = left - used as u64;
                self.state = match (part, left) {
                    (_, 1..) => State::Part { part, left },
                    (Part::Thumbnail, 0) => State::Part { part: Part::Clip, left: self.clip_bytes },
                    (Part::Clip, 0) => State::Mac,
                };
                Ok((used, Step::Part { part, ends: left == 0 }))
            }
            State::Mac => {
                let used = (MAC_BYTES - self.held.len()).min(input.len());
                let (bytes, _) = input.split_at(used);
                self.held.extend_from_slice(bytes);
                let Ok(mac) = self.held.as_slice().try_into() else { return Ok((used, Step::More)) };
                self.state = State::Ended;
                Ok((used, Step::Mac(mac)))
            }
            State::Ended => Err(UploadError::malformed(
                "the body is longer than its first line says: nothing follows the 32 bytes of the HMAC",
            )),
        }
    }

    fn line(&mut self, input: &[u8]) -> Result<(usize, Step), UploadError> {
        let end = input.iter().position(|byte| *byte == b'\n');
        let (bytes, _) = input.split_at(end.unwrap_or(input.len()));
        if self.held.len() + bytes.len() >= LINE_MAX {
            return Err(UploadError::malformed(
                "the first line has more than 1,024 bytes: it is the JSON of the metadata, and ends with a line feed",
            ));
        }
        self.held.extend_from_slice(bytes);
        if end.is_none() {
            return Ok((bytes.len(), Step::More));
        }
        let metadata = Metadata::parse(&self.held)?;
        self.held.clear();
        self.clip_bytes = metadata.clip_bytes;
        self.state = State::Part { part: Part::Thumbnail, left: metadata.thumbnail_bytes };
        Ok((bytes.len() + 1, Step::Metadata(metadata)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ownsight_model::EventId;
    use proptest::prelude::*;

    fn upload(thumbnail: &[u8], clip: &[u8]) -> Vec<u8> {
        let line = serde_json::json!({
            "event": EventId::from_bytes([7; 16]), "started_at": 1, "duration_ms": 2,
            "thumbnail_bytes": thumbnail.len(), "clip_bytes": clip.len(),
        });
        [line.to_string().as_bytes(), b"\n", thumbnail, clip, &[0xaa; MAC_BYTES]].concat()
    }

    #[derive(Debug, Default, PartialEq, Eq)]
    struct Read {
        metadata: Option<Metadata>,
        thumbnail: Vec<u8>,
        clip: Vec<u8>,
        ends: u32,
        mac: Option<[u8; MAC_BYTES]>,
        signed: Vec<u8>,
    }

    /// Reads in portions of these lengths, and what is left at once.
    fn read(body: &[u8], portions: &[usize]) -> Result<Read, String> {
        let (mut frames, mut out, mut body) = (Frames::new(), Read::default(), body);
        let mut portions = portions.iter().copied();
        while !body.is_empty() {
            let (mut portion, rest) =
                body.split_at(portions.next().unwrap_or(body.len()).clamp(1, body.len()));
            body = rest;
            while !portion.is_empty() {
                let signed = frames.is_signed();
                let (used, step) = frames.step(portion).map_err(|error| error.to_string())?;
                assert!(used > 0 && used <= portion.len());
                assert!(frames.held.len() < LINE_MAX.max(MAC_BYTES + 1), "memory for a line and a MAC");
                if signed {
                    out.signed.extend_from_slice(&portion[..used]);
                }
                match step {
                    Step::More => {}
                    Step::Metadata(metadata) => assert!(out.metadata.replace(metadata).is_none()),
                    Step::Part { part, ends } => {
                        let of = if part == Part::Clip { &mut out.clip } else { &mut out.thumbnail };
                        of.extend_from_slice(&portion[..used]);
                        out.ends += u32::from(ends);
                    }
                    Step::Mac(mac) => out.mac = Some(mac),
                }
                portion = &portion[used..];
            }
        }
        assert_eq!(frames.ended(), out.mac.is_some());
        Ok(out)
    }

    proptest! {
        #[test]
        fn what_was_framed_is_read_whatever_the_portions(
            thumbnail in prop::collection::vec(any::<u8>(), 1..300),
            clip in prop::collection::vec(any::<u8>(), 1..700),
            portions in prop::collection::vec(1_usize..200, 0..40),
        ) {
            let body = upload(&thumbnail, &clip);
            let read = read(&body, &portions).unwrap();
            prop_assert_eq!(&read.thumbnail, &thumbnail);
            prop_assert_eq!(&read.clip, &clip);
            prop_assert_eq!((read.ends, read.mac), (2, Some([0xaa; MAC_BYTES])));
            prop_assert_eq!(&read.signed[..], &body[..body.len() - MAC_BYTES]);
        }

        #[test]
        fn what_is_cut_off_is_never_whole(
            clip in prop::collection::vec(any::<u8>(), 1..300),
            portions in prop::collection::vec(1_usize..60, 0..20),
            cut in any::<prop::sample::Index>(),
        ) {
            let body = upload(b"thumbnail", &clip);
            let read = read(&body[..cut.index(body.len())], &portions).unwrap();
            prop_assert_eq!(read.mac, None);
        }

        #[test]
        fn anything_else_is_an_error_or_not_whole_and_never_a_panic(
            body in prop::collection::vec(any::<u8>(), 0..3_000),
            portions in prop::collection::vec(1_usize..500, 0..20),
        ) {
            if let Ok(read) = read(&body, &portions) {
                prop_assert_eq!(read.metadata, None);
            }
        }
    }

    #[test]
    fn nothing_follows_the_end_and_a_line_has_an_end() {
        let longer = [upload(b"t", b"c"), b"\n".to_vec()].concat();
        assert!(read(&longer, &[]).unwrap_err().contains("longer than its first line says"));
        for body in [vec![b' '; LINE_MAX], vec![b'{'; 1 << 20]] {
            assert!(read(&body, &[100; 50]).unwrap_err().contains("more than 1,024 bytes"));
        }
        let mut just = upload(b"t", b"c");
        let line = just.iter().position(|byte| *byte == b'\n').unwrap();
        just.splice(line..line, vec![b' '; LINE_MAX - 1 - line]);
        read(&just, &[]).unwrap();
        just.insert(line, b' ');
        assert!(read(&just, &[]).unwrap_err().contains("more than 1,024 bytes"));
    }
}
