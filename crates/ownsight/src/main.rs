//! `ownsight`: the one binary. Each command is a file in `commands/`; what they share is beside this file.

mod backup;
mod cache;
mod cli;
mod client;
mod commands;
mod config;
mod files;
mod installation;
mod logging;
mod master_key;
mod operator;
mod restore_mark;
mod supervisor;

use std::process::ExitCode;

use clap::Parser as _;
use ownsight_agent::AgentError;

use crate::cli::{Cli, Command};

/// An agent without a pairing that its server knows: somebody must pair it anew. `EX_CONFIG` of sysexits.h.
const EXIT_UNPAIRED: u8 = 78;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The whole chain on one line: what failed, then why, then what to do.
            eprintln!("ownsight: {error:#}");
            match error.downcast_ref::<AgentError>() {
                // To be started again would change nothing: `packaging/ownsight-agent.service` leaves it at that.
                Some(AgentError::Stopped(_) | AgentError::NotPaired) => ExitCode::from(EXIT_UNPAIRED),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        // The agent confines itself before it has a second thread: it makes its own runtime.
        Command::Agent(args) => commands::agent::run(args, &cli.log),
        command => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            let outcome = runtime.block_on(dispatch(command, &cli.log));
            runtime.shutdown_timeout(std::time::Duration::from_secs(5));
            outcome
        }
    }
}

async fn dispatch(command: Command, log: &cli::LogArgs) -> anyhow::Result<()> {
    match command {
        Command::Serve(args) => commands::serve::run(args, log).await,
        Command::Demo(args) => commands::demo::run(args, log).await,
        Command::Login(args) => commands::login::run(args).await,
        Command::Camera(args) => commands::camera::run(args).await,
        Command::Export(args) => commands::export::run(args).await,
        Command::Account(args) => commands::account::run(args).await,
        Command::Lockdown(args) => commands::lockdown::run(args).await,
        Command::Operator(args) => commands::operator::run(args).await,
        Command::MasterKey(args) => commands::master_key::run(args, log).await,
        Command::Backup(args) => commands::backup::run(args).await,
        Command::Restore(args) => commands::restore::run(args, log).await,
        Command::Check(args) => commands::check::run(args).await,
        Command::Config(args) => commands::config::run(&args),
        Command::Bench(args) => commands::bench::run(args, log).await,
        Command::Agent(_) => anyhow::bail!("the agent runs by itself"),
    }
}
