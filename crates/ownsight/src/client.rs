//! An API client: what the commands on cameras, the demo and people's scripts have in common.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use data_encoding::BASE64URL_NOPAD;
use ownsight_device::ServerAddress;
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::config;

/// A server with the session of an account.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Client {
    server: String,
    token: String,
    half: String,
    #[serde(skip)]
    http: reqwest::Client,
}

/// A problem that a server answered (RFC 9457).
#[derive(Debug, Deserialize, thiserror::Error)]
#[error("{}", self.text())]
pub(crate) struct Problem {
    #[serde(default)]
    pub(crate) code: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    remedy: String,
}

/// The session that was kept, or the token, has ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignedOut {
    #[error("the session has ended: run `ownsight login {server}`")]
    Session { server: String },
    #[error(
        "the token in OWNSIGHT_TOKEN opens nothing at {server}: it was ended, or its time is over; make a new one on the account page"
    )]
    Token { server: String },
}

/// What a token that a person made for a program begins with.
const TOKEN_PREFIX: &str = "ownsight_";

impl Problem {
    fn text(&self) -> String {
        match (self.detail.is_empty(), self.remedy.is_empty()) {
            (true, _) => format!("the server answered `{}`", self.code),
            (false, true) => self.detail.clone(),
            (false, false) => format!("{} {}", self.detail, self.remedy),
        }
    }
}

impl Client {
    /// Signs in.
    pub(crate) async fn sign_in(server: &str, email: &str, password: &str) -> anyhow::Result<Self> {
        let server = server.trim_end_matches('/').to_owned();
        let half = BASE64URL_NOPAD.encode(&ownsight_seal::random_bytes::<32>());
        let mut client = Self { server, token: String::new(), half, http: http()? };
        let body = json!({ "email": email, "password": password, "client_half": client.half });
        let answer = client.send(Method::POST, "/api/v1/sessions", Some(body)).await?;
        let token = answer.get("token").and_then(Value::as_str).context("the server gave no token")?;
        token.clone_into(&mut client.token);
        Ok(client)
    }

    /// Calls without a session.
    pub(crate) fn anonymous(server: &str) -> anyhow::Result<Self> {
        let server = server.trim_end_matches('/').to_owned();
        Ok(Self { server, token: String::new(), half: String::new(), http: http()? })
    }

    /// By the token in `OWNSIGHT_TOKEN`, at the server in `OWNSIGHT_SERVER`; else by the session that `ownsight login` kept.
    pub(crate) fn for_commands() -> anyhow::Result<Self> {
        let Some(token) = std::env::var("OWNSIGHT_TOKEN").ok().filter(|token| !token.is_empty()) else {
            return Self::load();
        };
        let token = Zeroizing::new(token);
        let server = std::env::var("OWNSIGHT_SERVER")
            .context("OWNSIGHT_TOKEN is set: name the server's address in OWNSIGHT_SERVER, too")?;
        Self::by_token(&server, &token)
    }

    fn by_token(server: &str, token: &str) -> anyhow::Result<Self> {
        // The same rule as for devices: no secret over plain HTTP, but in one's own network.
        let server: ServerAddress =
            server.parse().with_context(|| format!("OWNSIGHT_SERVER is `{server}`"))?;
        let token = token.trim();
        if !token.starts_with(TOKEN_PREFIX) {
            bail!(
                "OWNSIGHT_TOKEN is no token: one begins with `{TOKEN_PREFIX}` and is made on the account page"
            );
        }
        let server = server.to_string().trim_end_matches('/').to_owned();
        Ok(Self { server, token: token.to_owned(), half: String::new(), http: http()? })
    }

