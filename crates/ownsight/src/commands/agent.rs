//! `ownsight agent`: the cameras of one home, from a place that can reach them.

use std::io::{BufRead as _, Read as _};

use anyhow::{Context as _, bail};
use ownsight_agent::{Agent, AgentConfig, Pairing};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::cli::{AgentArgs, LogArgs};
use crate::client::ask;
use crate::{config, logging};

const LINE_BYTES_MAX: u64 = 4096;

/// The first line that a supervised agent reads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Instructions {
    code: Option<String>,
    server: Option<String>,
}

pub(crate) fn run(args: AgentArgs, log: &LogArgs) -> anyhow::Result<()> {
    logging::start(log, "info")?;
    let folder = match args.data {
        Some(folder) => folder,
        None => config::agent_folder().context("there is no home folder to keep data in: name one with --data")?,
    };
    let pairing = if args.supervised {
        instructions()?.code.map(|code| (code.code, code.server, true))
    } else {
        let paired = ownsight_agent::is_paired(&folder);
        match (args.code, paired) {
            (Some(_), true) => bail!(
                "the agent in {} is paired already: start it without a code, or name another folder with --data",
                folder.display()
            ),
            (None, true) => None,
            (code, false) => {
                let server = match args.server {
                    Some(server) => server,
                    None => ask("The server's address: ")?,
                };
                let code = match code {
                    Some(code) => code,
                    None => ask("The pairing code: ")?,
                };
                Some((Zeroizing::new(code), server, args.yes))
            }
        }
    };
    // Before the first thread: what is confined later confines that thread only.
    let confinement = ownsight_agent::confine(&folder).context("cannot prepare the agent's folder")?;
    tracing::info!(%confinement, folder = %folder.display(), "agent starts");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async move {
        let cancel = CancellationToken::new();
        end_with_signals(&cancel)?;
        if args.supervised {
            end_with_stdin(cancel.clone());
        }
        let pairing = pairing.map(|(code, server, yes)| Pairing { code, server, confirm: confirm(yes) });
        Agent::run(AgentConfig { pairing, ..AgentConfig::new(folder) }, cancel).await.map_err(anyhow::Error::from)
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(3));
    outcome
}
