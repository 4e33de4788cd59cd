//! A private Valkey or Redis: on a free port of loopback, in a folder of its own, ended when it is dropped.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::resp::frame_len;

/// How long it may take to answer after its start.
const START_MAX: Duration = Duration::from_secs(20);

/// Ports that are tried.
const STARTS_MAX: usize = 5;

/// A server that is the test's alone. Nothing is kept on disk.
#[derive(Debug)]
pub struct Server {
    process: Child,
    program: &'static str,
    address: SocketAddr,
    folder: TempDir,
    arguments: Vec<String>,
}

impl Server {
    /// Starts one. `None` where there is no program for it: that is said loudly, with the test's name.
    ///
    /// # Panics
    /// If there is none and `OWNSIGHT_REQUIRE_TOOLS` is `1`, or if it does not start.
    pub fn start(test: &str) -> Option<Self> {
        Self::start_with(test, &[])
    }

    /// The same with more arguments for the program.
    ///
    /// # Panics
    /// As [`Server::start`].
    #[expect(clippy::expect_used, reason = "a test cannot go on without it")]
    pub fn start_with(test: &str, arguments: &[&str]) -> Option<Self> {
        let Some(program) = program() else {
            assert!(
                std::env::var_os("OWNSIGHT_REQUIRE_TOOLS").is_none_or(|required| required != "1"),
                "{test}: neither valkey-server nor redis-server is here"
            );
            eprintln!("{test}: LEFT OUT, neither valkey-server nor redis-server is here");
            return None;
        };
        let arguments = arguments.iter().map(ToString::to_string).collect();
        let server = Self::started(program, arguments);
        Some(server.expect("a private server starts"))
    }

    fn started(program: &'static str, arguments: Vec<String>) -> io::Result<Self> {
        let folder = TempDir::new()?;
        let address = free_address()?;
        let process = spawn(program, address, &folder, &arguments)?;
        let mut server = Self { process, program, address, folder, arguments };
        for _ in 1..STARTS_MAX {
            if server.wait().is_ok() {
                return Ok(server);
            }
            // Somebody else may have taken the port.
            server.address = free_address()?;
            server.process = spawn(program, server.address, &server.folder, &server.arguments)?;
        }
        server.wait()?;
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as a URL.
    pub fn url(&self) -> String {
        format!("redis://{}/", self.address)
    }

    /// Ends it at once, as by kill -9.
    pub fn kill(&mut self) -> io::Result<()> {
        self.process.kill()?;
        self.process.wait().map(drop)
    }

    /// Kills it and starts it on the same port, empty.
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill()?;
        self.process = spawn(self.program, self.address, &self.folder, &self.arguments)?;
        self.wait()
    }

    /// Stops it where it is, with its connections open.
    pub fn pause(&self) -> io::Result<()> {
        self.signal("-STOP")
    }

    /// Lets it go on.
    pub fn resume(&self) -> io::Result<()> {
        self.signal("-CONT")
    }

    /// Sends one command by a connection of its own, and gives its reply as it came.
    pub fn run(&self, command: &[&[u8]]) -> io::Result<Vec<u8>> {
        let mut connection = TcpStream::connect(self.address)?;
        connection.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut packed = format!("*{}\r\n", command.len()).into_bytes();
        for part in command {
            packed.extend_from_slice(format!("${}\r\n", part.len()).as_bytes());
            packed.extend_from_slice(part);
            packed.extend_from_slice(b"\r\n");
        }
        connection.write_all(&packed)?;
        let (mut reply, mut piece) = (Vec::new(), [0; 4_096]);
        loop {
            match frame_len(&reply) {
                Ok(Some(_)) => return Ok(reply),
                Ok(None) => {}
                Err(_) => return Err(io::Error::other("not the Redis protocol")),
            }
            match connection.read(&mut piece) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => reply.extend_from_slice(piece.get(..length).unwrap_or_default()),
                // A signal ends a read that has a time limit, also where others go on.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn signal(&self, signal: &str) -> io::Result<()> {
        let status = Command::new("kill").args([signal, &self.process.id().to_string()]).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other("it could not be signalled")) }
    }

    /// Whether it listens itself: it says so by its number, and another server on this port does not.
    fn is_up(&self) -> bool {
        let number = std::fs::read_to_string(number_file(&self.folder));
        number.is_ok_and(|number| number.trim() == self.process.id().to_string())
    }

    fn wait(&mut self) -> io::Result<()> {
        let until = Instant::now() + START_MAX;
        // A password may be asked for; then it answers too.
        while !self.is_up() || self.run(&[b"PING"]).is_err() {
            if let Some(ended) = self.process.try_wait()? {
                return Err(io::Error::other(format!("{} ended: {ended}", self.program)));
            }
            if Instant::now() > until {
                return Err(io::Error::other(format!("{} does not answer", self.program)));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

fn program() -> Option<&'static str> {
    ["valkey-server", "redis-server"].into_iter().find(|program| {
        let mut version = Command::new(program);
        version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    })
}

fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Written by the program once it listens.
fn number_file(folder: &TempDir) -> PathBuf {
    folder.path().join("number")
}

fn spawn(program: &str, address: SocketAddr, folder: &TempDir, arguments: &[String]) -> io::Result<Child> {
    Command::new(program)
        .args([
            "--port",
            &address.port().to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ])
        .arg("--dir")
        .arg(folder.path())
        .arg("--pidfile")
        .arg(number_file(folder))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_server_on_its_port_is_not_taken_for_it() {
        let Some(mut server) = Server::start("ports") else { return };
        assert!(server.is_up());
        let folder = TempDir::new().unwrap();
        let process = spawn(server.program, server.address, &folder, &[]).unwrap();
        let arguments = Vec::new();
        let mut late =
            Server { process, program: server.program, address: server.address, folder, arguments };
        assert!(late.wait().is_err());
        assert!(late.run(&[b"PING"]).is_ok(), "the other one answers there");
        server.restart().unwrap();
        assert!(server.is_up());
    }
}