    /// The session that `ownsight login` kept.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let path = file()?;
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                bail!("not signed in: run `ownsight login ADDRESS` first")
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let mut client: Self = serde_json::from_str(&text).with_context(|| {
            format!("{} is not what `ownsight login` writes: sign in again", path.display())
        })?;
        client.http = http()?;
        Ok(client)
    }

    /// Keeps the session for later commands, for this person only.
    pub(crate) fn save(&self) -> anyhow::Result<()> {
        let path = file()?;
        let write = || -> anyhow::Result<()> {
            if let Some(folder) = path.parent() {
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            let aside = path.with_extension("new");
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
            file.write_all(&Zeroizing::new(serde_json::to_vec(self)?))?;
            file.sync_all()?;
            std::fs::rename(&aside, &path)?;
            Ok(())
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Forgets the kept session.
    pub(crate) fn forget() -> anyhow::Result<()> {
        let path = file()?;
        std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::DELETE, path, None).await
    }

    /// Both halves of the session's secret.
    pub(crate) fn session(&self) -> (&str, &str) {
        (&self.token, &self.half)
    }

    /// A file to keep, whose body is still to be read: for as long as it comes. A problem is one as of other calls.
    pub(crate) async fn download(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let request = self.http.get(format!("{}{path}", self.server)).bearer_auth(&self.token);
        let request = request.timeout(Duration::from_hours(7 * 24));
        let response = self.with_half(request).send().await;
        let response = response.with_context(|| format!("no server answers at {}", self.server))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let bytes = response.bytes().await.context("the server's answer broke off")?;
        Err(self.problem(status, &bytes))
    }

    /// Media or a stream, whose body is still to be read.
    pub(crate) async fn open(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let request = self.http.get(format!("{}{path}", self.server)).bearer_auth(&self.token);
        // A stream goes on for as long as somebody reads it.
        let request = request.timeout(Duration::from_hours(1));
        let response = self.with_half(request).send().await?;
        Ok(response.error_for_status()?)
    }

    /// A token has no half of the client's.
    fn with_half(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        if self.half.is_empty() { request } else { request.header("Ownsight-Client-Half", &self.half) }
    }

    fn signed_out(&self) -> SignedOut {
        let server = self.server.clone();
        if self.token.starts_with(TOKEN_PREFIX) {
            SignedOut::Token { server }
        } else {
            SignedOut::Session { server }
        }
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.server));
        if !self.token.is_empty() {
            request = self.with_half(request.bearer_auth(&self.token));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response =
            request.send().await.with_context(|| format!("no server answers at {}", self.server))?;
        let status = response.status();
        let bytes = response.bytes().await.context("the server's answer broke off")?;
        if status.is_success() {
            return if bytes.is_empty() {
                Ok(Value::Null)
            } else {
                serde_json::from_slice(&bytes).context("the server's answer is not JSON")
            };
        }
        Err(self.problem(status, &bytes))
    }

    /// What a server answered that did not do what was asked.
    fn problem(&self, status: StatusCode, bytes: &[u8]) -> anyhow::Error {
        match serde_json::from_slice::<Problem>(bytes) {
            Ok(problem) if status == StatusCode::UNAUTHORIZED && problem.code == "signed-out" => {
                self.signed_out().into()
            }
            Ok(problem) => problem.into(),
            Err(_) => anyhow::anyhow!(
                "what answers at {} is no Ownsight server (it said {status}): check the address",
                self.server
            ),
        }
    }
}

fn http() -> anyhow::Result<reqwest::Client> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_mins(1))
        .build()
        .context("cannot make an HTTP client")
}

fn file() -> anyhow::Result<PathBuf> {
    config::login_file().context("there is no home folder to keep the session in")
}

/// Asks for a password without showing it, or reads one line of standard input.
pub(crate) fn read_password(prompt: &str, from_stdin: bool) -> anyhow::Result<Zeroizing<String>> {
    let stdin = std::io::stdin();
    let hidden = if from_stdin || !stdin.is_terminal() { None } else { Some(Hidden::new(prompt)?) };
    let mut line = Zeroizing::new(String::new());
    stdin.lock().read_line(&mut line).context("cannot read the password")?;
    drop(hidden);
    let trimmed = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(trimmed);
    if line.is_empty() {
        bail!("no password was given");
    }
    Ok(line)
}

/// Asks for the hexadecimal digits of a key without showing them: on a terminal line by line until all are there, else all of
/// standard input.
pub(crate) fn read_digits(prompt: &str) -> anyhow::Result<Zeroizing<String>> {
    const DIGITS: usize = 64;
    let stdin = std::io::stdin();
    let hidden = if stdin.is_terminal() { Some(Hidden::new(prompt)?) } else { None };
    // As long as it will get, so that no copy of it is left behind.
    let mut digits = Zeroizing::new(String::with_capacity(4096));
    let mut input = stdin.lock().take(2048);
    while digits.chars().filter(|digit| !digit.is_whitespace()).count() < DIGITS {
        if input.read_line(&mut digits).context("cannot read the digits")? == 0 {
            break;
        }
    }
    drop(hidden);
    Ok(digits)
}

/// The terminal does not show what is typed while this lives.
struct Hidden(rustix::termios::Termios);

impl Hidden {
    fn new(prompt: &str) -> anyhow::Result<Self> {
        eprint!("{prompt}");
        let before = rustix::termios::tcgetattr(std::io::stdin()).context("cannot ask the terminal")?;
        let mut silent = before.clone();
        silent.local_modes.remove(rustix::termios::LocalModes::ECHO);
        let now = rustix::termios::OptionalActions::Flush;
        rustix::termios::tcsetattr(std::io::stdin(), now, &silent).context("cannot silence the terminal")?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let now = rustix::termios::OptionalActions::Now;
        rustix::termios::tcsetattr(std::io::stdin(), now, &self.0).ok();
        eprintln!();
    }
}

/// Asks for one line.
pub(crate) fn ask(prompt: &str) -> anyhow::Result<String> {
    eprint!("{prompt}");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("cannot read standard input")?;
    Ok(line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_without_a_half_and_to_a_server_that_may_have_it() {
        let client = Client::by_token("https://cams.example.org/", " ownsight_abc\n").unwrap();
        assert_eq!(client.session(), ("ownsight_abc", ""));
        assert_eq!(client.server, "https://cams.example.org");
        assert!(matches!(client.signed_out(), SignedOut::Token { .. }));
        let request = client.with_half(client.http.get("https://cams.example.org")).build().unwrap();
        assert!(request.headers().get("Ownsight-Client-Half").is_none());
        for (server, token) in [
            ("https://cams.example.org", "abc"),
            ("https://cams.example.org", ""),
            ("http://cams.example.org", "ownsight_abc"),
            ("not an address", "ownsight_abc"),
        ] {
            assert!(Client::by_token(server, token).is_err(), "{server} {token}");
        }
    }
}
