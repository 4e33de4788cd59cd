//! Logs go to standard error; results go to standard output.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::cli::LogArgs;

/// Starts logging for this process. `quiet` is what is logged when nothing is asked for.
pub(crate) fn start(args: &LogArgs, quiet: &str) -> anyhow::Result<()> {
    let filter = args.log.as_deref().unwrap_or(quiet);
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        anyhow::anyhow!("--log: {error}; write it as `info` or `info,ownsight_camera=debug`")
    })?;
    let colours = std::io::stderr().is_terminal();
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    if args.log_json {
        builder.json().init();
    } else {
        builder.with_target(false).init();
    }
    Ok(())
}
