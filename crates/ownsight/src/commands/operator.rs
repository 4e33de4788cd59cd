//! `ownsight operator`: a link to the operator's page of a running server.

use anyhow::bail;

use crate::cli::OperatorArgs;
use crate::commands::lockdown::operator_name;
use crate::config::Config;
use crate::operator::{self, Request, Response};

pub(crate) async fn run(args: OperatorArgs) -> anyhow::Result<()> {
    let config = Config::load_folders(&args.folders)?;
    if !args.end {
        let address = operator::ask_for_link(&config.data, &Request::Visit { by: operator_name() }).await?;
        println!("{address}");
        eprintln!("Open it within 15 minutes: it works once, and the page for an hour. It shows no footage.");
        return Ok(());
    }
    match operator::ask(&config.data, &Request::EndVisits).await? {
        Response::Done(true) => eprintln!("All visits have ended."),
        Response::Done(false) => eprintln!("There was none."),
        _ => bail!("the server's answer is of another kind than what was asked for"),
    }
    Ok(())
}
