//! A private Redis or Valkey: on a free port of loopback, in a folder of its own, ended with the test.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub struct Server {
    process: Child,
    program: &'static str,
    port: u16,
    folder: TempDir,
    arguments: Vec<String>,
}

impl Server {
    /// `None` where there is no server to start, which is said loudly, and fails with `OWNSIGHT_REQUIRE_TOOLS=1`.
    pub fn start(test: &str) -> Option<Self> {
        Self::start_with(test, &[])
    }

    pub fn start_with(test: &str, arguments: &[&str]) -> Option<Self> {
        let Some(program) = program() else {
            assert!(
                std::env::var_os("OWNSIGHT_REQUIRE_TOOLS").is_none_or(|required| required != "1"),
                "{test}: neither valkey-server nor redis-server is here"
            );
            eprintln!("{test}: LEFT OUT, neither valkey-server nor redis-server is here");
            return None;
        };
        let folder = TempDir::new().unwrap();
        let arguments = arguments.iter().map(ToString::to_string).collect::<Vec<_>>();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = spawn(program, port, &folder, &arguments);
        let mut server = Self { process, program, port, folder, arguments };
        server.wait();
        Some(server)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Gone at once, as by kill -9.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// On the same port, empty.
    pub fn restart(&mut self) {
        self.kill();
        self.process = spawn(self.program, self.port, &self.folder, &self.arguments);
        self.wait();
    }

    pub fn pause(&self) {
        self.signal("-STOP");
    }

    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// One command, past every cache.
    pub fn run(&self, command: &[&[u8]]) -> redis::Value {
        let mut connection = redis::Client::open(self.url()).unwrap().get_connection().unwrap();
        let mut packed = redis::Cmd::new();
        for part in command {
            packed.arg(*part);
        }
        packed.query(&mut connection).unwrap()
    }

    fn wait(&mut self) {
        let until = Instant::now() + Duration::from_secs(20);
        while !self.answers() {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < until, "{} does not answer: {ended:?}", self.program);
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn answers(&self) -> bool {
        let ask = || {
            let mut connection = TcpStream::connect(("127.0.0.1", self.port))?;
            connection.set_read_timeout(Some(Duration::from_secs(1)))?;
            connection.write_all(b"PING\r\n")?;
            let mut answer = [0; 5];
            connection.read_exact(&mut answer)?;
            Ok::<_, std::io::Error>(answer)
        };
        ask().is_ok_and(|answer| matches!(&answer, b"+PONG" | b"-NOAU"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> Option<&'static str> {
    ["valkey-server", "redis-server"].into_iter().find(|program| {
        let mut version = Command::new(program);
        version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    })
}

fn spawn(program: &str, port: u16, folder: &TempDir, arguments: &[String]) -> Child {
    Command::new(program)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .arg("--dir")
        .arg(folder.path())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
