//! Messages on the connection: requests and interleaved packets in, responses out.
//!
//! ```text
//! method SP uri SP "RTSP/1.0" CRLF  *(name ":" value CRLF)  CRLF  [body of Content-Length bytes]
//! '$' channel length:16 packet
//! ```
//! The parser takes whatever a client sends; its answers are a message, *more is needed*, or a status to refuse with.

use std::fmt::Write as _;

/// A request may have this many bytes, head and body together. Interleaved packets too.
pub(crate) const MESSAGE_MAX: usize = 8 * 1024;
const HEADERS_MAX: usize = 64;

/// What stood at the front of the input, and how many bytes of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// Nothing whole yet.
    Incomplete,
    Request {
        request: Request,
        length: usize,
    },
    /// A packet from the client: RTCP, of which only the fact counts.
    Packet {
        length: usize,
    },
}

/// Input that cannot be understood. The connection cannot go on, as nobody knows where the next message begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// The status to answer with.
    pub(crate) status: Status,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) uri: String,
    headers: Vec<(String, String)>,
    pub(crate) body_length: usize,
}

impl Request {
    /// The value of the first header of this name, whatever its case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Reads the message at the front of `input`.
pub(crate) fn parse(input: &[u8]) -> Result<Parsed, Malformed> {
    const REFUSED: Malformed = Malformed { status: Status::BadRequest };
    if let [b'$', rest @ ..] = input {
        let [_, high, low, ..] = rest else { return Ok(Parsed::Incomplete) };
        let length = 4 + usize::from(u16::from_be_bytes([*high, *low]));
        return match length {
            MESSAGE_MAX.. => Err(REFUSED),
            _ if input.len() < length => Ok(Parsed::Incomplete),
            _ => Ok(Parsed::Packet { length }),
        };
    }
    // Some clients send an empty line between messages.
    let skipped = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let message = input.get(skipped..).unwrap_or_default();
    let Some(head_length) = head_length(message) else {
        return if input.len() >= MESSAGE_MAX { Err(REFUSED) } else { Ok(Parsed::Incomplete) };
    };
    let head = message.get(..head_length).and_then(|head| std::str::from_utf8(head).ok()).ok_or(REFUSED)?;
    let mut lines = head.lines();
    let mut start = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(uri), Some(version), None) =
        (start.next(), start.next(), start.next(), start.next())
    else {
        return Err(REFUSED);
    };
    let token = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b':');
    if !token(method) || uri.is_empty() || !uri.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(REFUSED);
    }
    if version != "RTSP/1.0" {
        let known = version.starts_with("RTSP/");
        return Err(if known { Malformed { status: Status::VersionNotSupported } } else { REFUSED });
    }
    let mut headers = Vec::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or(REFUSED)?;
        if !token(name) || value.chars().any(char::is_control) || headers.len() == HEADERS_MAX {
            return Err(REFUSED);
        }
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut request = Request { method: method.to_owned(), uri: uri.to_owned(), headers, body_length: 0 };
    if let Some(length) = request.header("content-length") {
        request.body_length = length.parse().map_err(|_| REFUSED)?;
    }
    let length = skipped.saturating_add(head_length).saturating_add(request.body_length);
    if length > MESSAGE_MAX {
        return Err(Malformed { status: Status::EntityTooLarge });
    }
    if input.len() < length { Ok(Parsed::Incomplete) } else { Ok(Parsed::Request { request, length }) }
}

/// The length of the head with the empty line at its end; lines may end in LF alone.
fn head_length(message: &[u8]) -> Option<usize> {
    let mut line_start = 0;
    for (index, _) in message.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        if matches!(message.get(line_start..index), Some(b"" | b"\r")) {
            return Some(index + 1);
        }
        line_start = index + 1;
    }
    None
}

/// The statuses that this server answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    BadRequest,
    Unauthorized,
    NotFound,
    NotAcceptable,
    EntityTooLarge,
    ParameterNotUnderstood,
    SessionNotFound,
    MethodNotValidInState,
    UnsupportedTransport,
    NotImplemented,
    ServiceUnavailable,
    VersionNotSupported,
    OptionNotSupported,
}

impl Status {
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::Ok => 200,
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::NotFound => 404,
            Self::NotAcceptable => 406,
            Self::EntityTooLarge => 413,
            Self::ParameterNotUnderstood => 451,
            Self::SessionNotFound => 454,
            Self::MethodNotValidInState => 455,
            Self::UnsupportedTransport => 461,
            Self::NotImplemented => 501,
            Self::ServiceUnavailable => 503,
            Self::VersionNotSupported => 505,
            Self::OptionNotSupported => 551,
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::BadRequest => "Bad Request",
            Self::Unauthorized => "Unauthorized",
            Self::NotFound => "Not Found",
            Self::NotAcceptable => "Not Acceptable",
            Self::EntityTooLarge => "Request Entity Too Large",
            Self::ParameterNotUnderstood => "Parameter Not Understood",
            Self::SessionNotFound => "Session Not Found",
            Self::MethodNotValidInState => "Method Not Valid in This State",
            Self::UnsupportedTransport => "Unsupported Transport",
            Self::NotImplemented => "Not Implemented",
            Self::ServiceUnavailable => "Service Unavailable",
            Self::VersionNotSupported => "RTSP Version Not Supported",
            Self::OptionNotSupported => "Option Not Supported",
        }
    }
}

