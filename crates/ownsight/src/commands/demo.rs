//! `ownsight demo`: the main job on real footage, embedded, with nothing set up.
//!
//! Two people, each with a home and cameras of their own. Nothing here has a door of its own: accounts are made by
//! one-time links, cameras are added through the HTTP API, and the cameras are RTSP servers that the homes' agents
//! pull from like from any other.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use ownsight_camera_sim::{CameraSim, PRESETS, SimCamera};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cli::{DemoArgs, LogArgs};
use crate::client::Client;
use crate::commands::serve::{Serving, stop_signal};
use crate::config::Config;
use crate::logging;
use crate::operator::{self, Request};

const PORT: u16 = 7710;
/// How long a home's agent may take to be paired.
const AGENT_WAITS: Duration = Duration::from_secs(30);

/// The people of the demo: address, name, home, and which of the presets their cameras show.
const PEOPLE: [(&str, &str, &str, &[usize]); 2] = [
    ("anna@example.org", "Anna Berg", "Mill Yard 7", &[0, 1, 2]),
    ("jonas@example.org", "Jonas Weber", "Harbour Lane 12", &[3, 5]),
];

/// A sign-in, as printed and as kept in a data folder that lasts.
#[derive(Clone, Serialize, Deserialize)]
struct Account {
    email: String,
    password: String,
    home: String,
}

pub(crate) async fn run(args: DemoArgs, log: &LogArgs) -> anyhow::Result<()> {
    // Also what is handed on to the agents: people look at the page, not at the log.
    let log = &LogArgs { log: log.log.clone().or_else(|| Some("warn".to_owned())), ..log.clone() };
    logging::start(log, "warn")?;
    let temporary = match &args.data {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("ownsight-demo-").tempdir()?),
    };
    let folder = match (&args.data, &temporary) {
        (Some(folder), _) => folder.clone(),
        (None, Some(folder)) => folder.path().to_owned(),
        (None, None) => bail!("no folder for the demo"),
    };
    let config = Config {
        // The footage never stands still: each event is as long as it may be.
        event_max: 12,
        ..Config::beside(&folder, args.port.unwrap_or_else(port))?
    };
    let mut stopped = std::pin::pin!(stop_signal()?);
    let sim = cameras().await?;
    let serving = Serving::start(&config, log).await?;
    let prepared = prepare(&folder, &serving, &sim);
    let accounts = tokio::select! {
        accounts = prepared => accounts,
        () = &mut stopped => {
            serving.stop().await;
            return Ok(());
        }
    };
    match accounts {
        Ok(accounts) => {
            announce(&serving.base_url, &accounts, args.json);
            let end = async {
                match args.seconds {
                    Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = end => {}
                () = &mut stopped => {}
            }
            if !args.json {
                eprintln!("Stopping.");
            }
            serving.stop().await;
            sim.stop().await;
            Ok(())
        }
        Err(error) => {
            serving.stop().await;
            Err(error)
        }
    }
}

/// The usual port, unless it is taken by something else: then any free one will do, the address is printed.
fn port() -> u16 {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    if TcpListener::bind(usual).is_ok() { PORT } else { 0 }
}

/// The cameras: each asks for a password, and burns its home, number and sequence into every frame.
async fn cameras() -> anyhow::Result<CameraSim> {
    let mut builder = CameraSim::builder();
    for (home, (_, _, _, presets)) in PEOPLE.iter().enumerate() {
        for (camera, preset) in presets.iter().filter_map(|index| PRESETS.get(*index)).enumerate() {
            builder = builder.camera(
                SimCamera::new(preset.path, preset.view)
                    .watermark(home as u16 + 1, camera as u16 + 1)
                    .credentials("view", camera_password(home)),
            );
        }
    }
    builder.start().await.context("the demo's cameras do not start")
}

fn camera_password(home: usize) -> String {
    format!("camera-{home}")
}

/// Makes the accounts and cameras, unless a former run in the same folder has.
async fn prepare(folder: &Path, serving: &Serving, sim: &CameraSim) -> anyhow::Result<Vec<Account>> {
    let kept = folder.join("accounts.json");
    let known: Vec<Account> = match std::fs::read(&kept) {
        Ok(bytes) => {
            serde_json::from_slice(&bytes).with_context(|| format!("{} is not the demo's", kept.display()))?
        }
        Err(_) => Vec::new(),
    };
    let mut accounts = Vec::new();
    for (index, (email, name, home, presets)) in PEOPLE.iter().enumerate() {
        let account = match known.iter().find(|account| account.email == *email) {
            Some(account) => account.clone(),
            None => {
                let request = match &serving.first_link {
                    Some(_) if index == 0 => Request::First,
                    _ => Request::Account { email: None, local_agent: true },
                };
                let link = operator::ask_for_link(&folder.join("data"), &request).await?;
                make_account(&serving.base_url, &link, email, name, home).await?
            }
        };
        accounts.push(account.clone());
        keep(&kept, &accounts)?;
        let client = Client::sign_in(&serving.base_url, &account.email, &account.password).await?;
        let home_id = home_id(&client).await?;
        wait_for_agent(&client, &home_id).await?;
        point_cameras(&client, &home_id, index, presets, sim).await?;
    }
    Ok(accounts)
}

