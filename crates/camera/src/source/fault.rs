//! What went wrong with a camera, in the terms of [`CameraFault`].

use std::io;

use ownsight_model::{AnotherCamera, CameraFault};

/// Longest detail, in bytes.
const DETAIL_MAX: usize = 200;

/// A fault and a fact for people. The fact never holds credentials: neither addresses nor requests go into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: CameraFault,
    pub(crate) detail: String,
    /// With [`CameraFault::AnotherCamera`]: which, and how it differs.
    pub(crate) another: Option<Box<AnotherCamera>>,
}

impl Fault {
    pub(crate) fn new(kind: CameraFault, detail: impl Into<String>) -> Self {
        Self { kind, detail: shortened(&detail.into()), another: None }
    }

    /// Of a camera that is not the one that was added.
    pub(crate) fn of_another(another: AnotherCamera) -> Self {
        let seen = another.differs.first().and_then(|first| first.seen.clone()).unwrap_or_default();
        let fault = Self::new(CameraFault::AnotherCamera, seen);
        Self { another: Some(Box::new(another)), ..fault }
    }

    /// Of a TCP connection that could not be made.
    pub(crate) fn of_connecting(error: &io::Error) -> Self {
        use io::ErrorKind::{ConnectionRefused, TimedOut};
        let kind = match error.kind() {
            ConnectionRefused => CameraFault::ConnectionRefused,
            TimedOut => CameraFault::NoAnswer,
            _ => CameraFault::Unreachable,
        };
        Self::new(kind, error.to_string())
    }

    /// Of an RTSP status code that is no success.
    pub(crate) fn of_status(status: u16) -> Self {
        let kind = match status {
            401 => CameraFault::Unauthorized,
            404 => CameraFault::NoSuchPath,
            453 | 503 => CameraFault::Busy,
            _ => CameraFault::Refused,
        };
        Self::new(kind, status.to_string())
    }

    /// Of an error that is no status code. What the library says is only shown to people.
    pub(crate) fn of_protocol(error: &retina::Error) -> Self {
        let text = error.to_string();
        let kind = if text.starts_with("Error reading from RTSP peer") {
            CameraFault::Closed
        } else {
            CameraFault::Broken
        };
        Self::new(kind, text)
    }
}

/// The first line, cut to [`DETAIL_MAX`] bytes.
fn shortened(text: &str) -> String {
    let mut line: String = text.lines().next().unwrap_or("").chars().filter(|c| !c.is_control()).collect();
    while line.len() > DETAIL_MAX {
        line.pop();
    }
    line
}

#[cfg(test)]
mod tests {
    use ownsight_model::CameraFault::{Busy, NoSuchPath, Refused, Unauthorized};

    use super::*;

    #[test]
    fn details_are_one_short_line() {
        let fault = Fault::new(CameraFault::Broken, format!("{}\nconn: secret", "ä".repeat(300)));
        assert!(fault.detail.len() <= DETAIL_MAX && !fault.detail.contains("secret"));
    }

    #[test]
    fn status_codes_have_faults() {
        let kinds = [401, 404, 453, 503, 403].map(|status| Fault::of_status(status).kind);
        assert_eq!(kinds, [Unauthorized, NoSuchPath, Busy, Busy, Refused]);
    }
}
