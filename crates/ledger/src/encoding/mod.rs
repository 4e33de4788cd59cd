//! The canonical bytes of an entry: one entry has one encoding, and one encoding is one entry. What is no opening has a format
//! version of its own: `notice.rs`.
//!
//! All numbers are big-endian. An id is the code of its kind (1 byte) and its 16 bytes.
//! ```text
//! offset  size  what
//! 0       1     format version, 1
//! 1       8     sequence: 1 for the first entry
//! 9       8     time: microseconds since 1970 in UTC, two's complement
//! 17      17    account
//! 34      17    session
//! 51      17    home
//! 68      1     origin: 1 web app, 2 API client, 3 command line
//! 69      2     action
//! 71      …     what the action is on:
//!   1 list          number of events (4), each camera and event (34); number of cameras (4), each camera (17)
//!   2 thumbnail     camera and event (34)
//!   3 video         camera and event (34), first byte (8), number of bytes (8)
//!   4 download      camera and event (34)
//!   5 still         camera and event (34)
//!   6 motion        camera and event (34)
//!   7 test picture  camera (17), test (17)
//!   9 export        camera and event (34)
//! ```

mod notice;

use ownsight_model::{AccountId, CameraId, EventId, HomeId, IdKind, SessionId, TestId, Timestamp};

use crate::entry::{Action, ByteRange, Entry, EventRef, IDS_MAX, Opening, Origin};
use crate::notice::LockdownNotice;

const VERSION: u8 = 1;

/// Bytes that are no entry of a format that this version knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The format version is another one.
    #[error("format version {0} is not known")]
    Version(u8),
    /// A code is not known.
    #[error("{what} has the code {code}, which is not known")]
    Code {
        /// What has the code.
        what: &'static str,
        /// The code.
        code: u16,
    },
    /// An id of another kind stands where this kind is expected.
    #[error("{expected} id expected, found the kind with the code {found}")]
    Kind {
        /// The kind that is expected.
        expected: &'static str,
        /// The code that was found.
        found: u8,
    },
    /// The bytes end too early, go on too long, or a list is longer than the limit.
    #[error("the length does not fit")]
    Length,
    /// A text is no UTF-8.
    #[error("a text cannot be read")]
    Text,
}

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    Opening(Entry),
    Lockdown(LockdownNotice),
}

/// The bytes of a line with this number.
pub(crate) fn encode(sequence: u64, line: &Line) -> Vec<u8> {
    match line {
        Line::Opening(entry) => encode_opening(sequence, entry),
        Line::Lockdown(notice) => notice::encode(sequence, notice),
    }
}

/// The number and the line that these bytes are.
pub(crate) fn decode(bytes: &[u8]) -> Result<(u64, Line), DecodeError> {
    let mut rest = Rest(bytes);
    let (sequence, line) = match rest.byte()? {
        VERSION => decode_opening(&mut rest).map(|(sequence, entry)| (sequence, Line::Opening(entry)))?,
        notice::VERSION => {
            notice::decode(&mut rest).map(|(sequence, notice)| (sequence, Line::Lockdown(notice)))?
        }
        version => return Err(DecodeError::Version(version)),
    };
    if rest.0.is_empty() { Ok((sequence, line)) } else { Err(DecodeError::Length) }
}

fn encode_opening(sequence: u64, entry: &Entry) -> Vec<u8> {
    let opening = &entry.opening;
    let mut bytes = Vec::with_capacity(160);
    bytes.push(VERSION);
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(entry.time.as_micros().to_be_bytes());
    put_id(&mut bytes, AccountId::KIND, opening.account.as_bytes());
    put_id(&mut bytes, SessionId::KIND, opening.session.as_bytes());
    put_id(&mut bytes, HomeId::KIND, opening.home.as_bytes());
    bytes.push(entry.origin.code());
    bytes.extend(opening.action.code().to_be_bytes());
    match &opening.action {
        Action::List { events, cameras } => {
            put_count(&mut bytes, events.len());
            for event in events {
                put_event(&mut bytes, event);
            }
            put_count(&mut bytes, cameras.len());
            for camera in cameras {
                put_id(&mut bytes, CameraId::KIND, camera.as_bytes());
            }
        }
        Action::Thumbnail(event)
        | Action::Download(event)
        | Action::Still(event)
        | Action::Motion(event)
        | Action::Export(event) => {
            put_event(&mut bytes, event);
        }
        Action::Video { event, range } => {
            put_event(&mut bytes, event);
            bytes.extend(range.first.to_be_bytes());
            bytes.extend(range.len.to_be_bytes());
        }
        Action::TestPicture { camera, test } => {
            put_id(&mut bytes, CameraId::KIND, camera.as_bytes());
            put_id(&mut bytes, TestId::KIND, test.as_bytes());
        }
    }
    bytes
}