async fn make_account(url: &str, link: &str, email: &str, name: &str, home: &str) -> anyhow::Result<Account> {
    let (_, secret) = link.split_once('#').context("the link has no secret")?;
    let password = data_encoding::BASE32_NOPAD.encode(&ownsight_seal::random_bytes::<10>()).to_lowercase();
    let body = json!({
        "secret": secret, "email": email, "password": password,
        "name": name, "home_name": home, "zone": local_zone(),
    });
    Client::anonymous(url)?.post("/api/v1/links/redeem", body).await?;
    Ok(Account { email: email.to_owned(), password, home: home.to_owned() })
}

/// This machine's time zone, where it says so by name.
fn local_zone() -> String {
    let named = std::env::var("TZ").ok().filter(|zone| zone.contains('/'));
    let linked = || {
        let target: PathBuf = std::fs::read_link("/etc/localtime").ok()?;
        let text = target.to_str()?.split_once("zoneinfo/")?.1.to_owned();
        Some(text)
    };
    named.or_else(linked).unwrap_or_else(|| "UTC".to_owned())
}

fn keep(path: &Path, accounts: &[Account]) -> anyhow::Result<()> {
    let write = || -> anyhow::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
        serde_json::to_writer(file, accounts)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

async fn home_id(client: &Client) -> anyhow::Result<String> {
    let me = client.get("/api/v1/me").await?;
    let id = me.pointer("/homes/0/id").and_then(Value::as_str).context("the account has no home")?;
    Ok(id.to_owned())
}

/// The server pairs its own agent in the owner's requests: these are such requests.
async fn wait_for_agent(client: &Client, home: &str) -> anyhow::Result<()> {
    let deadline = Instant::now() + AGENT_WAITS;
    loop {
        let answer = client.get(&format!("/api/v1/homes/{home}/devices")).await?;
        let devices = answer.get("devices").and_then(Value::as_array).cloned().unwrap_or_default();
        let paired = |device: &Value| {
            matches!(device.get("state").and_then(Value::as_str), Some("paired" | "connected" | "away"))
        };
        if devices.iter().any(paired) {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("the home's agent was not paired in time; `--log info` says more");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Adds the home's cameras; in a folder that lasts, points them at this run's port.
async fn point_cameras(
    client: &Client,
    home: &str,
    index: usize,
    presets: &[usize],
    sim: &CameraSim,
) -> anyhow::Result<()> {
    let known = client.get(&format!("/api/v1/cameras?home={home}")).await?;
    for preset in presets.iter().filter_map(|index| PRESETS.get(*index)) {
        let address = sim.url(preset.path);
        let named = |camera: &&Value| camera.get("name").and_then(Value::as_str) == Some(preset.name);
        let camera = known.get("cameras").and_then(Value::as_array).and_then(|rows| rows.iter().find(named));
        match camera.and_then(|camera| camera.get("id")).and_then(Value::as_str) {
            Some(id) => {
                client.patch(&format!("/api/v1/cameras/{id}"), json!({ "address": address })).await?;
            }
            None => {
                let body = json!({
                    "name": preset.name, "address": address,
                    "user": "view", "password": camera_password(index),
                });
                let added = client.post(&format!("/api/v1/homes/{home}/cameras"), body).await?;
                // Somebody walks by all the time: that is what the demo shows.
                if let Some(id) = added.get("id").and_then(Value::as_str) {
                    client.patch(&format!("/api/v1/cameras/{id}"), json!({ "quieting": false })).await?;
                }
            }
        }
    }
    Ok(())
}

fn announce(url: &str, accounts: &[Account], as_json: bool) {
    if as_json {
        println!("{}", json!({ "url": url, "accounts": accounts }));
        return;
    }
    println!();
    println!("  Ownsight is running at  {url}");
    println!();
    for account in accounts {
        println!("  {:<17} {}   password  {}", account.home, account.email, account.password);
    }
    println!();
    println!(
        "  Each sees their own cameras, and not one thing of the other. The first events come within half a minute."
    );
    println!("  Sign in as both: one of them in a private window. Ctrl-C stops.");
    println!();
}
