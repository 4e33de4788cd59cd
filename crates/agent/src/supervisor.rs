//! An agent that a server started: it is told its pairing on standard input, and ends when that closes.
//!
//! The first line is JSON: `{"code":"K7QM-4T2X-9FWD-R3HB","server":"http://127.0.0.1:8080"}`, or `{}` for an agent
//! that is paired already. Nothing else is expected; when the stream ends, whoever started the agent has gone.

use std::io::{self, BufRead, BufReader, Read};

use ownsight_device::{PairingCode, ServerAddress};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::run::Pairing;

const LINE_BYTES_MAX: u64 = 4096;

/// Why what a supervisor said cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// The stream ended or failed before its first line was complete.
    #[error("no line came from the supervisor")]
    NoLine(#[source] Option<io::Error>),
    /// The line is not what is expected; its content is not shown, as it may hold a code.
    #[error("the supervisor's line is not of the form {{\"code\":…,\"server\":…}} or {{}}")]
    Malformed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    code: Option<String>,
    server: Option<String>,
}

/// Reads the first line, and then waits on a thread of its own for the end, which cancels `shutdown`.
///
/// Blocks until the line has come. The thread ends with the stream, or with the process.
pub fn listen(
    stream: impl Read + Send + 'static,
    shutdown: CancellationToken,
) -> Result<Option<Pairing>, SupervisorError> {
    let mut stream = BufReader::new(stream);
    let mut line = Zeroizing::new(Vec::with_capacity(LINE_BYTES_MAX as usize));
    let read = (&mut stream).take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
    read.map_err(|error| SupervisorError::NoLine(Some(error)))?;
    if line.last() != Some(&b'\n') {
        return Err(SupervisorError::NoLine(None));
    }
    let pairing = parse(&line)?;
    std::thread::Builder::new()
        .name("supervisor".to_owned())
        .spawn(move || {
            // What else comes means nothing; an error means the same as the end.
            let _ = io::copy(&mut stream, &mut io::sink());
            shutdown.cancel();
        })
        .map_err(|error| SupervisorError::NoLine(Some(error)))?;
    Ok(pairing)
}

fn parse(line: &[u8]) -> Result<Option<Pairing>, SupervisorError> {
    let line: Line = serde_json::from_slice(line).map_err(|_| SupervisorError::Malformed)?;
    match (line.code.map(Zeroizing::new), line.server) {
        (None, None) => Ok(None),
        (Some(code), Some(server)) => {
            let code: PairingCode = code.parse().map_err(|_| SupervisorError::Malformed)?;
            let server: ServerAddress = server.parse().map_err(|_| SupervisorError::Malformed)?;
            Ok(Some(Pairing { server, code }))
        }
        _ => Err(SupervisorError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_line_is_read_and_the_end_ends_the_agent() {
        let (reader, mut writer) = io::pipe().unwrap();
        let shutdown = CancellationToken::new();
        writer
            .write_all(b"{\"code\":\"K7QM-4T2X-9FWD-R3HB\",\"server\":\"http://127.0.0.1:1234\"}\n")
            .unwrap();
        let pairing = listen(reader, shutdown.clone()).unwrap().unwrap();
        assert_eq!(pairing.server.to_string(), "http://127.0.0.1:1234");
        assert!(!shutdown.is_cancelled());
        drop(writer);
        let begun = Instant::now();
        while !shutdown.is_cancelled() {
            assert!(begun.elapsed() < Duration::from_secs(10), "the end was not noticed");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn only_the_two_forms_are_taken() {
        assert!(matches!(parse(b"{}\n"), Ok(None)));
        for line in [
            &b"\n"[..],
            b"[]\n",
            b"{\"code\":\"K7QM-4T2X-9FWD-R3HB\"}\n",
            b"{\"server\":\"http://127.0.0.1:1\"}\n",
            b"{\"code\":\"K7QM\",\"server\":\"http://127.0.0.1:1\"}\n",
            b"{\"code\":\"K7QM-4T2X-9FWD-R3HB\",\"server\":\"http://cameras.example\"}\n",
            b"{\"else\":1}\n",
        ] {
            let error = parse(line).unwrap_err();
            assert!(!error.to_string().contains("K7QM"), "{error}");
        }
        let shutdown = CancellationToken::new();
        assert!(matches!(listen(&b"{}"[..], shutdown.clone()), Err(SupervisorError::NoLine(None))));
        let endless = io::repeat(b' ');
        assert!(matches!(listen(endless, shutdown), Err(SupervisorError::NoLine(None))));
    }
}
