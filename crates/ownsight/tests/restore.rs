//! The program itself: a backup is brought back, with and without the command for it, and the master key is replaced.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "a test"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

const EMAIL: &str = "anna@example.org";
const PASSWORD: &str = "a good password";

/// Folders of an installation, and the program on them.
struct Machine {
    folder: tempfile::TempDir,
}

/// A server that runs; killed if a test ends early.
struct Serving {
    child: Child,
    /// The first line of its standard output.
    said: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Serving {
    /// Ends it in order; its log.
    fn stop(mut self) -> String {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }

    fn url(&self) -> String {
        let address = self.said.split_whitespace().last().unwrap();
        address.split("/setup").next().unwrap().trim_end_matches('/').to_owned()
    }

    async fn ask(
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

    async fn sign_in(&self) -> String {
        let body = json!({"email": EMAIL, "password": PASSWORD});
        let (status, answer) = self.ask(None, Method::POST, "sessions", Some(&body)).await;
        assert_eq!(status, 201, "{answer}");
        answer["token"].as_str().unwrap().to_owned()
    }

    async fn me(&self, token: &str) -> (u16, Value) {
        self.ask(Some(token), Method::GET, "me", None).await
    }
}

impl Machine {
    fn new() -> Self {
        let machine = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(machine.configuration()).unwrap();
        let file = "[server]\nlisten = \"127.0.0.1:0\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n";
        fs::write(machine.configuration().join("ownsight.toml"), file).unwrap();
        machine
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("configuration")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn key(&self) -> PathBuf {
        self.configuration().join("master.key")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ownsight"));
        command.args(args).env_clear().env("HOME", self.folder.path());
        command.env("OWNSIGHT_DATA", self.data());
        command.env("OWNSIGHT_CONFIG", self.configuration().join("ownsight.toml"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn serve(&self) -> Serving {
        let mut child = self.command(&["serve"]).spawn().unwrap();
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
    fn run(&self, args: &[&str], input: &str) -> Output {
        let mut child = self.command(args).spawn().unwrap();
        // One that does not read it may have ended.
        child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
        child.wait_with_output().unwrap()
    }

    /// What a command that must fail says.
    fn refused(&self, args: &[&str], input: &str) -> String {
        let output = self.run(args, input);
        assert!(!output.status.success(), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn done(&self, args: &[&str], input: &str) -> String {
        let output = self.run(args, input);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{args:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Puts a copy of the data folder in its place.
    fn bring_back(&self, backup: &Path) {
        fs::remove_dir_all(self.data()).unwrap();
        copy(backup, &self.data());
    }
}

fn copy(from: &Path, to: &Path) {
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

/// An installation with an account; its sheet's digits, and a backup of its data.
async fn installed(machine: &Machine) -> (String, PathBuf) {
    let serving = machine.serve();
    let secret = serving.said.split_once("/setup#").unwrap().1;
    let body = json!({"secret": secret, "email": EMAIL, "password": PASSWORD, "home_name": "Mill Yard 7"});
    let (status, redeemed) = serving.ask(None, Method::POST, "links/redeem", Some(&body)).await;
    assert_eq!(status, 201, "{redeemed}");
    let digits = redeemed["recovery_sheet"]["master_key"].as_str().unwrap().to_owned();
    let token = serving.sign_in().await;
    assert_eq!(serving.me(&token).await.1["homes"][0]["name"], "Mill Yard 7");
    serving.stop();
    let backup = machine.folder.path().join("backup");
    copy(&machine.data(), &backup);
    (digits, backup)
}

/// Everybody is signed out, and the home waits.
async fn waits(serving: &Serving) -> (String, String) {
    let token = serving.sign_in().await;
    let (_, me) = serving.me(&token).await;
    assert_eq!(me["homes"], json!([]), "{me}");
    let home = me["waiting"][0]["home_id"].as_str().unwrap().to_owned();
    (token, home)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_brought_back_with_the_recovery_sheet() {
    let machine = Machine::new();
    let (digits, backup) = installed(&machine).await;
    machine.bring_back(&backup);
    fs::remove_dir_all(machine.configuration()).unwrap();
    fs::create_dir(machine.configuration()).unwrap();
    fs::write(
        machine.configuration().join("ownsight.toml"),
        "[server]\nlisten = \"127.0.0.1:0\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n",
    )
    .unwrap();

    let said = machine.refused(&["serve"], "");
    assert!(said.contains("run `ownsight master-key restore`"), "{said}");
    for (typed, why) in [
        (String::new(), "is not 64 hexadecimal digits"),
        (digits[1..].to_owned(), "is not 64 hexadecimal digits"),
        ("ab".repeat(32), "this is not the master key that the data was made with"),
    ] {
        let said = machine.refused(&["master-key", "restore"], &typed);
        assert!(said.contains(why), "{said}");
        assert!(typed.is_empty() || !said.contains(&typed), "what was typed is not repeated");
        assert!(!machine.key().exists(), "nothing was written");
    }
    // As it stands on the paper: in groups of four, in rows, in capitals.
    let groups: Vec<_> = digits.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group)).collect();
    let rows: Vec<_> = groups.chunks(4).map(|row| row.join(" ").to_uppercase()).collect();
    machine.done(
        &["master-key", "restore", "--lock-down", "A backup is brought back."],
        &(rows.join("\n") + "\n"),
    );
    assert_eq!(fs::read_to_string(machine.key()).unwrap().trim(), digits);
    assert_eq!(fs::metadata(machine.key()).unwrap().mode() & 0o777, 0o600);

    let serving = machine.serve();
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let (status, answer) = serving.ask(None, Method::POST, "sessions", Some(&body)).await;
    assert_eq!((status, &answer["lockdown"]["reason"]), (423, &json!("A backup is brought back.")));
    machine.done(&["lockdown", "off"], "");
    let (token, home) = waits(&serving).await;
    let path = format!("homes/{home}/restored");
    let (status, there) = serving.ask(Some(&token), Method::GET, &path, None).await;
    assert_eq!((status, &there["name"]), (200, &json!("Mill Yard 7")), "{there}");
    let keep = json!({"members": [], "shares": [], "devices": []});
    assert_eq!(serving.ask(Some(&token), Method::POST, &path, Some(&keep)).await.0, 200);
    assert_eq!(serving.me(&token).await.1["homes"][0]["name"], "Mill Yard 7");
    serving.stop();
    let serving = machine.serve();
    assert_eq!(serving.me(&token).await.1["homes"][0]["name"], "Mill Yard 7", "a start is no restore");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_was_rolled_back_is_noticed_and_a_crash_is_not() {
    let machine = Machine::new();
    let (_, backup) = installed(&machine).await;
    let mut serving = machine.serve();
    let ends = serving.sign_in().await;
    let stays = serving.sign_in().await;
    assert_eq!(serving.ask(Some(&ends), Method::DELETE, "sessions/current", None).await.0, 204);
    let mark = machine.configuration().join("restore.mark");
    let before = fs::read_to_string(&mark).unwrap();
    serving.child.kill().unwrap();
    drop(serving);
    let serving = machine.serve();
    assert_eq!(serving.me(&stays).await.0, 200, "a kill is no rollback: {before}");
    assert_eq!(serving.me(&ends).await.0, 401);
    serving.stop();

    machine.bring_back(&backup);
    let serving = machine.serve();
    waits(&serving).await;
    assert!(serving.stop().contains("the data folder is of an earlier time"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_key_is_replaced_while_the_server_is_stopped() {
    let machine = Machine::new();
    let (digits, backup) = installed(&machine).await;
    let serving = machine.serve();
    let token = serving.sign_in().await;
    let said = machine.refused(&["master-key", "rotate"], "");
    assert!(said.contains("the server must be stopped for this"), "{said}");
    serving.stop();
    let said = machine.refused(&["master-key", "sheet"], "");
    assert!(said.contains("no server answers at"), "{said}");

    let said = machine.done(&["master-key", "rotate"], "");
    assert_eq!(said, "", "nothing of it on standard output");
    let next = fs::read_to_string(machine.key()).unwrap().trim().to_owned();
    assert_ne!(next, digits);
    let serving = machine.serve();
    assert_eq!(serving.me(&token).await.0, 200, "sessions live on");
    let link = machine.done(&["master-key", "sheet"], "");
    assert!(!link.contains(&next));
    let secret = link.trim().split_once("/setup#").unwrap().1;
    let body = json!({"secret": secret});
    let (status, sheet) = serving.ask(None, Method::POST, "links/sheet", Some(&body)).await;
    assert_eq!((status, sheet["master_key"].as_str()), (200, Some(next.as_str())));
    assert_eq!(serving.ask(None, Method::POST, "links/sheet", Some(&body)).await.0, 404, "once");
    let reset = machine.done(&["account", "reset", EMAIL], "");
    let secret = reset.trim().split_once("/setup#").unwrap().1;
    let body = json!({"secret": secret, "email": EMAIL, "password": PASSWORD});
    assert_eq!(serving.ask(None, Method::POST, "links/redeem", Some(&body)).await.0, 201);
    serving.sign_in().await;
    serving.stop();

    // A backup of before opens with the key of before only.
    machine.bring_back(&backup);
    let said = machine.refused(&["serve"], "");
    assert!(said.contains("is not the one that the database"), "{said}");
    let said = machine.refused(&["master-key", "restore"], &digits);
    assert!(said.contains("move it away"), "{said}");
    fs::remove_file(machine.key()).unwrap();
    machine.done(&["master-key", "restore"], &digits);
    waits(&machine.serve()).await;
    // Others may not read it, whatever the umask.
    assert_eq!(fs::metadata(machine.key()).unwrap().permissions().mode() & 0o077, 0);
}
