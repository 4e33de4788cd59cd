//! The head of an RTSP message, read and written line by line.

/// A request or an answer without its body. What is not UTF-8 is replaced: no header that is read or written here has any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    first: String,
    headers: Vec<String>,
}

impl Head {
    /// Reads a head, with or without its empty line.
    pub(super) fn parse(head: &[u8]) -> Self {
        let text = String::from_utf8_lossy(head);
        let mut lines = text.split("\r\n").map(str::to_owned);
        let first = lines.next().unwrap_or_default();
        Self { first, headers: lines.filter(|line| !line.is_empty()).collect() }
    }

    /// Method and address, of a request.
    pub(super) fn request(&self) -> Option<(&str, &str)> {
        let mut words = self.first.split(' ');
        let (method, uri, version) = (words.next()?, words.next()?, words.next()?);
        (version.starts_with("RTSP/") && words.next().is_none()).then_some((method, uri))
    }

    /// The status, of an answer.
    pub(super) fn status(&self) -> Option<u16> {
        let mut words = self.first.split_whitespace();
        words.next().filter(|version| version.starts_with("RTSP/"))?;
        words.next()?.parse().ok()
    }

    /// All values of a header, in order.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let headers = self.headers.iter().filter_map(|line| line.split_once(':'));
        headers
            .filter(move |(found, _)| found.trim_end().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// The first value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .filter_map(|line| line.split_once(':'))
            .find_map(|(found, value)| found.trim_end().eq_ignore_ascii_case(name).then_some(value.trim()))
    }

    /// Puts this line in the place of the first.
    pub(super) fn set_first(&mut self, line: String) {
        self.first = line;
    }

    /// Gives a header this value and no other; it keeps its place.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let is_it = |line: &String| {
            line.split_once(':').is_some_and(|(found, _)| found.trim_end().eq_ignore_ascii_case(name))
        };
        let at = self.headers.iter().position(is_it).unwrap_or(self.headers.len());
        self.headers.retain(|line| !is_it(line));
        self.headers.insert(at.min(self.headers.len()), format!("{name}: {value}"));
    }

    /// With its empty line.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let lines = std::iter::once(&self.first).chain(&self.headers);
        let mut bytes = Vec::with_capacity(256);
        for line in lines {
            bytes.extend_from_slice(line.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn heads_are_read_and_written() {
        let text = b"RTSP/1.0 200 OK\r\nCSeq : 7\r\nserver: a\r\ncseq: 8\r\n\r\n";
        let mut head = Head::parse(text);
        assert_eq!((head.status(), head.request(), head.header("cseq")), (Some(200), None, Some("7")));
        assert_eq!(head.all("CSeq").collect::<Vec<_>>(), ["7", "8"]);
        head.set("CSeq", "3");
        head.set("Session", "x");
        assert_eq!(head.to_bytes(), b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nserver: a\r\nSession: x\r\n\r\n");
        let asked = Head::parse(b"PLAY rtsp://a/b RTSP/1.0\r\n\r\n");
        assert_eq!((asked.request(), asked.status()), (Some(("PLAY", "rtsp://a/b")), None));
    }

    proptest! {
        #[test]
        fn anything_is_read_and_comes_out_as_one_head(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut head = Head::parse(&bytes);
            let _ = (head.request(), head.status());
            head.set("CSeq", "1");
            let written = head.to_bytes();
            let end = written.windows(4).position(|end| end == b"\r\n\r\n");
            // An empty first line makes an empty head: never two.
            prop_assert!(head.first.is_empty() || end == Some(written.len() - 4));
            prop_assert_eq!(Head::parse(&written), head);
        }
    }
}
