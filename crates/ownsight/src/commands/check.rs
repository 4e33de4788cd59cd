//! `ownsight check`: every disagreement between the registry and the files of events, and the ledger's chain.

use std::path::Path;

use anyhow::{Context as _, bail};
use ownsight_ingest::check::{self, CheckOptions};
use ownsight_ledger::{Ledger, LedgerConfig};
use ownsight_registry::Registry;

use crate::cli::CheckArgs;
use crate::config::Config;
use crate::installation::{LEDGER, REGISTRY, lock, open_registry, open_vault};

pub(crate) async fn run(args: CheckArgs) -> anyhow::Result<()> {
    let config = Config::load_folders(&args.folders)?;
    if !config.data.join(REGISTRY).exists() {
        bail!("there is no installation in {}: name its folder with --data", config.data.display());
    }
    // What changes while it is compared would look like a disagreement.
    let _lock = lock(&config.data)?;
    let registry = open_registry(&config.data)?;
    let vault = open_vault(&config).await?;
    let options = CheckOptions { deep: args.deep, ..CheckOptions::default() };
    let report = check::run(&registry, &vault, options).await.context("the check could not finish")?;
    for finding in &report.findings {
        println!("{finding}");
    }
    let findings: u64 = report.counts.values().sum();
    eprintln!(
        "{} objects in the registry, {} in the folder of events ({} bytes), {findings} findings",
        report.objects_in_registry, report.objects_in_vault, report.bytes_in_vault
    );
    let ledger = check_ledger(&config.data, &registry).await;
    registry.close().await;
    let mut wrong = Vec::new();
    if !report.is_clean() {
        wrong.push("registry and files disagree".to_owned());
    }
    if let Err(error) = ledger {
        wrong.push(format!("{error:#}"));
    }
    if wrong.is_empty() { Ok(()) } else { bail!(wrong.join("; and ")) }
}

/// Walks over the record of openings.
async fn check_ledger(data: &Path, registry: &Registry) -> anyhow::Result<()> {
    let path = data.join(LEDGER);
    let Some(installation) = registry.installation().await? else { return Ok(()) };
    if !path.exists() {
        bail!("the record of openings {} is missing: who saw what cannot be told any more", path.display());
    }
    let ledger = Ledger::open(&path, installation.id, &LedgerConfig::default())
        .with_context(|| format!("cannot open the record of openings {}", path.display()))?;
    let verification = ledger.verify().await.context("the record of openings cannot be read");
    ledger.close().await;
    let verification = verification?;
    eprintln!("{} openings on record", verification.sound);
    match verification.broken {
        Some(broken) => bail!(
            "the record of openings is broken ({broken}): keep {} as it is, and find out who changed it",
            path.display()
        ),
        None => Ok(()),
    }
}
