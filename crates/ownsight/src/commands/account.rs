//! `ownsight account`: one-time links from a running server, by its operator.

use crate::cli::{AccountArgs, AccountCommand};
use crate::config::Config;
use crate::operator::{self, Request};

pub(crate) async fn run(args: AccountArgs) -> anyhow::Result<()> {
    let config = Config::load_folders(&args.folders)?;
    let request = match args.command {
        AccountCommand::Create { email, local_agent } => Request::Account { email, local_agent },
        AccountCommand::Reset { email } => Request::Reset { email },
    };
    let address = operator::ask_for_link(&config.data, &request).await?;
    println!("{address}");
    eprintln!("This link works once, for 24 hours. Give it to nobody but the person it is for.");
    Ok(())
}
