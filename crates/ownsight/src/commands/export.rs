//! `ownsight export`: footage and data to keep, as one archive.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use ownsight_model::CameraId;

use crate::cli::ExportArgs;
use crate::client::Client;
use crate::commands::camera;

const SAY_EVERY: Duration = Duration::from_secs(1);
const DAY_MICROS: i64 = 24 * 3600 * 1_000_000;

/// An archive that is not whole yet: gone when dropped.
struct Partial {
    path: PathBuf,
    file: File,
    kept: bool,
}

pub(crate) async fn run(args: ExportArgs) -> anyhow::Result<()> {
    if args.file.exists() {
        bail!("{} is there already: name another file", args.file.display());
    }
    let client = Client::for_commands()?;
    let query = query(&client, &args).await?;
    let mut answer = client.download(&format!("/api/v1/export?{query}")).await?;
    let mut partial = Partial::create(&args.file)?;
    let (mut bytes, mut said) = (0_u64, Instant::now());
    let shows = std::io::stderr().is_terminal();
    loop {
        let piece = answer.chunk().await;
        let Some(piece) = piece.context(
            "the archive broke off, and nothing was kept: the session may have ended, or access to what is in it",
        )?
        else {
            break;
        };
        partial.file.write_all(&piece).with_context(|| cannot_write(&args.file))?;
        bytes += piece.len() as u64;
        if shows && said.elapsed() >= SAY_EVERY {
            said = Instant::now();
            eprint!("\r{} MB", bytes / 1_000_000);
        }
    }
    partial.keep(&args.file)?;
    if shows {
        eprint!("\r");
    }
    eprintln!("{}: {bytes} bytes. Whoever has this file can see what is in it.", args.file.display());
    Ok(())
}

async fn query(client: &Client, args: &ExportArgs) -> anyhow::Result<String> {
    let mut parts = Vec::new();
    if let Some(home) = &args.home {
        parts.push(format!("home={}", camera::home(client, Some(home)).await?));
    }
    if args.shared {
        parts.push("shared=1".to_owned());
    }
    if !args.camera.is_empty() {
        let ids: Vec<_> = args.camera.iter().map(CameraId::to_string).collect();
        parts.push(format!("camera={}", ids.join(",")));
    }
    if let Some(days) = args.last_days {
        let now = ownsight_model::Timestamp::now().as_micros();
        parts.push(format!("after={}", now - i64::from(days) * DAY_MICROS));
    }
    Ok(parts.join("&"))
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

impl Partial {
    /// Beside the file that it becomes, for this person only.
    fn create(path: &Path) -> anyhow::Result<Self> {
        let mut name = path.file_name().context("name a file, not a folder")?.to_owned();
        name.push(".part");
        let path = path.with_file_name(name);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let file = file.with_context(|| cannot_write(&path))?;
        Ok(Self { path, file, kept: false })
    }

    fn keep(mut self, as_path: &Path) -> anyhow::Result<()> {
        self.file.sync_all().with_context(|| cannot_write(&self.path))?;
        std::fs::rename(&self.path, as_path).with_context(|| cannot_write(as_path))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.kept {
            std::fs::remove_file(&self.path).ok();
        }
    }
}