/// A response, without its `CSeq`, which whoever sends it adds.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: Status,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Response {
    pub(crate) fn new(status: Status) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// `value` must hold no control characters; what comes from a request holds none.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(self, kind: &'static str, body: String) -> Self {
        let length = body.len().to_string();
        Self { body, ..self.header("Content-Type", kind).header("Content-Length", length) }
    }

    #[cfg(test)]
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str())
    }

    /// What goes over the wire.
    pub(crate) fn encode(&self, cseq: Option<&str>) -> String {
        let mut text = format!("RTSP/1.0 {} {}\r\n", self.status.code(), self.status.reason());
        let cseq = cseq.map(|value| ("CSeq", value));
        let own = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in cseq.into_iter().chain(own).chain([("Server", "ownsight-camera-sim")]) {
            // Writing to a string cannot fail.
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text.push_str("\r\n");
        text.push_str(&self.body);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(text: &str) -> Request {
        match parse(text.as_bytes()).unwrap() {
            Parsed::Request { request, length } => {
                assert_eq!(length, text.len());
                request
            }
            other => panic!("{other:?}"),
        }
    }

    fn refused(text: &str) -> u16 {
        parse(text.as_bytes()).unwrap_err().status.code()
    }

    #[test]
    fn request_with_headers_and_body() {
        let text = "SET_PARAMETER rtsp://h/cam RTSP/1.0\r\nCSeq: 3\r\nSession:  abc \r\nContent-length: 4\r\n\r\nabcd";
        let request = request(text);
        assert_eq!((request.method.as_str(), request.uri.as_str()), ("SET_PARAMETER", "rtsp://h/cam"));
        assert_eq!((request.header("cseq"), request.header("SESSION")), (Some("3"), Some("abc")));
        assert_eq!(request.header("accept"), None);
        for cut in 0..text.len() {
            assert_eq!(parse(&text.as_bytes()[..cut]), Ok(Parsed::Incomplete), "{cut}");
        }
    }

    #[test]
    fn bare_line_feeds_and_empty_lines_before_are_taken() {
        assert_eq!(request("\r\n\r\nOPTIONS * RTSP/1.0\nCSeq: 1\n\n").header("CSeq"), Some("1"));
    }

    #[test]
    fn only_the_first_message_is_taken() {
        let both = b"OPTIONS * RTSP/1.0\r\n\r\n$\0\0\x02ab";
        let Ok(Parsed::Request { length, .. }) = parse(both) else { panic!() };
        assert_eq!(parse(&both[length..]), Ok(Parsed::Packet { length: 6 }));
        assert_eq!(parse(&both[length..length + 5]), Ok(Parsed::Incomplete));
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(refused("GET / HTTP/1.1\r\n\r\n"), 400);
        assert_eq!(refused("OPTIONS *\r\n\r\n"), 400);
        assert_eq!(refused("OPTIONS  * RTSP/1.0\r\n\r\n"), 400);
        assert_eq!(refused("OPTIONS * RTSP/2.0\r\n\r\n"), 505);
        assert_eq!(refused("OPTIONS * RTSP/1.0\r\nno colon\r\n\r\n"), 400);
        assert_eq!(refused("OPTIONS * RTSP/1.0\r\nA: b\x07\r\n\r\n"), 400);
        assert_eq!(refused("OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n"), 400);
        assert_eq!(refused("OPTIONS * RTSP/1.0\r\nContent-Length: 9000\r\n\r\n"), 413);
        assert_eq!(refused("OPTIONS * RTSP/1.0\r\nContent-Length: 18446744073709551615\r\n\r\n"), 413);
        assert_eq!(refused(&"x".repeat(MESSAGE_MAX)), 400);
        assert_eq!(parse(b"$\0\xff\xff").unwrap_err().status.code(), 400);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_without_panic(input in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(Parsed::Request { length, .. } | Parsed::Packet { length }) = parse(&input) {
                prop_assert!(length > 0 && length <= input.len());
            }
        }

        /// Bytes near a real request reach further into the parser.
        #[test]
        fn damaged_requests_are_taken_without_panic(
            damage in proptest::collection::vec((0_usize..200, any::<u8>()), 0..6),
            cut in 0_usize..200,
        ) {
            let mut input = b"SETUP rtsp://127.0.0.1:8554/cam/trackID=0 RTSP/1.0\r\nCSeq: 4\r\nContent-Length: 2\r\n\
                Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1234\r\n\r\nab".to_vec();
            input.truncate(cut.max(1));
            for (at, byte) in damage {
                if let Some(own) = input.get_mut(at) { *own = byte; }
            }
            if let Ok(Parsed::Request { length, .. } | Parsed::Packet { length }) = parse(&input) {
                prop_assert!(length > 0 && length <= input.len());
            }
        }

        #[test]
        fn header_values_come_back(name in "[A-Za-z][A-Za-z-]{0,20}", value in "[!-~]([ -~]{0,60}[!-~])?") {
            prop_assume!(!name.eq_ignore_ascii_case("content-length"));
            let text = format!("OPTIONS * RTSP/1.0\r\n{name}: {value}\r\n\r\n");
            let request = request(&text);
            prop_assert_eq!(request.header(&name), Some(value.as_str()));
        }
    }
}
