//! An installation in a folder of its own, and the program on it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

pub const EMAIL: &str = "anna@example.org";
pub const PASSWORD: &str = "a good password";

/// Folders of an installation, and the program on them.
pub struct Machine {
    pub folder: tempfile::TempDir,
}

/// A server that runs; killed if a test ends early.
pub struct Serving {
    pub child: Child,
    /// The first line of its standard output.
    pub said: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Serving {
    /// Ends it in order; its log.
    pub fn stop(mut self) -> String {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }

    pub fn url(&self) -> String {
        let address = self.said.split_whitespace().last().unwrap();
        address.split("/setup").next().unwrap().trim_end_matches('/').to_owned()
    }

    pub async fn ask(
        &self,
        token: Option<&str>,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.request(method, format!("{}/api/v1/{path}", self.url()));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
    }

    pub async fn sign_in(&self) -> String {
        let body = json!({"email": EMAIL, "password": PASSWORD});
        let (status, answer) = self.ask(None, Method::POST, "sessions", Some(&body)).await;
        assert_eq!(status, 201, "{answer}");
        answer["token"].as_str().unwrap().to_owned()
    }

    pub async fn me(&self, token: &str) -> (u16, Value) {
        self.ask(Some(token), Method::GET, "me", None).await
    }
}

impl Machine {
    pub fn new() -> Self {
        let machine = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(machine.configuration()).unwrap();
        let file = "[server]\nlisten = \"127.0.0.1:0\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n";
        fs::write(machine.configuration().join("ownsight.toml"), file).unwrap();
        machine
    }

    pub fn configuration(&self) -> PathBuf {
        self.folder.path().join("configuration")
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn key(&self) -> PathBuf {
        self.configuration().join("master.key")
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ownsight"));
        command.args(args).env_clear().env("HOME", self.folder.path());
        command.env("OWNSIGHT_DATA", self.data());
        command.env("OWNSIGHT_CONFIG", self.configuration().join("ownsight.toml"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn serve(&self) -> Serving {
        self.start(&["serve"])
    }

    /// A command that goes on, once it has said its first line.
    pub fn start(&self, args: &[&str]) -> Serving {
        let mut child = self.command(args).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        if said.is_empty() {
            let mut log = String::new();
            child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
            panic!("it does not start: {log}");
        }
        Serving { child, said: said.trim().to_owned() }
    }

    /// A command that ends, with this on its standard input.
    pub fn run(&self, args: &[&str], input: &str) -> Output {
        let mut child = self.command(args).spawn().unwrap();
        // One that does not read it may have ended.
        child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
        child.wait_with_output().unwrap()
    }

    /// What a command that must fail says.
    pub fn refused(&self, args: &[&str], input: &str) -> String {
        let output = self.run(args, input);
        assert!(!output.status.success(), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    pub fn done(&self, args: &[&str], input: &str) -> String {
        let output = self.run(args, input);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{args:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command that must succeed says of itself.
    pub fn says(&self, args: &[&str]) -> String {
        let output = self.run(args, "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{args:?}: {said}");
        said
    }

    /// Puts a copy of the data folder in its place.
    pub fn bring_back(&self, backup: &Path) {
        fs::remove_dir_all(self.data()).unwrap();
        copy(backup, &self.data());
    }
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