/// What stands behind the version.
fn decode_opening(rest: &mut Rest<'_>) -> Result<(u64, Entry), DecodeError> {
    let sequence = u64::from_be_bytes(rest.take()?);
    let time = Timestamp::from_micros(i64::from_be_bytes(rest.take()?));
    let account = AccountId::from_bytes(rest.id(AccountId::KIND)?);
    let session = SessionId::from_bytes(rest.id(SessionId::KIND)?);
    let home = HomeId::from_bytes(rest.id(HomeId::KIND)?);
    let code = rest.byte()?;
    let origin =
        Origin::from_code(code).ok_or(DecodeError::Code { what: "the origin", code: u16::from(code) })?;
    let action = rest.action()?;
    Ok((sequence, Entry { time, origin, opening: Opening { account, session, home, action } }))
}

fn put_id(bytes: &mut Vec<u8>, kind: IdKind, id: &[u8; 16]) {
    bytes.push(kind.code());
    bytes.extend(id);
}

fn put_event(bytes: &mut Vec<u8>, event: &EventRef) {
    put_id(bytes, CameraId::KIND, event.camera.as_bytes());
    put_id(bytes, EventId::KIND, event.event.as_bytes());
}

fn put_count(bytes: &mut Vec<u8>, count: usize) {
    // INVARIANT: `append` refuses lists of more than IDS_MAX ids, so that the count always fits.
    bytes.extend(u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
}

/// The bytes that are still to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(DecodeError::Length)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        self.take().map(u8::from_be_bytes)
    }

    fn id(&mut self, kind: IdKind) -> Result<[u8; 16], DecodeError> {
        let found = self.byte()?;
        if found != kind.code() {
            return Err(DecodeError::Kind { expected: kind.word(), found });
        }
        self.take()
    }

    fn event(&mut self) -> Result<EventRef, DecodeError> {
        let camera = CameraId::from_bytes(self.id(CameraId::KIND)?);
        let event = EventId::from_bytes(self.id(EventId::KIND)?);
        Ok(EventRef { camera, event })
    }

    fn many<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, DecodeError>) -> Result<Vec<T>, DecodeError> {
        let count = usize::try_from(u32::from_be_bytes(self.take()?)).unwrap_or(usize::MAX);
        if count > IDS_MAX {
            return Err(DecodeError::Length);
        }
        (0..count).map(|_| item(self)).collect()
    }

    fn action(&mut self) -> Result<Action, DecodeError> {
        let code = u16::from_be_bytes(self.take()?);
        Ok(match code {
            1 => {
                let events = self.many(Self::event)?;
                let cameras = self.many(|rest| rest.id(CameraId::KIND).map(CameraId::from_bytes))?;
                Action::List { events, cameras }
            }
            2 => Action::Thumbnail(self.event()?),
            3 => {
                let event = self.event()?;
                let first = u64::from_be_bytes(self.take()?);
                let len = u64::from_be_bytes(self.take()?);
                Action::Video { event, range: ByteRange { first, len } }
            }
            4 => Action::Download(self.event()?),
            5 => Action::Still(self.event()?),
            6 => Action::Motion(self.event()?),
            7 => {
                let camera = CameraId::from_bytes(self.id(CameraId::KIND)?);
                let test = TestId::from_bytes(self.id(TestId::KIND)?);
                Action::TestPicture { camera, test }
            }
            9 => Action::Export(self.event()?),
            _ => return Err(DecodeError::Code { what: "the action", code }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain;
    use ownsight_model::InstallationId;

    pub(super) fn id(number: u8) -> [u8; 16] {
        [number; 16]
    }

    fn event(number: u8) -> EventRef {
        EventRef { camera: CameraId::from_bytes(id(number)), event: EventId::from_bytes(id(number + 1)) }
    }

    fn entry(action: Action) -> Line {
        let opening = Opening {
            account: AccountId::from_bytes(id(0xa1)),
            session: SessionId::from_bytes(id(0xa2)),
            home: HomeId::from_bytes(id(0xa3)),
            action,
        };
        let time = Timestamp::from_micros(1_708_041_600_000_000);
        Line::Opening(Entry { time, origin: Origin::WebApp, opening })
    }

    fn all_actions() -> Vec<Action> {
        vec![
            Action::List { events: vec![event(1), event(3)], cameras: vec![CameraId::from_bytes(id(5))] },
            Action::List { events: vec![], cameras: vec![] },
            Action::Thumbnail(event(1)),
            Action::Video { event: event(1), range: ByteRange { first: 7, len: 9 } },
            Action::Video { event: event(1), range: ByteRange::WHOLE },
            Action::Download(event(1)),
            Action::Still(event(1)),
            Action::Motion(event(1)),
            Action::TestPicture { camera: CameraId::from_bytes(id(1)), test: TestId::from_bytes(id(2)) },
            Action::Export(event(1)),
        ]
    }

    pub(super) fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write;
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    /// The bytes and hashes were computed by `tests/vectors.py`, which knows the format from the text above.
    #[test]
    fn golden_vectors() {
        let start = chain::start(InstallationId::from_bytes(id(0x11)));
        assert_eq!(start.to_string(), include_str!("../../tests/vectors/start.hex").trim());
        let thumbnail = encode(1, &entry(Action::Thumbnail(event(1))));
        assert_eq!(hex(&thumbnail), include_str!("../../tests/vectors/thumbnail.hex").trim());
        let first = chain::next(start, &thumbnail);
        assert_eq!(first.to_string(), include_str!("../../tests/vectors/thumbnail.hash").trim());
        let list =
            Action::List { events: vec![event(1), event(3)], cameras: vec![CameraId::from_bytes(id(5))] };
        let list = encode(2, &entry(list));
        assert_eq!(hex(&list), include_str!("../../tests/vectors/list.hex").trim());
        assert_eq!(
            chain::next(first, &list).to_string(),
            include_str!("../../tests/vectors/list.hash").trim()
        );
        let export = encode(5, &entry(Action::Export(event(1))));
        assert_eq!(hex(&export), include_str!("../../tests/vectors/export.hex").trim());
    }

    #[test]
    fn every_action_comes_back() {
        for action in all_actions() {
            let entry = entry(action);
            assert_eq!(decode(&encode(42, &entry)), Ok((42, entry)));
        }
    }

    #[test]
    fn bytes_cut_short_or_followed_by_more_are_refused() {
        for action in all_actions() {
            let mut bytes = encode(42, &entry(action));
            for len in 0..bytes.len() {
                assert!(decode(&bytes[..len]).is_err(), "{len}");
            }
            bytes.push(0);
            assert_eq!(decode(&bytes), Err(DecodeError::Length));
        }
    }

    #[test]
    fn unknown_codes_and_kinds_are_named() {
        let bytes = encode(42, &entry(Action::Thumbnail(event(1))));
        let changed = |at: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            decode(&bytes)
        };
        assert_eq!(changed(0, 3), Err(DecodeError::Version(3)));
        assert_eq!(changed(17, 2), Err(DecodeError::Kind { expected: "account", found: 2 }));
        assert_eq!(changed(68, 9), Err(DecodeError::Code { what: "the origin", code: 9 }));
        assert_eq!(changed(70, 99), Err(DecodeError::Code { what: "the action", code: 99 }));
    }

    #[test]
    fn lists_over_the_limit_are_refused_before_memory_is_taken() {
        let empty = encode(42, &entry(Action::List { events: vec![], cameras: vec![] }));
        let mut bytes = empty[..71].to_vec();
        bytes.extend(u32::MAX.to_be_bytes());
        assert_eq!(decode(&bytes), Err(DecodeError::Length));
    }

    proptest::proptest! {
        /// What decodes, encodes to the same bytes: there is no second encoding.
        #[test]
        fn decoding_is_injective(
            action in 0_usize..10,
            position in 0_usize..200,
            byte in proptest::num::u8::ANY,
        ) {
            let mut bytes = encode(42, &entry(all_actions().swap_remove(action)));
            let position = position % bytes.len();
            bytes[position] = byte;
            if let Ok((sequence, entry)) = decode(&bytes) {
                proptest::prop_assert_eq!(encode(sequence, &entry), bytes);
            }
        }
    }
}
