//! `ownsight check`: every disagreement between the registry and the files of events.

use anyhow::{Context as _, bail};
use ownsight_ingest::check::{self, CheckOptions};

use crate::cli::CheckArgs;
use crate::config::Config;
use crate::installation::{lock, open_registry, open_vault};

pub(crate) async fn run(args: CheckArgs) -> anyhow::Result<()> {
    let config = Config::load_folders(&args.folders)?;
    if !config.data.join("registry.db").exists() {
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
    registry.close().await;
    let findings: u64 = report.counts.values().sum();
    eprintln!(
        "{} objects in the registry, {} in the folder of events ({} bytes), {findings} findings",
        report.objects_in_registry, report.objects_in_vault, report.bytes_in_vault
    );
    if !report.is_clean() {
        bail!("registry and files disagree");
    }
    Ok(())
}
