//! Where one message ends and the next begins, in what comes from one side: data between them (RFC 2326, 10.12) is
//! passed on as it is, also in pieces.

use bytes::{Buf as _, Bytes, BytesMut};
use ownsight_model::CameraFault;

use super::super::fault::Fault;
use super::message::Head;

/// Longest head of a message, in bytes.
const HEAD_MAX: usize = 16 << 10;
/// Longest body of a message, in bytes. Descriptions have some hundred.
const BODY_MAX: usize = 256 << 10;

/// What stands at the beginning of what came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// So many bytes of data.
    Data(usize),
    /// A message. It is taken out.
    Message(Message),
    /// Not enough to say.
    More,
}

/// A message, and how it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) head: Head,
    pub(super) body: Bytes,
    /// Head and body as they came.
    pub(super) whole: Bytes,
}

/// Reads one direction of a connection.
#[derive(Debug, Default)]
pub(super) struct Framing {
    /// What is still to come of data that has begun.
    left: usize,
}

impl Framing {
    /// What comes next. Data is to be taken out by the caller, and only then asked again.
    pub(super) fn next(&mut self, received: &mut BytesMut) -> Result<Next, Fault> {
        let data = self.data(received);
        if data > 0 {
            return Ok(Next::Data(data));
        }
        if received.is_empty() || received.starts_with(b"$") {
            return Ok(Next::More);
        }
        let searched = received.get(..HEAD_MAX).unwrap_or(received);
        let Some(end) = searched.windows(4).position(|end| end == b"\r\n\r\n") else {
            return match received.len() {
                ..HEAD_MAX => Ok(Next::More),
                _ => Err(Fault::new(CameraFault::Broken, "a message has a head longer than 16 KiB")),
            };
        };
        let end = end + 4;
        let head = Head::parse(received.get(..end).unwrap_or_default());
        let length = match head.header("Content-Length") {
            None => 0,
            Some(length) => match length.parse() {
                Ok(length @ ..=BODY_MAX) => length,
                _ => return Err(Fault::new(CameraFault::Broken, "a message has a body longer than 256 KiB")),
            },
        };
        if received.len() < end + length {
            return Ok(Next::More);
        }
        let whole = received.split_to(end + length).freeze();
        Ok(Next::Message(Message { head, body: whole.slice(end..), whole }))
    }

    /// How much of what came is data up to the next message.
    fn data(&mut self, received: &[u8]) -> usize {
        let mut at = self.left.min(received.len());
        self.left -= at;
        loop {
            match received.get(at..) {
                // A dollar sign, a channel, and the length of what follows.
                Some(rest @ [b'$', _, high, low, ..]) => {
                    let length = 4 + usize::from(u16::from_be_bytes([*high, *low]));
                    let there = length.min(rest.len());
                    self.left = length - there;
                    at += there;
                }
                // Some servers put empty lines between messages.
                Some([b'\r' | b'\n', ..]) => at += 1,
                _ => return at,
            }
        }
    }
}

/// Takes data out that was passed on.
pub(super) fn passed(received: &mut BytesMut, data: usize) {
    received.advance(data.min(received.len()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All that comes out, with data joined.
    fn read(pieces: &[&[u8]]) -> Result<(Vec<u8>, Vec<Vec<u8>>), Fault> {
        let (mut framing, mut received) = (Framing::default(), BytesMut::new());
        let (mut data, mut messages) = (Vec::new(), Vec::new());
        for piece in pieces {
            received.extend_from_slice(piece);
            loop {
                match framing.next(&mut received)? {
                    Next::Data(length) => {
                        data.extend_from_slice(&received[..length]);
                        passed(&mut received, length);
                    }
                    Next::Message(message) => messages.push(message.whole.to_vec()),
                    Next::More => break,
                }
            }
            assert!(received.len() <= HEAD_MAX + BODY_MAX);
        }
        Ok((data, messages))
    }

    const STREAM: &[u8] =
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\nv=0\r\n$\x00\x00\x03abc$\x01\x00\x00\
        RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n\r\n$\x00\x00\x02\r\nRTSP/1.0 200 OK\r\n\r\n";

    #[test]
    fn messages_and_data_are_told_apart() {
        let (data, messages) = read(&[STREAM]).unwrap();
        assert_eq!(data, b"$\x00\x00\x03abc$\x01\x00\x00\r\n$\x00\x00\x02\r\n");
        let lengths: Vec<_> = messages.iter().map(Vec::len).collect();
        assert_eq!(lengths, [52, 28, 19]);
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let head = [b"RTSP/1.0 200 OK\r\nA: ".to_vec(), vec![b'a'; HEAD_MAX]].concat();
        assert_eq!(read(&[&head]).unwrap_err().kind, CameraFault::Broken);
        for length in ["262145", "-1", "99999999999999999999999", "x"] {
            let head = format!("RTSP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n");
            assert_eq!(read(&[head.as_bytes()]).unwrap_err().kind, CameraFault::Broken, "{length}");
        }
    }

    proptest! {
        /// However it is cut into pieces.
        #[test]
        fn pieces_make_no_difference(mut cuts in prop::collection::vec(0..STREAM.len(), 0..12)) {
            cuts.extend([0, STREAM.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|cut| &STREAM[cut[0]..cut[1]]).collect();
            prop_assert_eq!(read(&pieces).unwrap(), read(&[STREAM]).unwrap());
        }

        #[test]
        fn anything_is_read_or_refused(pieces in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..60),
                Just(b"RTSP/1.0 200 OK\r\n".to_vec()), Just(b"Content-Length: 9\r\n".to_vec()), Just(b"\r\n".to_vec()), Just(b"$\x00".to_vec()),
            ], 0..20)) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let all: usize = pieces.iter().map(|piece| piece.len()).sum();
            if let Ok((data, messages)) = read(&pieces) {
                prop_assert!(data.len() + messages.concat().len() <= all);
            }
        }
    }
}
